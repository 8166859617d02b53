"""One execution, from what its source says and what the namespace shows to its two lines."""

from __future__ import annotations

import ast
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import get_ident
from typing import TYPE_CHECKING, Any

from jupyter_mlops import dataflow
from jupyter_mlops.capture import metrics, models, names, parameters
from jupyter_mlops.capture.between import Between
from jupyter_mlops.capture.endings import described, error_of, status_of
from jupyter_mlops.capture.outputs import Listener
from jupyter_mlops.capture.randomness import Generators
from jupyter_mlops.capture.session import Session
from jupyter_mlops.dataflow import Context, Flow, Literal
from jupyter_mlops.dataflow.source import handed_on
from jupyter_mlops.events import CellFinished, CellStarted, DataCompleted, NotSeen, Unread
from jupyter_mlops.metadata import asks_to_be_left_out, section, tags

if TYPE_CHECKING:
    from jupyter_mlops.capture.budget import Budget
    from jupyter_mlops.capture.idle import Waiting

_KNOWN_CELLS = 200
_KNOWN_CHARACTERS = 10_000


@dataclass(repr=False, eq=False)
class Execution:
    """An execution under way; it holds no object of the user's."""

    number: int
    message: str | None
    source: str
    skipped: bool
    overlapping: bool
    began: float = 0.0
    own_time: float = 0.0
    flow: Flow | None = None
    literals: tuple[Literal, ...] = ()
    handed_on: str | None = None
    broke_off: bool = False
    before: names.Before | None = None
    is_finished: bool = False
    is_heard: bool = False
    first_line: bytes = b""
    last_line: bytes | None = None
    unseen: list[NotSeen] = field(default_factory=list)


class Recorder:
    """Turns executions into lines of the session's journal.

    Parameters
    ----------
    shell
        The kernel's IPython shell.
    session
        The journal's end.
    listener
        Hears the outputs, where nobody outside does.
    guard
        Does one step and keeps its faults from the user.
    """

    def __init__(
        self,
        shell: Any,
        session: Session,
        listener: Listener | None,
        guard: Callable[[str, Callable[[], Any]], bool],
    ) -> None:
        # Loaded here and not above: a kernel that only idles should not pay for them.
        from jupyter_mlops.capture.data import Data
        from jupyter_mlops.capture.idle import Idle
        from jupyter_mlops.capture.reads import Reads

        self._shell = shell
        self._session = session
        self._listener = listener
        self._reads = Reads(leaves=session.listens)
        self._reads.install()
        self._generators = Generators()
        self._hidden = names.Hidden(shell.user_ns_hidden)
        self._context = Context()
        # What reading a cell gave, by its code and what was known before: most cells that
        # are executed were executed before.
        self._known: dict[str, tuple[Context, Flow, tuple[Literal, ...], str | None]] = {}
        self._data = Data()
        self._idle = Idle(shell.kernel, lambda: self._namespace, guard, self._complete)
        self._modules = len(sys.modules)
        self._count = 0
        self._between = Between(self._hidden)
        self._begun: dict[int, Execution] = {}
        self._finished: dict[int, tuple[Execution, dict[str, Any]]] = {}

    @property
    def _namespace(self) -> dict[str, Any]:
        namespace: dict[str, Any] = self._shell.user_ns
        return namespace

    def close(self) -> None:
        """Undo what was put around the readers of files, and let go of what waits."""
        self._idle.drop()
        self._reads.close()

    # --- before ---

    def start(
        self, info: Any, request: dict[str, Any], overlapping: bool, *, again: bool = False
    ) -> Execution:
        """Say that a cell is about to execute; `again` goes on where that was interrupted."""
        thread = get_ident()
        execution = self._begun.get(thread) if again else None
        if execution is None:
            execution = self._beginning(info, request, overlapping)
            # From here on it has two lines, whatever happens.
            self._begun[thread] = execution
        self._session.put(execution.first_line)
        if not execution.skipped:
            if self._listener is not None and execution.message is not None:
                execution.is_heard |= self._listener.begin(execution.message)
            self._reads.begin()
            self._generators.begin()
        # A signal handler of the user's may have executed a cell meanwhile.
        self._begun.pop(thread, None)
        return execution

    def _beginning(self, info: Any, request: dict[str, Any], overlapping: bool) -> Execution:
        self._idle.pause()
        self.say_finished()
        header = request.get("header", {})
        metadata = section(request, "metadata")
        skipped = asks_to_be_left_out(info.raw_cell, tags(metadata))
        source = "" if skipped else str(info.raw_cell)
        execution = Execution(
            self._count, header.get("msg_id"), source, skipped=skipped, overlapping=overlapping
        )
        self._count += 1
        changed = self._between.begin(execution.number, self._namespace, overlapping=overlapping)
        cell_id = getattr(info, "cell_id", None) or metadata.get("cellId")
        client = header.get("session")
        fields = {
            "execution": execution.number,
            "msg_id": execution.message,
            "cell_id": cell_id if type(cell_id) is str else None,
            "source": source,
            "execution_count": self._next_count() if info.store_history else None,
            "overlapping": overlapping,
            "skipped": skipped,
            "changed_before": changed,
            "client": client if type(client) is str else None,
            # JupyterLab's notebook names the cells that were deleted; its console can't.
            "by_notebook": "deletedCells" in metadata,
        }
        execution.first_line = self._session.composed(CellStarted, fields)
        return execution

    def abandon_begun(self, thread: int | None = None) -> None:
        """Say the ends of executions whose beginning broke off, by a fault or an interrupt.

        With `thread` only of the one that began on it.
        """
        for one, execution in list(self._begun.items()):
            if thread in (None, one) and self._begun.pop(one, None) is not None:
                execution.unseen.append(NotSeen("the end of the execution", "it was never told"))
                self.finish(execution, None, time.perf_counter())

    def _next_count(self) -> int:
        # The shell's own counter is one ahead by now in some versions of IPython and not
        # in others; the inputs kept so far, with an empty one at 0, are as many in all.
        return len(self._shell.history_manager.input_hist_parsed)

    def read(self, execution: Execution, tree: ast.Module, code: object) -> None:
        """Read the syntax tree of a cell that is about to execute; `code` is what was parsed."""
        if execution.skipped or execution.flow is not None:
            return
        context, known = self._context, None
        if type(code) is str:
            known = self._known.get(code)
        if known is None or known[0] is not context:
            flow = dataflow.analyse_tree(tree, context)
            known = context, flow, dataflow.literals_of_tree(tree), handed_on(tree)
            if type(code) is str and len(code) < _KNOWN_CHARACTERS:
                if len(self._known) >= _KNOWN_CELLS:
                    self._known.clear()
                self._known[code] = known
        _, execution.flow, execution.literals, execution.handed_on = known
        execution.before = names.before(
            execution.flow, self._context, self._namespace, self._hidden, self._between.found
        )

    def nest(self, execution: Execution, source: str) -> None:
        """Note that a cell runs another one inside itself, whose flow is not known.

        The body of ``%%capture`` is run that way too, and is known.
        """
        if source == execution.handed_on:
            return
        earlier = execution.before
        if execution.skipped or (earlier is not None and earlier.every):
            return
        flow = execution.flow or Flow()
        execution.flow = replace(flow, opaque=flow.opaque or "run_cell() inside the cell")
        now = names.before(execution.flow, self._context, self._namespace, self._hidden)
        if earlier is not None:
            now = names.Before({**now.identities, **earlier.identities}, earlier.reads, every=True)
        execution.before = now

    def unnest(self, execution: Execution, result: Any) -> None:
        """Note how a cell inside another ended: ``%%capture`` tells nobody of an error."""
        info = getattr(result, "info", None)
        if info is not None and info.raw_cell == execution.handed_on:
            execution.broke_off = not result.success

    # --- after ---

    def finish(self, execution: Execution, result: Any, began: float) -> None:
        """Say what an execution used and produced; `began` is when its end was told."""
        error = error_of(result)
        status = status_of(result, error)
        count = None if result is None else getattr(result, "execution_count", None)
        duration = max(0.0, began - execution.began)
        fields: dict[str, Any] = {}
        waiting: list[Waiting] = []
        if execution.is_finished:
            return
        changed = self._between.end(execution.number, self._namespace)
        if execution.skipped:
            # Not recorded, but what it keeps secret may be shown by another one.
            self._session.secrets.learn(list(self._namespace), self._namespace)
            fields["opaque"] = True
            fields["unseen"] = (NotSeen("everything", "the cell asked not to be recorded"),)
        else:
            if error is not None:
                fields["error"] = described(error, getattr(self._shell, "_last_traceback", None))
            budget = self._data.budget(duration, batch=self._session.is_batch)
            waiting = self._look(
                execution,
                fields,
                changed,
                budget,
                completed=status == "ok" and not execution.broke_off,
            )
            self._check_environment(execution)
        fields.update(
            execution=execution.number,
            status=status,
            duration_s=duration,
            execution_count=count,
            self_time_s=execution.own_time + time.perf_counter() - began,
        )
        self._finished[execution.number] = execution, fields
        execution.is_finished = True
        if not execution.is_heard:
            self.say_finished()
        self._idle.begin(execution.number, waiting)

    def _complete(self, number: int, found: dict[str, Any]) -> None:
        self._session.say(DataCompleted, execution=number, **found)

    def _check_environment(self, execution: Execution) -> None:
        # Not after every cell: each call of the system lets other threads in and may cost
        # a millisecond. What another process installs is noticed when it is first used.
        if len(sys.modules) > self._modules or "install" in execution.source:
            self._modules = len(sys.modules)
            self._session.check_environment()

    def say_finished(self, request: str | None = None) -> None:
        """Say the ends of executions that wait for the last of their outputs.

        With `request` only of those that answer it.
        """
        for number, (execution, fields) in list(self._finished.items()):
            if request is not None and execution.message != request:
                continue
            try:
                if execution.last_line is None:
                    execution.last_line = self._ending(execution, fields)
                self._session.put(execution.last_line)
            except Exception:
                self._finished.pop(number, None)
                raise
            # Not after an interrupt: the next call goes on where it hit.
            self._finished.pop(number, None)

    def _ending(self, execution: Execution, fields: dict[str, Any]) -> bytes:
        if self._listener is not None and not execution.skipped and "outputs" not in fields:
            message = execution.message if execution.is_heard else None
            self._listener.tell(message, fields, execution.unseen)
        if execution.unseen:
            fields.setdefault("unseen", tuple(execution.unseen))
        return self._session.composed(CellFinished, fields)

    def _look(
        self,
        execution: Execution,
        fields: dict[str, Any],
        changed: tuple[str, ...],
        budget: Budget,
        *,
        completed: bool,
    ) -> list[Waiting]:
        """Fill in what can be seen, and return what has to wait.

        One part that fails leaves the others as they are.
        """
        flow, before = execution.flow, execution.before
        if flow is None or before is None:
            # The cell was not Python, or was refused before it ran.
            flow, before = Flow(), names.Before({}, frozenset(), every=False)
        moved = names.after(
            flow, before, self._namespace, self._hidden, self._between.left, completed=completed
        )
        self._session.secrets.learn(moved.writes.union(changed), self._namespace)
        if flow.opaque is not None:
            fields["opaque"] = True
        if changed:
            fields["changed_beside"] = tuple(name for name in changed if name not in moved.writes)
        doubtful = moved.changed - moved.bound - flow.mutates
        seen = self._data.nothing()
        if moved.bound or moved.changed:
            self._part(
                execution,
                "data",
                lambda: self._data.look(moved, doubtful, self._namespace, budget, seen),
            )
        writes = moved.writes
        if doubtful:
            writes -= {name for name in doubtful if seen.changed.get(name) is False}
            fields["unsettled"] = tuple(
                sorted(name for name in doubtful & writes if seen.changed.get(name, "") is None)
            )
        # What is as an event has it by default is left out, here and below.
        if moved.reads:
            fields["reads"] = tuple(sorted(moved.reads))
        if writes:
            fields["writes"] = tuple(sorted(writes))
        self._part(execution, "names", lambda: self._names(flow, fields))
        # What an error kept the cell from binding is the result of an earlier execution.
        self._values(execution, flow, writes - moved.unreached, fields)
        unread: list[Unread] = []
        files = self._part(
            execution, "files", lambda: self._reads.take(budget, seen.waiting, unread)
        )
        read, not_read = files or ((), ())
        if unread:
            fields["unread"] = tuple(unread)
        if seen.uses or read:
            fields["data"] = (*seen.uses, *read)
        execution.unseen.extend(not_read)
        uses = self._part(execution, "randomness", lambda: self._generators.take(flow))
        if uses:
            fields["randomness"] = uses
        return seen.waiting

    def _values(
        self, execution: Execution, flow: Flow, produced: frozenset[str], fields: dict[str, Any]
    ) -> None:
        """Look at the values that a cell left; most cells leave none of most kinds."""
        namespace, literals = self._namespace, execution.literals
        if literals:
            found = self._part(
                execution, "parameters", lambda: parameters.parameters(literals, namespace)
            )
            if found:
                fields["parameters"] = tuple(found)
        if produced and (flow.computed or flow.metric_calls):
            self._part(execution, "metrics", lambda: self._metrics(flow, produced, fields))
        if produced:
            digests = self._data.digests
            found = self._part(
                execution, "models", lambda: models.models(flow, produced, namespace, digests)
            )
            if found:
                fields["models"] = tuple(found)

    def _part(self, execution: Execution, what: str, look: Callable[[], Any]) -> Any:
        try:
            return look()
        except KeyboardInterrupt:
            # The cell is over; somebody who is tired of waiting for us need not wait.
            execution.unseen.append(NotSeen(what, "interrupted"))
        except Exception as fault:  # noqa: BLE001 - one part's fault must not cost the record
            execution.unseen.append(NotSeen(what, f"capture failed with {type(fault).__name__}"))
        return None

    def _names(self, flow: Flow, fields: dict[str, Any]) -> None:
        self._context = self._context.after(flow)
        if flow.functions:
            fields["functions"] = {
                name: tuple(sorted(function.reads)) for name, function in flow.functions.items()
            }

    def _metrics(self, flow: Flow, writes: frozenset[str], fields: dict[str, Any]) -> None:
        measured = metrics.measure(flow, writes, self._namespace)
        fields["metrics"] = measured.metrics
        fields["minor"] = measured.minor
        fields["volatile"] = measured.volatile

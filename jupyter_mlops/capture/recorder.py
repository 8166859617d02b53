"""One execution, from what its source says and what the namespace shows to its two lines."""

from __future__ import annotations

import ast
import math
import sys
import time
from collections.abc import Callable
from threading import get_ident
from typing import TYPE_CHECKING, Any

from jupyter_mlops.capture.between import Between
from jupyter_mlops.capture.budget import Budget
from jupyter_mlops.capture.endings import described, error_of, status_of
from jupyter_mlops.capture.execution import Execution
from jupyter_mlops.capture.files.reads import unheard
from jupyter_mlops.capture.names import Hidden
from jupyter_mlops.capture.outputs import Listener
from jupyter_mlops.capture.session import Session
from jupyter_mlops.events import CellFinished, CellStarted, DataCompleted, NotSeen, SurroundingsSeen
from jupyter_mlops.journal.lines import compose
from jupyter_mlops.metadata import OWN, asks_to_be_left_out, section, tags

if TYPE_CHECKING:
    from jupyter_mlops.capture.surroundings.machine import Watch
    from jupyter_mlops.records import Surroundings

_number = object.__hash__


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

    Attributes
    ----------
    begun
        Executions whose beginning is under way, or broke off, by thread.
    """

    def __init__(
        self,
        shell: Any,
        session: Session,
        listener: Listener | None,
        guard: Callable[[str, Callable[[], Any]], bool],
    ) -> None:
        # Loaded here and not above: a kernel that only idles should not pay for them.
        from jupyter_mlops.capture.idle import Idle
        from jupyter_mlops.capture.looks import Looks

        self._shell = shell
        self._session = session
        # IPython itself never puts another list in its place.
        self._inputs = shell.history_manager.input_hist_parsed
        self._listener = listener
        hidden = Hidden(shell.user_ns_hidden)
        self._between = Between(hidden)
        self._secrets = session.secrets
        self._looks = Looks(shell, hidden, self._between, self._secrets, leaves=session.listens)
        self._sources = self._looks.sources
        self._idle = Idle(shell.kernel, lambda: shell.user_ns, guard, self._complete)
        self._is_batch, self._is_read_alike = session.is_batch, session.is_read_alike
        self._is_replay = session.is_replay
        self._modules = len(sys.modules)
        self._count = 0
        self.begun: dict[int, Execution] = {}
        self._finished: dict[int, tuple[Execution, dict[str, Any]]] = {}
        # Whether there may be more around the kernel than was told of it.
        self._is_due = True
        self._watch: Watch | None = None
        self._surroundings: Surroundings | None = None

    def close(self) -> None:
        """Undo what was put around the readers of files, and let go of what waits."""
        self._is_due = False
        self._idle.drop()
        self._looks.close()

    # --- before ---

    def start(
        self, info: Any, request: dict[str, Any], overlapping: bool, *, again: bool = False
    ) -> Execution:
        """Say that a cell is about to execute; `again` goes on where that was interrupted."""
        thread, namespace = get_ident(), self._shell.user_ns
        execution = self.begun.get(thread) if again else None
        if execution is None:
            execution = self._beginning(info, request, namespace, overlapping)
            # From here on it has two lines, whatever happens.
            self.begun[thread] = execution
        self._session.put(execution.first_line)
        if not execution.skipped:
            if self._listener is not None and execution.message is not None:
                execution.is_heard |= self._listener.begin(execution.message)
            self._looks.begin(execution, namespace)
        # A signal handler of the user's may have executed a cell meanwhile.
        self.begun.pop(thread, None)
        return execution

    def _beginning(
        self, info: Any, request: dict[str, Any], namespace: dict[str, Any], overlapping: bool
    ) -> Execution:
        if self._idle.has_work:
            self._idle.pause()
        if self._finished:
            self.say_finished()
        header = request.get("header", {})
        metadata, given = section(request, "metadata"), str(info.raw_cell)
        skipped = ("%" in given or "tags" in metadata) and asks_to_be_left_out(
            given, tags(metadata)
        )
        execution = Execution(self._count, _number(info), given, header.get("msg_id"), skipped)
        self._count += 1
        changed = self._between.begin(execution.number, namespace, overlapping=overlapping)
        if self._is_replay and OWN in metadata:
            execution.randomness = section(metadata, OWN)
        cell_id = getattr(info, "cell_id", None) or metadata.get("cellId")
        client = header.get("session")
        # The shell's own counter is one ahead by now in some versions of IPython and not in
        # others; the inputs kept so far, with an empty one at 0, are as many in all.
        count = len(self._inputs) if info.store_history else None
        fields: dict[str, Any] = {
            "execution": execution.number,
            "msg_id": execution.message,
            "cell_id": cell_id if type(cell_id) is str else None,
            "source": execution.source,
            "execution_count": count,
            "overlapping": overlapping,
            "skipped": skipped,
            "changed_before": changed,
            "client": client if type(client) is str else None,
            # JupyterLab's notebook names the cells that were deleted; its console can't.
            "by_notebook": "deletedCells" in metadata,
        }
        if deleted := metadata.get("deletedCells"):
            fields["deleted"] = _ids(deleted)
        passes = self._secrets.passes(execution.source)
        # A name that means a secret is none of the words that pass.
        if (not passes or self._secrets.beyond_sieve) and (
            variables := self._secrets.variables(execution.source)
        ):
            fields["variables"] = variables
        # What is written down must be what whoever reads the journal has to read.
        execution.may_be_left = passes and self._is_read_alike
        kept = fields if passes and not changed else self._secrets.kept(fields)
        execution.first_line = compose(CellStarted, kept)
        return execution

    def abandon_begun(self, thread: int | None = None) -> None:
        """Say the ends of executions whose beginning broke off, by a fault or an interrupt.

        With `thread` only of the one that began on it.
        """
        for one, execution in list(self.begun.items()):
            if thread in (None, one) and self.begun.pop(one, None) is not None:
                execution.unseen.append(NotSeen("the end of the execution", "it was never told"))
                self.finish(execution, None, time.perf_counter())

    def read(self, execution: Execution, tree: ast.Module, code: object) -> None:
        """Read the syntax tree of a cell that is about to execute; `code` is what was parsed."""
        if execution.tree is None and not execution.skipped:
            execution.tree = tree
            self._looks.read(execution, tree, code)

    def let_tell(self, execution: Execution, code: object, told: list[ast.Module]) -> None:
        """Put a tree whose calls tell of themselves in the place of the one in `told`."""
        if not execution.skipped and type(code) is str:
            self._looks.let_tell(code, told)

    def nest(self, execution: Execution, source: str) -> None:
        """Note that a cell runs another one inside itself, whose flow is not known."""
        if not execution.skipped:
            self._looks.nest(execution, source)

    def unnest(self, execution: Execution, result: Any) -> None:
        """Note how a cell inside another ended: ``%%capture`` tells nobody of an error."""
        info = getattr(result, "info", None)
        if execution.read is None or info is None:
            return
        if info.raw_cell == execution.read.handed_on:
            execution.broke_off = not result.success

    # --- after ---

    def finish(self, execution: Execution, result: Any, began: float) -> None:
        """Say what an execution used and produced; `began` is when its end was told."""
        namespace = self._shell.user_ns
        error = error_of(result)
        status = status_of(result, error)
        count = None if result is None else getattr(result, "execution_count", None)
        duration = max(0.0, began - execution.began)
        fields = execution.fields
        if execution.is_finished:
            return
        if execution.changed is None:  # else an interrupt came while this was done once before
            execution.changed = self._between.end(execution.number, namespace)
        if execution.skipped:
            # Not recorded, but what it keeps secret may be shown by another one.
            self._secrets.learn(list(namespace), namespace)
            fields["opaque"] = True
            fields["unseen"] = (NotSeen("everything", "the cell asked not to be recorded"),)
        else:
            if error is not None:
                fields["error"] = described(error, getattr(self._shell, "_last_traceback", None))
            if execution.waiting is None:
                completed = status == "ok" and not execution.broke_off
                budget = Budget(duration, batch=self._is_batch)
                execution.waiting = self._looks.end(
                    execution, namespace, budget, completed=completed
                )
                if execution.said is not None:
                    execution.said.add_to(fields)
            # Not after every cell: each call of the system lets other threads in and may cost
            # a millisecond. What another process installs is noticed when it is first used.
            if len(sys.modules) > self._modules or "install" in execution.source:
                self._modules = len(sys.modules)
                self._is_due = True
                self._session.check_environment()
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
        if execution.waiting or self._idle.has_work:
            self._idle.begin(execution.number, execution.waiting or [])
        elif self._sources.is_behind:
            self._idle.use(self._sources.catch_up)
        if self._is_due:
            self._idle.use(self.look_around)

    def look_around(self, seconds: float) -> bool:
        """Look at the machine and what was imported; return whether all of it was told."""
        if not self._is_due:
            return True
        # Loaded here: in an idle moment, and not when a kernel starts.
        from jupyter_mlops.capture.surroundings.machine import Watch

        if self._watch is None:
            self._watch = Watch(lambda: self._session.installed)
        with unheard():
            found = self._watch.look(seconds)
        if found is None:
            return False
        # A cell may have imported more since the look began.
        self._is_due = len(sys.modules) > self._watch.modules
        if found != self._surroundings:
            self._surroundings = found
            self._session.say(SurroundingsSeen, surroundings=found)
        return not self._is_due

    def look_around_at_last(self) -> None:
        """Tell what is left to be told of the surroundings, at the session's end."""
        while not self.look_around(math.inf):
            continue

    def _complete(self, number: int, found: dict[str, Any]) -> None:
        self._session.say(DataCompleted, execution=number, **found)

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
            except Exception:  # not swallowed: the guard counts it, and this line is given up
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
        return compose(CellFinished, self._secrets.kept(fields))


def _ids(named: Any) -> tuple[str, ...]:
    """Return ids of cells as a client told them; of any shape, as clients are."""
    return tuple(one for one in named if type(one) is str) if type(named) is list else ()

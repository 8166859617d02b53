"""What a cell finds and what it leaves: names, values, data, files, random generators."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jupyter_mlops.capture import models, names, sight
from jupyter_mlops.capture.between import NAMES_LIMIT, Between
from jupyter_mlops.capture.budget import Budget
from jupyter_mlops.capture.calls import mentions
from jupyter_mlops.capture.data import Data, Seen
from jupyter_mlops.capture.execution import Execution
from jupyter_mlops.capture.files.reads import Reads
from jupyter_mlops.capture.metrics import measure
from jupyter_mlops.capture.parameters import parameters
from jupyter_mlops.capture.randomness import entropy
from jupyter_mlops.capture.randomness.moved import Generators
from jupyter_mlops.capture.secrets import KernelSecrets
from jupyter_mlops.capture.sources import Read, Sources
from jupyter_mlops.dataflow import Flow
from jupyter_mlops.dataflow.accounts import (
    NESTED,
    Effects,
    effects,
)
from jupyter_mlops.dataflow.constants import literals_of_tree, may_hold_literals
from jupyter_mlops.events import NotSeen, Unread
from jupyter_mlops.records import Parameter

if TYPE_CHECKING:
    from jupyter_mlops.capture.calls.hearing import Heard
    from jupyter_mlops.dataflow import Literal

_NO_NAMES: frozenset[str] = frozenset()
_NO_FLOW = Flow()
_TOO_LARGE = NotSeen(
    "names that change outside a cell, or beside one",
    f"the notebook has more than {NAMES_LIMIT:,} names",
)
_UNREADABLE = Read(_NO_FLOW, (), None)
_NOTHING_NOTED = names.Before({}, frozenset(), every=False)


class Looks:
    """Looks at the namespace and at what is around it, before and after a cell.

    Parameters
    ----------
    shell
        The kernel's IPython shell.
    hidden
        What IPython itself put into the namespace.
    between
        Has looked at all names when a cell begins or ends.
    secrets
        Gets to know what names hold that mean a secret.
    leaves
        Whether a server takes in the journal as it grows, and can read large files.

    Attributes
    ----------
    sources
        Those of the session's cells.
    """

    def __init__(
        self,
        shell: Any,
        hidden: names.Hidden,
        between: Between,
        secrets: KernelSecrets,
        *,
        leaves: bool,
    ) -> None:
        self._shell = shell
        self._hidden = hidden
        self._between = between
        self._secrets = secrets
        self.sources = Sources()
        self._sights = sight.Sights(hidden)
        self._data = Data()
        self._reads = Reads(leaves)
        self._reads.install()
        self._generators = Generators()

    def close(self) -> None:
        """Undo what was put around the readers of files, and NumPy's source of entropy."""
        self._reads.close()
        entropy.leave()

    # --- before ---

    def begin(self, execution: Execution, namespace: dict[str, Any]) -> None:
        """Look at what a cell is about to find.

        Parameters
        ----------
        execution
            Gets what its cell mentions, if its source need not be read here.
        namespace
            The user's.
        """
        execution.found = look = self._between.found
        found = None
        # Without looks at the whole namespace nobody could tell what else the cell changed. And
        # where a name is more than plain text, to look for another one may ask its `__eq__`.
        if (
            execution.may_be_left
            and look is not None
            and len(look[0]) == len(namespace)
            and not self._shell.ast_transformers  # which change the tree once it was parsed
        ):
            found = self._sights.begin(execution.source, namespace)
        else:
            self._sights.define(execution.source)
        execution.glimpse = found
        self._reads.begin()
        self._generators.begin(execution.randomness, namespace)

    def read(self, execution: Execution, tree: ast.Module, code: object) -> None:
        """Read a cell that is about to execute, if only its source tells what to look at."""
        # IPython parses another text where a cell holds its own syntax.
        is_as_written = type(code) is str and code.strip() == execution.source.strip()
        if is_as_written and execution.glimpse is not None:
            return
        execution.glimpse = None
        execution.read = self.sources.read(tree, code)
        self._note(execution, execution.read.flow, self._between.found)

    def let_tell(self, code: str, told: list[ast.Module]) -> None:
        """Put a tree whose calls tell of themselves in the place of the one in `told`."""
        if self._shell.ast_transformers or not mentions.may_hold(code):
            return
        from jupyter_mlops.capture.calls.rewriting import telling

        self.sources.catch_up()
        told[0] = telling(told[0], self.sources.context.aliases)

    def nest(self, execution: Execution, source: str) -> None:
        """Take in that a cell runs another one, `source`, inside itself.

        The body of ``%%capture`` is run that way too, and is known.
        """
        execution.nested = True
        if execution.glimpse is not None:
            return
        read, earlier = execution.read or _UNREADABLE, execution.before
        if source == read.handed_on or (earlier is not None and earlier.every):
            return
        flow = replace(read.flow, opaque=read.flow.opaque or NESTED)
        execution.read = replace(read, flow=flow)
        now = self._note(execution, flow, None)
        if earlier is not None:
            execution.before = names.Before(
                {**now.identities, **earlier.identities}, earlier.reads, every=True
            )

    def _note(self, execution: Execution, flow: Flow, look: names.Look | None) -> names.Before:
        execution.before = names.before(
            flow, self.sources.context, self._shell.user_ns, self._hidden, look
        )
        return execution.before

    # --- after ---

    def end(
        self,
        execution: Execution,
        namespace: dict[str, Any],
        budget: Budget,
        *,
        completed: bool,
    ) -> list[Any]:
        """Fill in what can be seen of what a cell did, and return what has to wait.

        One part that fails leaves the others as they are.
        """
        if self._between.is_too_large:
            execution.unseen.append(_TOO_LARGE)
        if execution.glimpse is not None and execution.tree is not None:
            flow = None
            waiting = self._see(execution, execution.glimpse, namespace, budget)
        else:
            # A cell that is not Python, or was refused before it ran, was not read.
            flow = (execution.read or _UNREADABLE).flow
            waiting = self._judge(execution, flow, namespace, budget, completed=completed)
        fields = execution.fields
        heard = self._reads.heard()
        if heard is not None:
            _part(execution, "calls", self._take_in, execution, heard, namespace, budget)
        unread: list[Unread] = []
        files = _part(execution, "files", self._reads.take, budget, waiting, unread)
        if unread:
            fields["unread"] = tuple(unread)
        if files is not None:
            read, not_read = files
            if read:
                fields["data"] = (*fields.get("data", ()), *read)
                texts = _part(execution, "modules", self._reads.texts, read, execution.unseen)
                if texts:
                    fields["modules"] = texts
            execution.unseen += not_read
        changed = execution.changed or ()
        moved = _part(execution, "randomness", self._generators.take, namespace, changed)
        if moved is not None:
            moved.tell(execution, flow)
        return waiting

    def _see(
        self,
        execution: Execution,
        glimpse: sight.Glimpse,
        namespace: dict[str, Any],
        budget: Budget,
    ) -> list[Any]:
        """Say what became of the names of a cell that somebody else will read."""
        fields, tree, look = execution.fields, execution.tree, self._between.left
        changed = execution.changed or ()
        assert tree is not None
        is_beside = not self._between.has_compared
        if look is None or is_beside:
            # Whose change it was nobody can tell, but any of them may be this cell's.
            look = names.look_at(namespace)
            changed = self._between.changed(execution.found, look, namespace)
        if len(look[0]) != len(namespace):
            namespace = dict([item for item in namespace.items() if type(item[0]) is str])
        seen = self._sights.end(glimpse, execution.source, namespace, changed, look)
        fields["sight"] = seen
        self._secrets.learn((*changed, *seen.get("mutable", ())), namespace)
        if may_hold_literals(tree, execution.source):
            found = _part(
                execution, "parameters", lambda: _parameters(literals_of_tree(tree), namespace)
            )
            if found:
                fields["parameters"] = found
            seen["parameters"] = True
        if execution.nested:
            seen["nested"] = True
        if is_beside:
            seen["beside"] = True
        self.sources.leave(tree, len(execution.source), glimpse.words, changed)
        if not glimpse.words.issuperset(changed) and not (execution.nested or glimpse.binds_any):
            changed = tuple(filter(glimpse.words.__contains__, changed))
        # What the cell got out of a container may have another name.
        aliases = seen.get("aliases")
        others = {other for found in aliases.values() for other in found} if aliases else _NO_NAMES
        named = (*changed, *others)
        if not sight.may_be_data(named, namespace) and not self._data.knows(named):
            return []
        bound = frozenset(changed)
        also = frozenset(others - bound)
        done = Effects(_NO_NAMES, bound, also)
        looked = self._look_at_data(execution, done, also, namespace, budget)
        self._models(execution, _NO_FLOW, bound | also, namespace)
        same = {name for name in also if looked.changed.get(name) is False}
        if same:
            seen["aliases"] = {
                name: [other for other in found if other not in same]
                for name, found in seen["aliases"].items()
            }
        fields["unsettled"] = tuple(
            sorted(name for name in also if looked.changed.get(name, "") is None)
        )
        return looked.waiting

    def _judge(
        self,
        execution: Execution,
        flow: Flow,
        namespace: dict[str, Any],
        budget: Budget,
        *,
        completed: bool,
    ) -> list[Any]:
        """Say what a cell did whose source was read."""
        fields = execution.fields
        changed = execution.changed or ()
        before, look = execution.before or _NOTHING_NOTED, self._between.left
        if look is None:  # another cell runs beside this one
            look = names.look_at(namespace)
        found = names.seen(flow, before, namespace, self._hidden, look)
        done = effects(flow, found, before.reads, completed)
        self._secrets.learn(done.writes.union(changed), namespace)
        if flow.opaque is not None:
            fields["opaque"] = True
        if changed:
            fields["changed_beside"] = tuple(name for name in changed if name not in done.writes)
        doubtful = done.changed - done.bound - flow.mutates
        seen = self._look_at_data(execution, done, doubtful, namespace, budget)
        writes = done.writes
        if doubtful:
            writes -= {name for name in doubtful if seen.changed.get(name) is False}
            fields["unsettled"] = tuple(
                sorted(name for name in doubtful & writes if seen.changed.get(name, "") is None)
            )
        # What is as an event has it by default is left out, here and below.
        if done.reads:
            fields["reads"] = tuple(sorted(done.reads))
        if writes:
            fields["writes"] = tuple(sorted(writes))
        if flow.functions:
            fields["functions"] = {
                name: tuple(sorted(function.reads)) for name, function in flow.functions.items()
            }
        _part(execution, "names", self.sources.go_on, flow)
        # What an error kept the cell from binding is the result of an earlier execution.
        # What an unknown call may have changed was fitted by it only if its content is another.
        same = (
            doubtful
            - flow.fits
            - {n for n in doubtful & self._data.digests.keys() if seen.changed.get(n)}
        )
        self._values(execution, flow, writes - done.unreached, same, namespace)
        return seen.waiting

    def _look_at_data(
        self,
        execution: Execution,
        done: Effects,
        doubtful: frozenset[str],
        namespace: dict[str, Any],
        budget: Budget,
    ) -> Seen:
        seen = Seen()
        if done.bound or done.changed:
            _part(execution, "data", self._data.look, done, doubtful, namespace, budget, seen)
        if seen.uses:
            execution.fields["data"] = tuple(seen.uses)
        execution.unseen += seen.unseen
        self._sights.mind(seen.holders)
        return seen

    def _values(
        self,
        execution: Execution,
        flow: Flow,
        produced: frozenset[str],
        doubtful: frozenset[str],
        namespace: dict[str, Any],
    ) -> None:
        """Look at the values that a cell left; most cells leave none of most kinds."""
        literals = (execution.read or _UNREADABLE).literals
        if literals:
            found = _part(execution, "parameters", _parameters, literals, namespace)
            if found:
                execution.fields["parameters"] = found
        if produced and (flow.computed or flow.metric_calls):
            _part(execution, "metrics", measure, flow, produced, namespace, execution.fields)
        if produced:
            self._models(execution, flow, produced - doubtful, namespace)

    def _take_in(
        self, execution: Execution, heard: Heard, namespace: dict[str, Any], budget: Budget
    ) -> None:
        """Say what calls in the notebook's code told."""
        from jupyter_mlops.capture.calls.trained import trained

        fields = execution.fields
        written = fields.get("writes", ())
        known = {name: one for name, one in self._data.digests.items() if name not in written}
        fields["readings"] = heard.metrics()
        found = (*fields.get("parameters", ()), *heard.parameters())
        fields["parameters"] = found
        fields["models"] = heard.models(fields.get("models", ()), namespace, known, budget)
        if heard.trained:
            fields["models"] += trained(execution.source, fields["models"], namespace, budget)
        execution.unseen += heard.unseen()

    def _models(
        self,
        execution: Execution,
        flow: Flow,
        written: frozenset[str],
        namespace: dict[str, Any],
    ) -> None:
        found = _part(
            execution, "models", models.models, flow, written, namespace, self._data.digests
        )
        if found:
            execution.fields["models"] = tuple(found)


def _parameters(literals: tuple[Literal, ...], namespace: dict[str, Any]) -> tuple[Parameter, ...]:
    return tuple(parameters(literals, namespace))


def _part(execution: Execution, what: str, look: Callable[..., Any], *at: Any) -> Any:
    try:
        return look(*at)
    except KeyboardInterrupt:
        # The cell is over; somebody who is tired of waiting for us need not wait.
        execution.unseen.append(NotSeen(what, "interrupted"))
    except Exception as fault:  # noqa: BLE001 - one part's fault must not cost the record
        execution.unseen.append(NotSeen(what, f"capture failed with {type(fault).__name__}"))
    return None

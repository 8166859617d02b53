"""When two executions of a cell agree: a digest over all that could tell them apart. Pure.

An identity covers the source, the values captured (parameters, metrics but those of a clock,
models, what was made and written), the randomness used, the content of the files read, and,
through the identities of the executions that supplied each name, everything that these were
made from. What is not known is never taken for equal: an input without a complete digest,
or a generator that took its seed from the system, makes an execution agree with itself only.
An input's digest may be missing if the cell made something of it that has a complete one.
What a cell made is set by all of this, so where its digest is missing, because reading it had
to wait too long, the others decide: two equal runs do not part for want of a digest.
Modules of the user's own are read once a session and count where their names are used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_mlops.events import CellFinished
from jupyter_mlops.journal import canonical, sha256
from jupyter_mlops.records import DataUse, RandomUse
from jupyter_mlops.store.sessions import Execution


class Identities:
    """The identities of a session's executions, asked for in their order."""

    def __init__(self) -> None:
        self._made: dict[str, list[dict[str, str]]] = {}

    def of(self, execution: Execution, origins: Mapping[str, str]) -> str:
        """Return the identity of an execution.

        Parameters
        ----------
        origins
            For each name read, what stands for its value: a literal, or the identities of
            the executions that supplied it.
        """
        base, left = _without_made(execution, origins), made(execution)
        others = self._made.setdefault(base, [])
        # Of several that it may be, the last one.
        for other in reversed(others):
            if all(other.get(name, digest) == digest for name, digest in left.items()):
                other.update(left)
                return sha256(canonical([base, others.index(other)]))
        others.append(left)
        return sha256(canonical([base, len(others) - 1]))


def _without_made(execution: Execution, origins: Mapping[str, str]) -> str:
    """Digest what could tell executions apart, but for what they made."""
    finished = execution.finished
    if finished is None or execution.started.skipped:
        return sha256(canonical(["unknown", execution.number]))
    content = [execution.source_digest, dict(origins), *_values(finished)]
    if not is_certain(execution):
        content.append(execution.number)
    return sha256(canonical(content))


def made(execution: Execution) -> dict[str, str]:
    """Return the complete digests of the frames, arrays and models that a cell left."""
    finished = execution.finished
    if finished is None:
        return {}
    found = {use.name: use.digest for use in _surely_made(finished)}
    partial = {use.name for use in finished.data if not use.complete}
    found |= {model.name: model.digest for model in finished.models}
    return {
        name: digest for name, digest in found.items() if name and digest and name not in partial
    }


def _values(finished: CellFinished) -> list[Any]:
    return [
        finished.status,
        [[one.name, one.type, one.value] for one in finished.parameters],
        [
            [one.name, one.step, one.value]
            for one in finished.metrics
            if one.name not in finished.volatile
        ],
        [[one.name, one.class_, one.parameters] for one in finished.models],
        sorted(_used(use) for use in finished.data if use.access not in ("import", "made")),
        sorted(use.name or "" for use in _surely_made(finished)),
        [_drawn(use) for use in finished.randomness],
    ]


def _used(use: DataUse) -> list[str]:
    return [use.access, use.name or "", use.path or "", (use.complete and use.digest) or ""]


def _surely_made(finished: CellFinished) -> list[DataUse]:
    # Whether a call changed its argument may be known of one execution and not of another.
    settled = [use for use in finished.data if use.access == "made"]
    return [use for use in settled if use.name not in finished.unsettled]


def _drawn(use: RandomUse) -> list[Any]:
    # What a generator was before it was seeded does not matter.
    if use.name is not None:
        return [use.name, use.generator, use.before, use.after]
    return [use.generator, use.seeded, None if use.seeded else use.before, use.after]


def is_certain(execution: Execution) -> bool:
    """Tell whether another execution may be known to agree with this one."""
    finished = execution.finished
    if finished is None:
        return False
    if any(not use.seeded and use.after is None for use in finished.randomness):
        return False
    inputs = [use for use in finished.data if use.access == "read"]
    if all(use.digest and use.complete for use in inputs):
        return True
    return any(use.access == "made" and use.digest and use.complete for use in finished.data)

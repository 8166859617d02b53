"""What surrounds the code of a run: its environment's variables and packages, its sandbox."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from jupyter_mlops.dataflow.variables import variables_read
from jupyter_mlops.execution.restoring import Wanted
from jupyter_mlops.records import Cause, Run
from jupyter_mlops.redaction.marks import comparable
from jupyter_mlops.reproduction import packages, secrets

if TYPE_CHECKING:
    from jupyter_mlops.reproduction.cause import Evidence

# Where a missing variable raises, whatever called it.
_LOOKED_UP = re.compile(r"(?:<frozen os>|\bos\.py)\S*, in (?:_Environ\.)?__getitem__")


def variables_of(run: Run, sources: Iterable[str]) -> tuple[Wanted, ...]:
    """List the secret variables that a run was given, of those that `sources` read."""
    found: dict[str, Wanted] = {}
    for one in run.cells:
        for name, digest in (one.variables or {}).items():
            found.setdefault(name, Wanted(digest, name, one.cell))
    if not found:
        return ()
    read = {name for source in sources for name in variables_read(source, found)}
    return tuple(one for name, one in found.items() if name in read)


def causes(evidence: Evidence) -> Iterator[Cause]:
    """Yield what is different around the code, or not there any more."""
    yield from missing_variables(evidence)
    yield from _other_variables(evidence)
    yield from _environment(evidence)
    yield from _confinement(evidence)


def missing_variables(evidence: Evidence) -> Iterator[Cause]:
    """Name the variable of the environment that the repetition failed without."""
    error = evidence.error
    if error is None or error.type != "KeyError" or not _LOOKED_UP.search(error.traceback):
        return
    name = error.message.strip().strip("'\"")
    detail = "is not set in the environment; set it, and reproduce the run again"
    yield Cause("environment", name, evidence.pairs[evidence.at].cell, detail)


def _other_variables(evidence: Evidence) -> Iterator[Cause]:
    after = {one.cell: one.variables or {} for one in evidence.after.cells}
    for one in evidence.before.cells:
        for name, digest in (one.variables or {}).items():
            other = after.get(one.cell, {}).get(name)
            if other is not None and other != digest and comparable((digest, other)):
                yield Cause("environment", name, one.cell, secrets.ANOTHER, digest, other)


def _environment(evidence: Evidence) -> Iterator[Cause]:
    before, after = evidence.before.environment, evidence.after.environment
    if before is None or after is None or before.digest == after.digest:
        return
    if before.python != after.python:
        detail = f"{before.python} → {after.python}"
        yield Cause("environment", "python", None, detail, before.python, after.python)
    sources = [pair.step.source for pair in evidence.pairs if pair.step is not None]
    for name in packages.changed(before.packages, after.packages, sources):
        then, now = before.packages.get(name), after.packages.get(name)
        detail = f"{then or 'not installed'} → {now or 'not installed'}"
        yield Cause("environment", name, None, detail, then, now)
    if before.platform != after.platform:
        detail = f"{before.platform} → {after.platform}"
        yield Cause("hardware", "platform", None, detail, before.platform, after.platform)


def _confinement(evidence: Evidence) -> Iterator[Cause]:
    if (
        evidence.confined
        and evidence.error is not None
        and evidence.error.type == "PermissionError"
    ):
        detail = f"allows no write outside of it ({evidence.error.message}); --in-place does"
        yield Cause("environment", "the sandbox", evidence.pairs[evidence.at].cell, detail)

"""The machine that a run was made on, and the state of its code, in a few lines."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_mlops.layout import plural
from jupyter_mlops.records import Repository, Surroundings

_GIB = 2**30
_COMMIT_SHOWN = 12
_CHANGED = {True: "with changed files", False: "as committed", None: "perhaps changed"}


def lines(found: Surroundings) -> Iterator[str]:
    """Yield what surrounds a kernel, one line a subject."""
    yield found.interpreter
    cpus = plural(found.cpus, "processor") if found.cpus else ""
    memory = f"{found.memory_bytes / _GIB:.1f} GiB" if found.memory_bytes else ""
    yield ", ".join(filter(None, (found.system, found.machine, found.cpu, cpus, memory)))
    if found.gpus:
        driver = f", driver {found.driver}" if found.driver else ""
        yield f"{', '.join(found.gpus)}{driver}"
    if found.libraries:
        yield "; ".join(found.libraries)
    told = " ".join(f"{name}={value}" for name, value in (found.variables or {}).items())
    if told:
        yield told
    if found.imported:
        yield f"imported: {', '.join(found.imported)}"
    for name, version in (found.outdated or {}).items():
        yield f"{name} was replaced while it was loaded: {version} still is"
    if found.repository is not None:
        yield _state(found.repository)


def _state(repository: Repository) -> str:
    commit = (repository.commit or "without a commit")[:_COMMIT_SHOWN]
    branch = f" on {repository.branch}" if repository.branch else ""
    return f"git {commit}{branch}, {_CHANGED[repository.changed]}"

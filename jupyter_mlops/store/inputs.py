"""Which files and modules of the user's own changed on disk after an execution read them. Pure.

That is known once a later execution reads or loads them: by a digest, or by another size. What
the session itself wrote in between is no change from outside; that is a matter of its order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from jupyter_mlops.records import DataUse
from jupyter_mlops.store.lineage import Traced, imported

# The file, in words what became of it, and who found that out.
Change = tuple[str, str, Traced]


def changed_inputs(traced: Sequence[Traced]) -> dict[int, list[Change]]:
    """Return what each execution read that was found changed later, by its index."""
    found: dict[int, list[Change]] = {}
    newest: dict[tuple[str, str], tuple[DataUse, Traced]] = {}
    for one in reversed(traced):
        uses = one.execution.finished.data if one.execution.finished is not None else ()
        for use in uses:
            if use.path is None:
                continue
            if use.access == "write":
                # What was read later is what was written here.
                newest.pop(("read", use.path), None)
            elif use.access in ("read", "import"):
                later = newest.setdefault((use.access, use.path), (use, one))
                if use.access == "read" and _is_other(use, later[0]):
                    why = "has changed on disk since: {cell} read other content"
                    found.setdefault(one.index, []).append((use.path, why, later[1]))
    for index, change in _reloaded(traced):
        found.setdefault(index, []).append(change)
    return found


def _is_other(one: DataUse, later: DataUse) -> bool:
    """Tell whether two uses surely had different content."""
    if not (one.complete and later.complete and one.digest and later.digest):
        return False
    ours, theirs = {one.digest, *one.digests}, {later.digest, *later.digests}
    if ours & theirs:
        return False
    algorithms = {digest.partition(":")[0] for digest in ours}
    alike = any(digest.partition(":")[0] in algorithms for digest in theirs)
    return alike or one.has_other_extent(later)


def _reloaded(traced: Sequence[Traced]) -> Iterator[tuple[int, Change]]:
    """Yield who used a module of the user's own before it was loaded with other content."""
    loaded: dict[str, DataUse] = {}
    for later in traced:
        uses = later.execution.finished.data if later.execution.finished is not None else ()
        for use in uses:
            if use.access != "import" or use.path is None:
                continue
            before = loaded.get(use.path)
            loaded[use.path] = use
            if before is None or not _is_other(before, use):
                continue
            why = "has changed since: {cell} loaded it anew"
            for one in traced[: later.index]:
                if one.cell != later.cell and _uses(one, use.path):
                    yield one.index, (use.path, why, later)


def _uses(one: Traced, path: str) -> bool:
    file = PurePath(path)
    module = file.parent.name if file.stem == "__init__" else file.stem
    return any(module in name.split(".") for name in imported(one))

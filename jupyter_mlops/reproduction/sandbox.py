"""A copy of the notebook's folder in which a reproduction may do what it likes.

Files that a run read beside its folder (``../data/train.csv``) stand beside the copy at the
same distance. A link that leads elsewhere does so from the copy too, for reading, and so
would a path written out in full, ``/home/me/project/out.csv``. Where the system can, the
kernel is therefore confined as well (:mod:`.execution.confine`); elsewhere such a folder is
refused.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jupyter_mlops import settings, temporary
from jupyter_mlops.errors import NeedsInPlaceError
from jupyter_mlops.execution import confine
from jupyter_mlops.records import DataUse, Run

# Large, and made by tools: a notebook does not compute with them unless it was seen to.
_LEFT_OUT = frozenset(
    {".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".ipynb_checkpoints"}
    | {".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".dvc"}
)
_FICLONE = 0x40049409
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """Where a reproduction runs.

    Attributes
    ----------
    cwd
        The kernel's working folder.
    folders
        Pairs of a folder of the sandbox and the one that it stands for; none within another.
    writable
        Folders that may be written to; ``None`` for no confinement.
    variables
        What to set in the kernel's environment.
    root
        The folder that holds the copy.
    """

    cwd: Path
    folders: tuple[tuple[str, str], ...] = ()
    writable: tuple[str, ...] | None = None
    variables: tuple[tuple[str, str], ...] = ()
    root: Path | None = None


@dataclass(frozen=True)
class Plan:
    """What is to be copied: `folder` whole, and beside it `others`, all beneath `top`.

    Folders of ``tools`` are left out unless they hold something ``needed``. What the run
    itself wrote (``made``) is left out too: it was not there when the run began, and a
    notebook that finds its own results may not compute them again.
    """

    folder: Path
    top: Path
    others: tuple[Path, ...]
    needed: frozenset[Path]
    made: frozenset[Path]
    tools: frozenset[Path]


def plan(run: Run, folder: Path, sources: Iterable[str], limit_bytes: int | None = None) -> Plan:
    """Find out what has to be copied, and whether a copy will do.

    Parameters
    ----------
    folder
        The folder in which the run worked.
    sources
        The code that will be executed.

    Raises
    ------
    NeedsInPlaceError
        If the folder is too large to copy, or the run writes outside of it, or might and
        nothing would keep it from that.
    """
    limit = settings.SANDBOX_LIMIT_BYTES if limit_bytes is None else limit_bytes
    if not folder.is_dir():
        raise NeedsInPlaceError(reason=f"{folder} does not exist any more and can't be copied")
    named, folder = folder, folder.resolve()
    _refuse_writes_outside(run, folder)
    if not confine.is_possible():
        _refuse_full_paths(sources, {named, folder})
    used = [_absolute(use, folder) for use in _files(run, ("read", "import"))]
    beside = [path for path in used if _is_beside(path, folder)]
    top = folder
    for path in beside:
        top = Path(os.path.commonpath([top, path]))
    # What was read beside the folder brings its own folder along, but never `top` whole.
    others = tuple(dict.fromkeys(path if path.parent == top else path.parent for path in beside))
    tools = frozenset(settings.tool_folders())
    found = Plan(folder, top, others, frozenset(used), frozenset(_made(run, folder)), tools)
    _refuse_size(found, limit)
    if not confine.is_possible():
        _refuse_links_outside(found)
    return found


@contextmanager
def copied(made: Plan) -> Iterator[Place]:
    """Make the copy, and remove it at the end whatever happened."""
    folder = temporary.Folder("sandbox")
    root = folder.path
    try:
        # One level down, or a folder named "tmp" would be taken for the temporary one.
        copy = root / "copy" / (made.top.name or "top")
        try:
            _copy(made, copy)
        except OSError as error:
            reason = f"{error.filename or made.folder} can't be copied ({error.strerror})"
            raise NeedsInPlaceError(reason=reason) from error
        own = root / "tmp"
        own.mkdir()
        writable = tuple(map(str, _writable(root, made.top)))
        yield Place(
            cwd=copy / made.folder.relative_to(made.top),
            folders=((str(copy), str(made.top)), (str(own), tempfile.gettempdir())),
            writable=writable if confine.is_possible() else None,
            variables=(("TMPDIR", str(own)),) if _holds_temporary(made.top) else (),
            root=root,
        )
    finally:
        folder.remove()
        if root.exists():
            _LOG.warning("the copy %s could not be removed: delete it", root)


def in_place(folder: Path) -> Place:
    """Work in the folder itself, as the user asked."""
    return Place(cwd=folder)


def _files(run: Run, access: Sequence[str]) -> Iterator[DataUse]:
    return (use for use in run.data if use.kind == "file" and use.path and use.access in access)


def _absolute(use: DataUse, folder: Path) -> Path:
    # Not resolved: what is read through a link of the folder is read so in the copy, too.
    return Path(os.path.normpath(folder / (use.path or "")))


def _made(run: Run, folder: Path) -> Iterator[Path]:
    # The record has the document's order; whether a file was there counts by the executions'.
    first = {one.cell: -index for index, one in enumerate(reversed(run.cells))}
    seen: set[str] = set()
    for use in sorted(_files(run, ("read", "write")), key=lambda one: first.get(one.cell, 1)):
        same = [one for one in run.data if one.cell == use.cell and one.path == use.path]
        is_read = use.path in seen or any(one.access == "read" for one in same)
        if use.access == "write" and not is_read:
            yield _absolute(use, folder)
        seen.add(str(use.path))


def _temporary_folders() -> list[Path]:
    return _by_all_names(Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"), Path("/dev"))


def _by_all_names(*folders: Path) -> list[Path]:
    return list(dict.fromkeys((*folders, *(folder.resolve() for folder in folders))))


def _harmless(*copied: Path) -> list[Path]:
    """List the folders that a notebook may write to: what is `copied`, and nobody's own."""
    return [*copied, *_temporary_folders(), *_by_all_names(*settings.tool_folders())]


def _is_beneath(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _holds_temporary(top: Path) -> bool:
    # The other way round it could not be written to: it is the notebook's own folder.
    lies_within = Path(tempfile.gettempdir()).resolve().is_relative_to(top)
    return lies_within or _is_beneath(top, _temporary_folders())


def _writable(root: Path, top: Path) -> list[Path]:
    allowed = [root, Path("/proc"), *settings.tool_folders()]
    for folder in _temporary_folders():
        if folder.exists():
            allowed += confine.around(folder, top)
    return allowed


def _refuse_writes_outside(run: Run, folder: Path) -> None:
    harmless = _harmless(folder)
    for use in _files(run, ("write",)):
        named = _absolute(use, folder)
        # A link within the folder may have led the write out of it.
        for path in (named, Path(os.path.realpath(named))):
            if not _is_beneath(path, harmless):
                raise NeedsInPlaceError(reason=f"the run wrote {path}, outside its folder {folder}")


def _refuse_full_paths(sources: Iterable[str], folders: Collection[Path]) -> None:
    # Without confinement, a path written out in full would reach the user's own file.
    for source in sources:
        for folder in folders:
            if str(folder) in source:
                reason = f"the notebook names its folder {folder} in full, and would write into it"
                raise NeedsInPlaceError(reason=reason)


def _refuse_links_outside(made: Plan) -> None:
    # Without confinement, a write through a link of the copy would reach the user's own file.
    harmless = _harmless(made.folder, *made.others)
    for path in _walk(made):
        if path.is_symlink() and not _is_beneath(Path(os.path.realpath(path)), harmless):
            reason = f"{path} leads to {os.path.realpath(path)}, and would from a copy"
            raise NeedsInPlaceError(reason=reason)


def _is_beside(path: Path, folder: Path) -> bool:
    if path.is_relative_to(folder) or not path.exists():
        return False
    common = Path(os.path.commonpath([folder, path]))
    # A file somewhere else on the machine is read where it is; it is not the project's.
    return common not in (Path("/"), Path.home(), Path.home().parent, *_temporary_folders())


def _refuse_size(made: Plan, limit: int) -> None:
    total = 0
    for path in _walk(made):
        total += path.lstat().st_size
        if total > limit:
            most = f"more than {limit / 2**30:.1f} GiB"
            raise NeedsInPlaceError(reason=f"{made.folder} holds {most}, too much to copy")


def _walk(made: Plan) -> Iterator[Path]:
    """Yield the files and the links that are copied."""
    for source in (made.folder, *made.others):
        if source.is_file():
            yield source.resolve()
        for folder, names, files in os.walk(source):
            names[:] = [name for name in names if not _is_left_out(Path(folder, name), made)]
            yield from (Path(folder, name) for name in files)
            # A link to a folder is not followed.
            yield from filter(Path.is_symlink, (Path(folder, name) for name in names))


def _is_left_out(path: Path, made: Plan) -> bool:
    is_tools = path.name in _LEFT_OUT or (path / "pyvenv.cfg").exists()
    # The sandbox itself is one, where temporary folders lie beneath the notebook's.
    is_tools = is_tools or temporary.is_one(path)
    if not is_tools and path not in made.tools:
        return False
    return not any(one.is_relative_to(path) for one in made.needed)


def _copy(made: Plan, copy: Path) -> None:
    for source in (made.folder, *made.others):
        target = copy / source.relative_to(made.top)
        if source.is_dir():
            _copy_folder(source, target, made, copy)
        elif source.is_file() and source not in made.made:
            _copy_file(source, target)
    (copy / made.folder.relative_to(made.top)).mkdir(parents=True, exist_ok=True)


def _copy_folder(source: Path, target: Path, made: Plan, copy: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    without = False
    with os.scandir(source) as entries:
        for entry in entries:
            path = Path(entry.path)
            if path in made.made:
                without = True
            elif path.is_dir() and _is_left_out(path, made):
                continue
            elif entry.is_symlink():
                _copy_link(path, target / entry.name, made, copy)
            elif entry.is_dir():
                _copy_folder(path, target / entry.name, made, copy)
            elif entry.is_file():
                _copy_file(path, target / entry.name)
    if without and not any(target.iterdir()):
        target.rmdir()  # the run made this folder for what it wrote
        return
    shutil.copystat(source, target)
    target.chmod(target.stat().st_mode | 0o700)


def _copy_link(source: Path, target: Path, made: Plan, copy: Path) -> None:
    leads_to = Path(os.path.realpath(source))
    if _is_beneath(leads_to, (made.folder, *made.others)):
        leads_to = copy / leads_to.relative_to(made.top)
    if not target.is_symlink():
        target.symlink_to(leads_to)


def _copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if not _clone(source, target):
        shutil.copyfile(source, target)
    shutil.copystat(source, target)


def _clone(source: Path, target: Path) -> bool:
    """Copy by sharing blocks until one side is written, where the file system can."""
    try:
        import fcntl

        with source.open("rb") as given, target.open("wb") as made:
            fcntl.ioctl(made, _FICLONE, given.fileno())
    except (ImportError, OSError):  # another file system: the caller copies
        return False
    return True

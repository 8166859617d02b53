"""The files, databases and addresses that a cell reads and writes, and its own modules.

Python tells of every ``open`` by an audit event, before it happens. The hook that listens
can't be removed; it rejects other events at once and idles while no cell is recorded. What
it notes is looked at when the cell ends: content is fingerprinted then, or earlier where
the cell is about to change what it has read.

Files opened meanwhile by another thread count as the cell's, those of a forked child don't.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import get_ident
from types import FrameType
from typing import TYPE_CHECKING, Any

from jupyter_mlops.capture.budget import Budget
from jupyter_mlops.capture.files.contents import Contents
from jupyter_mlops.capture.files.native_readers import NativeReaders, PathUse
from jupyter_mlops.capture.files.opened import Opened
from jupyter_mlops.capture.files.outside import Outside
from jupyter_mlops.capture.files.places import Places
from jupyter_mlops.capture.interrupts import hand_on
from jupyter_mlops.capture.randomness import entropy
from jupyter_mlops.capture.surroundings.environment import working_folder
from jupyter_mlops.events import NotSeen, Unread
from jupyter_mlops.fingerprints.introspection import Types, belongs_to, is_a
from jupyter_mlops.records import DataUse

if TYPE_CHECKING:
    from jupyter_mlops.capture.calls.hearing import Heard
    from jupyter_mlops.capture.files.modules import Modules

# By which calls in the notebook's code tell of themselves (see `jupyter_mlops.capture.calls`).
CALL = "jupyter_mlops.call"
_LISTS = Types(list, tuple)
# How far above an open the extension stands that reloads modules.
_RELOADING_FRAMES = 8
_WRITING = os.O_WRONLY | os.O_RDWR


@dataclass(repr=False, eq=False)
class _Process:
    """What belongs to the process, as its audit hook does.

    ``recordings`` are those under way with the thread of each, oldest first; ``busy`` the
    threads whose opens are our own; ``pid`` tells a forked child, which inherits all this;
    ``variables_set`` counts how often variables of the environment were, if ``hooked``.
    """

    recordings: list[tuple[int, Opened]]
    busy: set[int]
    hooked: bool = False
    pid: int = 0
    variables_set: int = 0


process = _Process([], set())
_recordings, _busy = process.recordings, process.busy
# Calls that have told so much, since a cell began, that no more of them is heard.
muted: set[object] = set()


class Reads:
    """Records what the cells of this process read and write.

    ``begin`` and ``take`` belong to the same thread; recordings of different threads may
    overlap, and those of one thread may nest.

    Parameters
    ----------
    leaves
        Whether a server takes in the journal as it grows, and can read large files.
    """

    def __init__(self, leaves: bool = False) -> None:
        self._leaves = leaves
        self._places: Places | None = None
        self._outside: Outside | None = None
        self._native = NativeReaders(_on_path)
        self._modules = 0
        self._databases: dict[str, Any] = {}
        self._contents = Contents()
        self._unused: Opened | None = None
        self._modules_kept: Modules | None = None

    def install(self) -> None:
        """Start to listen; the working folder at this moment is the notebook's."""
        self._places = Places(working_folder())
        self._outside = Outside(self._places)
        process.pid = os.getpid()
        _recordings.clear()
        if not process.hooked:
            process.hooked = True
            sys.addaudithook(_hook)

    def begin(self) -> None:
        """Begin to record for the cell that this thread is about to execute."""
        places, outside = self._places, self._outside
        if places is None or outside is None:
            return
        if len(sys.modules) != self._modules:
            self._modules = len(sys.modules)
            self._native.look(outside)
        if outside.is_listening:
            outside.take()  # what happened between cells is nobody's
        # Most cells open nothing, and leave what would have noted it as it was.
        opened, self._unused = self._unused, None
        if opened is None:
            opened = Opened(
                places, self._databases, self._native, self._contents, outside, self._leaves
            )
        else:
            opened.began = time.monotonic()
        if muted:
            muted.clear()
        _recordings.append((get_ident(), opened))

    def take(
        self, budget: Budget, waiting: list[Any], unread: list[Unread]
    ) -> tuple[tuple[DataUse, ...], tuple[NotSeen, ...]]:
        """End this thread's latest recording and return what its cell used, with digests.

        Files that take longer to read than `budget` allows are added to `waiting`, or to
        `unread` if others will read them.
        """
        thread = get_ident()
        latest = _recordings[-1] if _recordings else None
        found = latest if latest is not None and latest[0] == thread else _recording_of(thread)
        if found is None or found[0] != thread:
            return (), ()
        _recordings.remove(found)
        if not found[1].has_noted:
            self._unused = found[1]
            return (), tuple(self._native.newly_imported(self._outside))
        _busy.add(thread)
        try:
            result = found[1].result(budget)
        finally:
            _busy.discard(thread)
            if self._outside is not None:
                self._outside.rest()
        waiting += found[1].waiting
        unread += found[1].unread
        return result

    def texts(self, uses: tuple[DataUse, ...], unseen: list[NotSeen]) -> dict[str, str]:
        """Return the texts of the modules among the files that a cell used, by their digests."""
        own = [use for use in uses if use.access == "import"]
        if not own or self._places is None:
            return {}
        if self._modules_kept is None:
            # Loaded here and not above: most notebooks have no modules of their own.
            from jupyter_mlops.capture.files.modules import Modules

            self._modules_kept = Modules(self._places.root)
        with unheard():
            return self._modules_kept.texts(own, unseen)

    def heard(self) -> Heard | None:
        """Return what calls told in this thread's latest recording, and forget it."""
        found = _recording_of(get_ident())
        if found is None or found[0] != get_ident():
            return None
        heard, found[1].heard = found[1].heard, None
        if heard is not None:
            found[1].statements = heard.statements
        return heard

    def close(self) -> None:
        """Stop recording and undo what can be undone; the audit hook idles from here on."""
        _recordings.clear()
        self._native.remove()
        if self._outside is not None:
            self._outside.close()
        self._places = self._outside = None


@contextmanager
def unheard() -> Iterator[None]:
    """Let this thread open files that are no cell's."""
    thread = get_ident()
    _busy.add(thread)
    try:
        yield
    finally:
        _busy.discard(thread)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if event in _EVENTS:
        if event == _VARIABLE_SET:
            process.variables_set += 1  # between cells too
        elif _recordings and not (event == CALL and args[0] in muted):
            _note(_HANDLERS[event], args)


def _note(handle: Callable[..., None], args: tuple[Any, ...]) -> None:
    thread = get_ident()
    if thread in _busy or os.getpid() != process.pid:
        return
    _busy.add(thread)
    found = None
    try:
        found = _recording_of(thread)
        if found is not None:
            handle(found[1], *args)
    except BaseException as fault:  # noqa: BLE001 - the user's own open must not fail for us
        if found is not None:
            found[1].faults += 1
            if isinstance(fault, KeyboardInterrupt):
                recording = found
                hand_on(lambda: recording in _recordings)
    finally:
        _busy.discard(thread)


def _recording_of(thread: int) -> tuple[int, Opened] | None:
    """Return the latest recording of this thread, or of any if it has none of its own."""
    latest = None
    for found in reversed(_recordings[:]):
        if found[0] == thread:
            return found
        latest = latest or found
    return latest


def _on_open(opened: Opened, path: Any, mode: Any, flags: Any) -> None:
    text = _as_text(path)
    if text is None:
        return
    if flags & _WRITING:
        opened.write(text, keeps=flags & os.O_RDWR != 0 and not flags & os.O_TRUNC)
    else:
        opened.read(text, looks=text.endswith(".py") and _reloads())


def _reloads() -> bool:
    """Tell whether IPython's own extension looks whether a module has changed."""
    frame: FrameType | None = sys._getframe(3)
    for _ in range(_RELOADING_FRAMES):
        if frame is None:
            return False
        if str(frame.f_globals.get("__name__")).startswith("IPython.extensions."):
            return True
        frame = frame.f_back
    return False


def _on_rename(
    opened: Opened, source: Any, target: Any, source_folder: Any = -1, target_folder: Any = -1
) -> None:
    before, after = _inside(source_folder, source), _inside(target_folder, target)
    if before is not None and after is not None:
        opened.rename(before, after)


def _on_link(opened: Opened, _: Any, target: Any, __: Any = -1, folder: Any = -1) -> None:
    _on_open(opened, _inside(folder, target), None, os.O_WRONLY)


def _on_truncate(opened: Opened, path: Any, *_: Any) -> None:
    _on_open(opened, path, None, os.O_WRONLY)


def _on_remove(opened: Opened, path: Any, folder: Any = -1) -> None:
    text = _inside(folder, path)
    if text is not None:
        opened.remove(text)


def _inside(folder: Any, path: Any) -> str | None:
    """Resolve a path that may be relative to an open folder instead of the working one."""
    text = _as_text(path)
    if text is None or folder == -1 or os.path.isabs(text):
        return text
    known = f"/proc/self/fd/{folder}"
    return os.path.join(os.readlink(known), text) if os.path.exists(known) else None


def _on_import(opened: Opened, module: Any, filename: Any, *_: Any) -> None:
    if type(filename) is str:  # an extension module, which is not opened by Python
        opened.read(filename, is_code=True)
    if type(module) is not str:
        return
    if module.startswith("numpy.random."):
        entropy.watch()  # before the first generator is made, which is while it is imported
    else:
        opened.native.on_import(module, opened.listen)


def _on_sqlite(opened: Opened, database: Any, *_: Any) -> None:
    text = _as_text(database)
    if text is not None:
        opened.connect(text)


def _on_urllib(opened: Opened, url: Any, *_: Any) -> None:
    if type(url) is str:
        opened.addresses.request(url)


def _on_http(opened: Opened, _: Any, host: Any, port: Any) -> None:
    if type(host) is str:
        opened.addresses.reach(host, port)


def _on_program(
    opened: Opened, program: Any, arguments: Any = None, folder: Any = None, *_: Any
) -> None:
    from jupyter_mlops.capture.files.programs import command

    if type(arguments) not in _LISTS:
        arguments = [arguments if program is None else program]
    words = [text for text in map(_as_text, arguments) if text is not None]
    opened.start(command(words, _as_text(folder)))


def _on_spawn(opened: Opened, program: Any, arguments: Any, *_: Any) -> None:
    _on_program(opened, program, arguments)


def _on_system(opened: Opened, line: Any) -> None:
    from jupyter_mlops.capture.files.programs import shell_command

    opened.start(shell_command(_as_text(line) or ""))


def _on_fork(opened: Opened) -> None:
    from jupyter_mlops.capture.files.programs import Command, command, forked_for

    words = forked_for()
    opened.start(Command("a forked process", ()) if words is None else command(words))


def _on_path(path: Any, use: PathUse) -> None:
    if _recordings:
        _note(_take_path, (path, use))


def _take_path(opened: Opened, path: Any, use: PathUse) -> None:
    if use == "collect":
        opened.collect()
        return
    text = _as_text(path)
    if text is None:
        return
    if use == "scan":
        opened.scan(text)
    else:
        opened.pass_on(text, {"read": False, "write": True}.get(use))


def _on_call(opened: Opened, site: Any, part: Any, value: Any) -> None:
    if opened.heard is None:
        from jupyter_mlops.capture.calls.hearing import Heard

        opened.heard = Heard()
    opened.heard.hear(site, part, value)


def _as_text(path: Any) -> str | None:
    """Return a path as plain text without calling methods of the user's; a descriptor has none."""
    if type(path) is str:
        return path
    if type(path) is bytes:
        return os.fsdecode(path)
    if belongs_to(type(path), "pathlib"):
        return str(path)
    return str.__str__(path) if is_a(path, str) else None


_HANDLERS: dict[str, Callable[..., None]] = {
    "open": _on_open,
    "os.rename": _on_rename,
    "os.remove": _on_remove,
    "os.link": _on_link,
    "os.truncate": _on_truncate,
    "import": _on_import,
    "sqlite3.connect": _on_sqlite,
    "urllib.Request": _on_urllib,
    "http.client.connect": _on_http,
    "subprocess.Popen": _on_program,
    "os.posix_spawn": _on_spawn,
    "os.system": _on_system,
    "os.fork": _on_fork,
    "os.forkpty": _on_fork,
    CALL: _on_call,
}
_VARIABLE_SET = "os.putenv"
_EVENTS = frozenset({*_HANDLERS, _VARIABLE_SET})

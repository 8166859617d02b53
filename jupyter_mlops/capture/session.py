"""The session as its journal knows it: who, where, in what environment, and every line."""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import uuid
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from jupyter_mlops.capture.surroundings.environment import Installed, working_folder
from jupyter_mlops.errors import JournalError
from jupyter_mlops.events import (
    WRITTEN_LATE,
    EnvironmentChanged,
    Event,
    Notice,
    SessionEnded,
    SessionStarted,
)
from jupyter_mlops.journal import Journal, compose, this_process
from jupyter_mlops.metadata import OWN, section, switches_capture_off
from jupyter_mlops.records import Environment
from jupyter_mlops.settings import Settings, Starter, system_user

if TYPE_CHECKING:
    from jupyter_mlops.capture.secrets import KernelSecrets

# What waits in memory while the journal can't be written; above that the oldest lines are lost
# and counted.
_WAITING_LIMIT = 1000
_WAITING_BYTES = 32 * 2**20
_CONNECTION_FILE = re.compile(r"kernel-(.+)\.json")
# What clients put into a header when they know nobody's name.
_NO_NAMES = ("", "username")


class Session:
    """Writes one kernel's journal, from its first execution on.

    Parameters
    ----------
    settings
        Where the journal lies.
    starter
        What the process that started the kernel told, if it told anything.
    connection_file
        Path of the kernel's connection file; its name holds the kernel's id.
    """

    def __init__(self, settings: Settings, starter: Starter | None, connection_file: str) -> None:
        self.settings = settings
        self.starter = starter
        self.listens = starter is not None and starter.listens
        self.user = starter.user if starter is not None and starter.user else None
        self.path, self.path_source = notebook_path(starter)
        match = _CONNECTION_FILE.fullmatch(os.path.basename(connection_file))
        self.kernel_id = match[1] if match else None
        self.installed = Installed()
        self._writer = str(uuid.uuid4())
        self._first: bytes | None = None
        self._is_open = False
        self._secrets: KernelSecrets | None = None
        self._journal: Journal | None = None
        self._waiting: deque[bytes] = deque()
        self._has_begun = False
        self._lost = 0
        self._refusal: str | None = None
        self._ended = False
        self._closed = False
        # Reentrant: a finalizer or a signal handler of the user's may execute a cell while
        # this thread is inside.
        self._lock = threading.RLock()
        self._sending = False
        self.pid = os.getpid()

    @property
    def is_open(self) -> bool:
        """Tell whether the first line was said."""
        return self._is_open

    @property
    def is_batch(self) -> bool:
        """Tell whether the kernel executes one notebook, and nobody waits for a cell."""
        return self.starter is not None and self.starter.trigger != "interactive"

    @property
    def is_replay(self) -> bool:
        """Tell whether the kernel repeats a run, and is told what each cell is to find."""
        return self.starter is not None and self.starter.trigger == "reproduce"

    @property
    def is_read_alike(self) -> bool:
        """Tell whether who started the kernel can read each source that the kernel can."""
        return self.starter is None or self.starter.python >= sys.version_info[:2]

    @property
    def is_ours(self) -> bool:
        """Tell whether this process is the kernel, and not one that it forked."""
        return os.getpid() == self.pid

    @property
    def secrets(self) -> KernelSecrets:
        """What is secret in this session."""
        if self._secrets is None:
            # Loaded at the first line: a kernel that only idles should not pay for it.
            from jupyter_mlops.capture.secrets import KernelSecrets

            self._secrets = KernelSecrets(
                self.settings.home, self.path, self.starter, self.kernel_id
            )
        return self._secrets

    def open(self, header: dict[str, Any]) -> None:
        """Say the first line; `header` is that of the first request.

        Whatever interrupts it, the next call begins anew: a journal without this line is no
        session to anybody.
        """
        installed = Installed()
        environment = installed.changed() or Environment("", "", {}, "")
        if self.user is None:
            self.user = user_of(header) or system_user()
        starter = self.starter
        said = {
            "process": this_process(),
            "kernel_id": self.kernel_id,
            "notebook": self.path,
            "notebook_source": self.path_source,
            "trigger": starter.trigger if starter is not None else "interactive",
            "run": starter.run if starter is not None else None,
            "user": self.user,
            "cwd": working_folder(),
            "environment": environment,
            "listens": self.listens,
        }
        line = compose(SessionStarted, self.secrets.kept(said))
        with self._lock:
            if self._is_open:
                return  # by a cell of a signal handler's, meanwhile
            self.installed = installed
            if not self._waiting or self._waiting[0] is not self._first:
                self._first = line
                self._waiting.appendleft(line)
            self._is_open = True
            self._send()

    def say(self, kind: type[Event], **fields: Any) -> None:
        """Append one line. While the journal can't be written it waits in memory.

        In a forked child it is dropped: the session is its parent's.
        """
        if self.is_ours:
            self.put(compose(kind, self.secrets.kept(fields)))

    def put(self, line: bytes) -> None:
        """Append one line that was composed, with nothing secret in it.

        The same object again, with no other line between, is the same line: whoever was
        interrupted in here can ask again.
        """
        if os.getpid() != self.pid:
            return
        with self._lock:
            self._waiting.append(line)
            self._send()

    def _send(self) -> None:
        if not self._is_open or self._closed or (self._sending and _is_called_by_itself()):
            return
        self._sending = True
        try:
            if self._journal is None:
                self._journal = Journal(self.settings.journals, self._writer)
            while self._waiting:
                self._journal.write(self._waiting[0])
                self._waiting.popleft()
                self._has_begun = True
                if self._refusal is not None and not self._waiting:
                    self._waiting.append(self._told())
        except JournalError as error:
            # The lines stay, and the next one tries again. There is nowhere to say so: the
            # server finds that they are missing.
            self._refusal = str(error.values["reason"])
            self._bound()
        finally:
            self._sending = False

    def _told(self) -> bytes:
        """Say once that lines had to wait, and what that cost."""
        lost, why, self._lost, self._refusal = self._lost, self._refusal, 0, None
        what = f"{lost} lines of this session are lost" if lost else WRITTEN_LATE
        return compose(Notice, {"what": what, "why": f"its journal could not be written: {why}"})

    def _bound(self) -> None:
        size = sum(map(len, self._waiting))
        # Without its first line a session is none; that one stays.
        kept = 0 if self._has_begun else 1
        while len(self._waiting) > kept and (
            len(self._waiting) > _WAITING_LIMIT or size > _WAITING_BYTES
        ):
            size -= len(self._waiting[kept])
            del self._waiting[kept]
            self._lost += 1

    def check_environment(self) -> None:
        """Say so if distributions were installed, removed or upgraded."""
        environment = self.installed.changed()
        if environment is not None:
            self.say(EnvironmentChanged, environment=environment)

    def end(self, *, shut_down: bool) -> None:
        """Say the last line, once; without `shut_down` the kernel goes on."""
        if self._is_open and not self._ended:
            self._ended = True
            self.say(SessionEnded, shut_down=shut_down)

    def close(self) -> None:
        """Close the journal, with its last line in it."""
        if self._closed or not self.is_ours:
            return
        self.end(shut_down=True)
        with self._lock:
            self._send()  # what waited for room on the disk
            self._closed = True
            if self._journal is not None:
                self._journal.close()


def _is_called_by_itself() -> bool:
    """Tell whether the caller runs already, further down this thread's stack.

    A flag alone would lie: an interrupt may come where it is to be taken back.
    """
    caller = sys._getframe(1)
    frame = caller.f_back
    while frame is not None and frame.f_code is not caller.f_code:
        frame = frame.f_back
    return frame is not None


def user_of(header: dict[str, Any]) -> str | None:
    """Return the name in a request's header, if it is one."""
    name = header.get("username")
    return name if type(name) is str and name not in _NO_NAMES else None


def notebook_path(starter: Starter | None) -> tuple[str | None, Literal["told", "inferred"] | None]:
    """Return the notebook's absolute path, and how it is known."""
    if starter is not None and starter.notebook:
        return os.path.abspath(starter.notebook), "told"
    name = os.environ.get("JPY_SESSION_NAME", "")
    # A console has a name too, but no notebook; and a kernel that was started from within
    # another one (`!papermill …`) inherits the name of the outer notebook.
    if not name.endswith(".ipynb") or _is_inherited(name):
        return None, None
    return os.path.abspath(name), "inferred"


def _is_inherited(name: str) -> bool:
    try:
        parent = Path(f"/proc/{os.getppid()}/environ").read_bytes()
    except OSError:  # not Linux, or the parent is another user's
        return False
    return f"JPY_SESSION_NAME={name}".encode() in parent.split(b"\0")


def switched_off(path: str | None) -> bool:
    """Tell whether the notebook's own metadata switches capture off."""
    if path is None:
        return False
    try:
        content = Path(path).read_bytes()
        # Most notebooks say nothing; those need not be parsed.
        if f'"{OWN}"'.encode() not in content:
            return False
        return switches_capture_off(section(json.loads(content), "metadata"))
    except (OSError, ValueError, RecursionError):  # unreadable, or no notebook: it says nothing
        return False

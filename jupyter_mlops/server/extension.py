"""The wiring: what Jupyter Server loads, starts and stops."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from tornado.ioloop import PeriodicCallback
from traitlets import Bool, Integer, List, Unicode, Union

from jupyter_mlops import settings, temporary
from jupyter_mlops.server import events, provisioner
from jupyter_mlops.server.comparisons import ComparisonsHandler
from jupyter_mlops.server.folders import FolderHandler
from jupyter_mlops.server.identity import hub_user
from jupyter_mlops.server.kernels import Kernels
from jupyter_mlops.server.listener import Listener
from jupyter_mlops.server.notebooks import ParametersHandler
from jupyter_mlops.server.paths import root_of
from jupyter_mlops.server.reproductions import ReproductionHandler, ReproductionsHandler
from jupyter_mlops.server.running import RunningReproductions
from jupyter_mlops.server.runs import (
    ArtifactsHandler,
    CellsHandler,
    ContentHandler,
    ForgettingHandler,
    MetricsHandler,
    NotebookHandler,
    RunHandler,
    RunsHandler,
)
from jupyter_mlops.server.secrets import ServerSecrets
from jupyter_mlops.server.status import StatusHandler, capture_off
from jupyter_mlops.server.store_calls import StoreCalls
from jupyter_mlops.server.watcher import Watcher

_KERNELS_INTERVAL_MS = 1000

_RUN = r"/mlops/runs/([^/]+)"
ROUTES: list[tuple[str, type]] = [
    (r"/mlops/status", StatusHandler),
    (r"/mlops/runs", RunsHandler),
    (_RUN, RunHandler),
    (_RUN + r"/forgetting", ForgettingHandler),
    (_RUN + r"/cells", CellsHandler),
    (_RUN + r"/metrics", MetricsHandler),
    (_RUN + r"/artifacts", ArtifactsHandler),
    (_RUN + r"/artifacts/([^/]+)", ContentHandler),
    (_RUN + r"/notebook", NotebookHandler),
    (_RUN + r"/reproductions", ReproductionsHandler),
    (_RUN + r"/reproductions/([^/]+)", ReproductionHandler),
    (r"/mlops/comparisons", ComparisonsHandler),
    (r"/mlops/notebooks/(.+)/parameters", ParametersHandler),
    (r"/mlops/folders", FolderHandler),
    (r"/mlops/folders/(.+)", FolderHandler),
]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "jupyter_mlops.server.extension", "app": MLOps}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyter-mlops"}]


class MLOps(ExtensionApp):
    """The server part; its section in Jupyter's configuration is ``MLOps``."""

    name = "mlops"
    handlers = ROUTES

    home = Unicode(help="Folder of everything that is kept.").tag(config=True)
    store_url = Unicode(help="Database URL of the store; SQLite in that folder if empty.").tag(
        config=True
    )
    capture = Bool(True, help="Whether kernels that this server starts record.").tag(config=True)
    quota = Union(
        [Integer(), Unicode()],
        default_value=settings.QUOTA,
        help="What blobs and journals may take, such as '10 GB'; `jupyter mlops gc` keeps to it.",
    ).tag(config=True)
    secret_names = List(Unicode(), help="Further names whose values are secrets.").tag(config=True)
    not_secret_names = List(Unicode(), help="Names whose values are none.").tag(config=True)

    def initialize_settings(self) -> None:
        """Read the configuration and get everything ready to begin with the event loop."""
        serverapp: Any = self.serverapp
        names = ("home", "store_url", "capture", "quota", "secret_names", "not_secret_names")
        self.kept = settings.read({"MLOps": {name: getattr(self, name) for name in names}})
        # Before the first kernel is started, and before anybody asks whether it will record.
        self.reaches_all = provisioner.become_default(serverapp.kernel_manager)
        self.capture_off = capture_off(self.kept, self.reaches_all)
        self.root = root_of(serverapp.contents_manager)
        self._events = serverapp.event_logger
        events.register(self._events)
        self.calls = StoreCalls(self.kept)
        self._environ = _put(self.kept.named())
        # What killed servers and jobs left behind goes first.
        temporary.collect(temporary.AT_START_S)
        self._secrets = ServerSecrets(self.kept.home)
        self.listener = Listener(self.kept.journals, self._secrets, self.log)
        self.kernels = Kernels(serverapp, self.listener, self.log)
        self.reproductions = RunningReproductions(self.calls, self._reproduced, self.log)
        self.watcher = Watcher(self.calls, self._changed, self._status_changed, self.log)
        self._environ |= self._tell_children()
        self._recording = self.kernels.recording()
        self._ticks = PeriodicCallback(self._follow_kernels, _KERNELS_INTERVAL_MS)
        # Not the extension's start hook: kernels may start before that has been called.
        serverapp.io_loop.add_callback(self._begin)

    def current_activity(self) -> int | None:
        """Keep an idle server alive while it reproduces."""
        return len(self.reproductions) or None

    def problems(self) -> list[str]:
        """Return what went wrong in the server part itself, as sentences."""
        own = (
            self.watcher.problem,
            self.listener.problem,
            self.kernels.problem,
            self._secrets.problem,
        )
        return [problem for problem in own if problem]

    async def stop_extension(self) -> None:
        """End all that was begun, in the order in which one needs the other.

        Whatever fails, all that follows is ended too; the last error is raised then.
        """
        async with AsyncExitStack() as ends:  # the last one that is named here comes first
            ends.callback(self._untell_children)
            ends.callback(provisioner.resign)
            ends.push_async_callback(self.calls.close)
            ends.callback(self._secrets.close)
            # It waits for its thread, as the store does for its calls: not on the event loop.
            ends.push_async_callback(asyncio.to_thread, self.listener.stop)
            ends.push_async_callback(self.watcher.stop)
            ends.push_async_callback(self.reproductions.stop)
            ends.callback(self.kernels.end)
            ends.callback(self._ticks.stop)

    async def _begin(self) -> None:
        self.listener.start()
        if self.kept.capture:
            self.kernels.begin()
            self._ticks.start()
        self.watcher.start()

    async def _follow_kernels(self) -> None:
        try:
            self.kernels.reconcile()
            recording = self.kernels.recording()
            if recording != self._recording:
                self._recording = recording
                self._status_changed(self.watcher.sequence)
            await self.kernels.tell_notebooks()
        except Exception:  # both managers are replaceable, and another's may answer otherwise
            self.log.warning("mlops: the kernels could not be followed", exc_info=True)

    def _tell_children(self) -> dict[str, str]:
        """Put what kernels need to know into the environment that they inherit.

        Returns what was put there, to be taken out at the end.
        """
        starter = settings.Starter(
            pid=os.getpid(),
            listens=True,
            user=hub_user(os.environ),
            secrets=self._secrets.path,
        )
        told = starter.environment()
        if self.home:
            told[settings.HOME_VARIABLE] = str(self.kept.home)
        if not self.kept.capture:
            told[settings.SWITCH_VARIABLE] = "off"
        return _put(told)

    def _untell_children(self) -> None:
        for name, value in self._environ.items():
            if os.environ.get(name) == value:
                del os.environ[name]

    def _changed(self, sequence: int, ids: tuple[str, ...]) -> None:
        events.emit(self._events, sequence, "runs", ids)

    def _status_changed(self, sequence: int) -> None:
        events.emit(self._events, sequence, "status")

    def _reproduced(self, reproduction: str) -> None:
        events.emit(self._events, self.watcher.sequence, "reproduction", [reproduction])
        self.watcher.look()


def _put(told: dict[str, str]) -> dict[str, str]:
    """Put variables into the environment; return those that were not there as they are now."""
    told = {name: value for name, value in told.items() if os.environ.get(name) != value}
    os.environ.update(told)
    return told

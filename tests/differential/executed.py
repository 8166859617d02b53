"""One notebook in one real kernel: all that leaves it, and what it looks like in the end."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any, Literal

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

from jupyter_mlops.settings import HOME_VARIABLE, SWITCH_VARIABLE, Starter

Mode = Literal["off", "on", "listened to", "absent"]
# "on" is a kernel that nobody listens to; "absent" one without the package.
MODES: tuple[Mode, ...] = ("on", "listened to", "absent")

LIMIT_S = 120
PROBE = Path(__file__).parent / "probe.py"
_SEED = "__import__('random').seed(0)"
_LOOK = f"__import__('runpy').run_path({str(PROBE)!r})['found']"
_STREAM, _ASIDE = "stream", frozenset({"status", "execute_input", "iopub_welcome"})
# IPython compiles cells under names in the folder for temporary files.
_CELLS = "/ipykernel_"
_PLACES = {
    sys.prefix: "(environment)",
    sys.base_prefix: "(python)",
    tempfile.gettempdir() + _CELLS: "(temporary)" + _CELLS,
}
# Of a kernel, and made anew for each.
_IDENTITIES = frozenset({"engine_uuid", "started"})
# What differs between any two executions, with or without us, and says nothing.
_NOISE = (
    # Some are cut short where they are shown.
    (re.compile(r"0x(?:[0-9a-fA-F]{6,}|[0-9a-fA-F]+\.\.\.)"), "0x…"),
    (re.compile(r"(?<=ipykernel_)\d+"), "…"),
    (re.compile(r"\b(?:CPU times|Wall time|Compiler ?(?:time)?|Parser):?.*"), "took …"),
    (re.compile(r"[\d.]+ [mµun]?s ± .* per loop.*"), "took … per loop"),
)


@dataclass(frozen=True)
class Executed:
    """What was seen of a notebook.

    ``cells`` holds, for each cell, its reply and its outputs; ``state`` the kernel's state at
    the end, ``None`` if it did not live that long. ``modules`` are the loaded ones.
    ``journals`` tells of each open journal whether a program that is started inherits it.
    """

    cells: list[Any]
    state: dict[str, Any] | None
    modules: frozenset[str] = frozenset()
    journals: tuple[bool, ...] = ()
    took_s: float = 0.0


def execute(
    sources: Sequence[str], mode: Mode, folder: Path, *, data: Path | None = None
) -> Executed:
    """Execute a notebook in a kernel of its own.

    Parameters
    ----------
    sources
        Its code cells.
    mode
        How capture is there.
    folder
        One of its own; names of equal length keep lines that are broken at a width equal.
    data
        A folder whose files the notebook finds beside itself.
    """
    with started(mode, folder, data=data) as kernel:
        return kernel.executed(sources)


@contextmanager
def started(mode: Mode, folder: Path, *, data: Path | None = None) -> Iterator[Kernel]:
    """Start a kernel that may not be ready yet, and end it."""
    work = folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    if data is None:
        work.mkdir(parents=True)
    else:
        shutil.copytree(data, work, symlinks=True)
    manager = KernelManager(kernel_name="python3", shutdown_wait_time=20.0)
    manager.start_kernel(
        env=_environment(mode, folder),
        cwd=str(work),
        extra_arguments=["--HistoryManager.hist_file=:memory:"],
    )
    client: BlockingKernelClient = manager.client()
    client.start_channels()
    try:
        # A notebook of our own seeds NumPy itself if it wants to.
        seeds = _SEED if data is None else f"{_SEED}; __import__('numpy').random.seed(0)"
        yield Kernel(manager, client, folder, seeds)
    finally:
        client.stop_channels()
        if manager.has_kernel:
            manager.shutdown_kernel(now=True)
        manager.context.destroy()


@dataclass(frozen=True)
class Kernel:
    """A kernel with its client, and the folder in which it was started."""

    manager: KernelManager
    client: BlockingKernelClient
    folder: Path
    seeds: str

    def executed(self, sources: Sequence[str]) -> Executed:
        """Execute a notebook."""
        began = time.monotonic()
        client = self.client
        client.wait_for_ready(timeout=LIMIT_S)
        client.execute(self.seeds, silent=True, reply=True, timeout=LIMIT_S)
        cells = []
        for source in sources:
            cells.append(self._cell(source))
            if cells[-1]["reply"] is None:
                return Executed(self._placed(cells), None, took_s=time.monotonic() - began)
        found = _state(client)
        return Executed(
            self._placed(cells),
            self._placed(found["state"]),
            frozenset(found["modules"]),
            tuple(found["journals"]),
            time.monotonic() - began,
        )

    def _placed(self, value: Any) -> Any:
        """Return JSON as if it had been made in folders that have the same names for all.

        Tracebacks name the files of libraries, and digests are kept for another checkout.
        """
        text = json.dumps(value).replace(str(self.folder), "(folder)")
        for place, name in _PLACES.items():
            text = text.replace(place, name)
        return json.loads(text)

    def _cell(self, source: str) -> dict[str, Any]:
        """Execute one cell; its ``reply`` is ``None`` if the kernel died in it."""
        client = self.client
        # Else a kernel under load aborts the cell after one that failed.
        message = client.execute(source, allow_stdin=True, stop_on_error=False)
        shown: list[dict[str, Any]] = []
        deadline = time.monotonic() + LIMIT_S
        while True:
            try:
                one = client.get_iopub_msg(timeout=0.2)
            except Empty:
                _answer(client)
                if not self.manager.is_alive():
                    return {"reply": None, "outputs": _joined(shown)}
                assert time.monotonic() < deadline, f"took too long: {source}"
                continue
            if one["parent_header"].get("msg_id") != message:
                continue
            if one["msg_type"] == "status" and one["content"]["execution_state"] == "idle":
                break
            if one["msg_type"] not in _ASIDE:
                shown.append({"type": one["msg_type"], "content": one["content"]})
        return {"reply": _plain(_reply(client, message)["content"]), "outputs": _joined(shown)}


def _environment(mode: Mode, folder: Path) -> dict[str, str]:
    environment = {
        **os.environ,
        HOME_VARIABLE: str(folder / "mlops"),
        "IPYTHONDIR": str(folder / "ipython"),
        "PYTHONHASHSEED": "0",
        "MPLCONFIGDIR": os.environ.get("MPLCONFIGDIR", str(folder.parent / "matplotlib")),
        SWITCH_VARIABLE: "off" if mode == "off" else "on",
    }
    if mode == "listened to":
        environment |= Starter(os.getpid(), listens=True).environment()
    if mode == "absent":
        hidden = folder / "hidden" / "jupyter_mlops"
        hidden.mkdir(parents=True, exist_ok=True)
        (hidden / "__init__.py").write_text("raise ImportError('not installed')\n")
        environment["PYTHONPATH"] = str(hidden.parent)
    return environment


def _reply(client: BlockingKernelClient, message: str) -> dict[str, Any]:
    # A slow start leaves answers to earlier questions.
    while True:
        reply: dict[str, Any] = client.get_shell_msg(timeout=LIMIT_S)
        if reply["parent_header"].get("msg_id") == message:
            return reply


def _answer(client: BlockingKernelClient) -> None:
    try:
        client.get_stdin_msg(timeout=0)
    except Empty:  # the cell asks for nothing
        return
    client.input("answered")


def _joined(shown: list[dict[str, Any]]) -> list[Any]:
    """Join the texts of each stream between two other outputs, in lines.

    When a stream's text is sent, and which of two streams is first, is decided by the clock.
    """
    found: list[Any] = []
    streams: dict[str, str] = {}

    def end_streams() -> None:
        found.extend(
            {"stream": name, "text": _plain(text.splitlines())}
            for name, text in sorted(streams.items())
        )
        streams.clear()

    for one in shown:
        content = one["content"]
        if one["type"] == _STREAM:
            streams[content["name"]] = streams.get(content["name"], "") + content["text"]
            continue
        end_streams()
        found.append({one["type"]: _plain(content)})
    end_streams()
    return found


def _plain(value: Any) -> Any:
    """Return JSON with the noise masked, texts in lines."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items() if key not in _IDENTITIES}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, str):
        for pattern, mask in _NOISE:
            value = pattern.sub(mask, value)
        return value.split("\n") if "\n" in value else value
    return value


def _state(client: BlockingKernelClient) -> dict[str, Any]:
    message = client.execute("", silent=True, user_expressions={"found": _LOOK})
    reply = _reply(client, message)
    answer = reply["content"]["user_expressions"]["found"]
    assert answer["status"] == "ok", answer
    found: dict[str, Any] = json.loads(ast.literal_eval(answer["data"]["text/plain"]))
    found["state"] = _plain(found["state"])
    return found

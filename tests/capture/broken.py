"""Capture broken on purpose at every statement, in a real kernel: no cell may show it.

``python -m tests.capture.broken N SEED`` breaks it ``N`` times, or everywhere with ``N`` 0: at
each statement that the cells reach, with each kind of exception, once and each time.
"""

from __future__ import annotations

import ast
import itertools
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager

import jupyter_mlops
from jupyter_mlops import journal, settings
from tests.capture.injector import KINDS

LIMIT_S = 60
CELLS = (
    "import numpy as np, pandas as pd, random, os\nprint('a'); 1 + 1",
    "frame = pd.DataFrame({'x': [1.0, 2.0], 'y': ['a', 'b']}); array = np.arange(5.0); lr = 0.1",
    "open('f.txt', 'w').write('x'); text = open('f.txt').read(); text",
    "score = random.random() < 2; np.random.rand(2).shape",
    "1 / 0",
    "display('shown', display_id='d'); print('b'); import sys; sys.stderr.write('err')",
    "%%capture told\nprint('hidden')",
    "get_ipython().run_cell('print(5)').result",
    "def f(n): return n * lr\nclass A:\n    b = f(2)\nfor i in range(3): last = A.b + i\nlast",
    "broken(",
    "frame.loc[0, 'x'] = 5.0; alias = frame; values = [n for n in (1, (2, [3]))]; frame.shape",
    "open('f.txt', 'w').close(); os.rename('f.txt', 'g.txt'); os.remove('g.txt')",
    "frame.to_csv('t.csv'); again = pd.read_csv('t.csv'); len(again)",
    "%%mlops skip\nprint('skipped')",
    "exec('made = 1'); del made",
)
OFF = "capture switched itself off for the rest of this session"
# Where a fault keeps the session's first line, and so each notice, from being written; a server
# tells of the silence then.
PACKAGE = Path(jupyter_mlops.__file__).parent
WRITES = {path.name for room in ("journal", "redaction") for path in (PACKAGE / room).glob("*.py")}
WRITES |= {"session.py", "secrets.py", "environment.py", "events.py", "metadata.py"}
# Whether the next cell is what it was, too.
AFTER = "print('after'); 2 + 2"
_NOISE = re.compile(
    r"0x[0-9a-f]+|(?:Cell )?In\[\d+\]|ipykernel_\d+|<ipython-input-\d+|'execution_count': \d+"
)


class Broken:
    """One kernel in which capture is broken again and again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        startup = folder / "ipython" / "profile_default" / "startup"
        startup.mkdir(parents=True)
        path = Path(__file__).parent / "injector.py"
        (startup / "00-injector.py").write_text(
            "def _break():\n"
            "    import importlib.util, sys\n"
            f"    spec = importlib.util.spec_from_file_location('mlops_injector', {str(path)!r})\n"
            "    module = importlib.util.module_from_spec(spec)\n"
            "    sys.modules['mlops_injector'] = module; spec.loader.exec_module(module)\n"
            "    module.install()\n"
            "_break(); del _break\n"
        )
        environment = {
            **os.environ,
            settings.HOME_VARIABLE: str(folder / "mlops"),
            "IPYTHONDIR": str(folder / "ipython"),
        }
        work = folder / "work"
        work.mkdir()
        self.is_closed = False
        self._told = (folder / "told").open("wb")
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(
            env=environment,
            cwd=str(work),
            stdout=self._told,
            stderr=self._told,
            extra_arguments=["--InteractiveShell.cache_size=10000000"],
        )
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=LIMIT_S)
        self._ask("globals().update(display=__import__('IPython').display.display)")

    def close(self) -> None:
        if self.is_closed:
            return
        self.is_closed = True
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.context.destroy()
        self._told.close()

    def told(self) -> str:
        """Return what was written past the kernel's own streams."""
        lines = (self._folder / "told").read_text().splitlines()
        return "\n".join(line for line in lines if "[IPKernelApp] WARNING" not in line)

    def run(self, source: str) -> str:
        """Execute a cell and return all that it showed and was answered."""
        shown: list[Any] = []

        def take(message: dict[str, Any]) -> None:
            kind, content = message["msg_type"], message["content"]
            if kind == "stream" and shown and shown[-1][0] == content["name"]:
                shown[-1][1] += content["text"]
            elif kind == "stream":
                shown.append([content["name"], content["text"]])
            elif kind not in ("status", "execute_input"):
                shown.append([kind, content])

        reply = self.client.execute_interactive(
            source, timeout=LIMIT_S, output_hook=take, allow_stdin=False, stop_on_error=False
        )
        reply["content"].pop("engine_info", None)
        streams = sorted(one for one in shown if one[0] in ("stdout", "stderr"))
        rest = [one for one in shown if one[0] not in ("stdout", "stderr")]
        return _NOISE.sub("…", repr([streams, rest, reply["content"]]))

    def _ask(self, expression: str) -> Any:
        reply = self.client.execute(
            "", silent=True, reply=True, timeout=LIMIT_S, user_expressions={"value": expression}
        )
        answer = reply["content"]["user_expressions"]["value"]
        assert answer["status"] == "ok", answer
        return ast.literal_eval(answer["data"]["text/plain"])

    def injector(self, call: str) -> Any:
        return self._ask(f"__import__('sys').modules['mlops_injector'].injector.{call}")

    def said(self) -> int:
        """Count the notices that capture switched itself off."""
        return notices(self._folder)[OFF]

    def said_so(self, before: int) -> bool:
        """Tell whether one came since; a full buffer of the system needs no moment for it."""
        return self.said() > before

    def baseline(self) -> tuple[list[str], dict[str, list[int]]]:
        """Return what the cells show, and at which of them each statement is reached."""
        for cell in (*CELLS, AFTER):  # what is imported but once is done with
            self.run(cell)
        reached: dict[str, list[int]] = {}
        shown = []
        for number, cell in enumerate(CELLS):
            self.injector("renew()")
            self.injector("reached.clear()")
            shown.append(self.run(cell))
            self.run(AFTER)
            for step in self.injector("names()").split():
                reached.setdefault(step, []).append(number)
        self.injector("renew()")
        shown.append(self.run(AFTER))
        return shown, reached


def breaking(
    broken: Broken, shown: Sequence[str], number: int, at: str, kind: str, times: int
) -> list[str]:
    """Break capture at one statement during one cell, and return what can be noticed of it."""
    broken.injector("renew()")
    before = broken.said()
    broken.injector(f"arm({at!r}, {kind!r}, {times})")
    problems = []
    interrupted = kind == "KeyboardInterrupt"
    # The second time each cell is broken as well, and the third time capture is off.
    for place in (number, -1) if times == 1 else (number, -1, -1, -1):
        cell = (*CELLS, AFTER)[place]
        now = broken.run(cell)
        if now != shown[place] and not (interrupted and "KeyboardInterrupt" in now):
            problems.append(f"{cell!r} showed {now}, and not {shown[place]}")
        # An interrupt hits the beginning of the function that is called next. No guard is around
        # that of the audit hook, which is called all the time; it is around all others.
        inside = now.replace("mlops/capture/files/reads.py", "") if interrupted else now
        if "mlops/" in inside or "mlops_injector" in inside:
            problems.append(f"{cell!r} shows frames of ours: {now}")
    state = broken.injector("state()")
    expected = [not state["off"]] * 3
    if state["raised"] and state["hooked"] != expected:
        problems.append(f"half off: {state}")
    if state["off"] and state["listens"]:
        problems.append(f"off, and listens still: {state}")
    if state["off"] and at.partition(":")[0] not in WRITES and not broken.said_so(before):
        problems.append(f"off, without a notice: {state}")
    return problems


def notices(folder: Path) -> Counter[str]:
    """Count what the journals say of faults."""
    return Counter(
        event["what"]
        for path in (folder / "mlops" / "journals").glob("*.jsonl")
        for event in journal.read(path).events
        if event["type"] == "notice"
    )


def campaign(count: int, seed: int, folder: Path) -> tuple[int, list[str], Counter[str]]:
    """Break capture `count` times (0: everywhere); return how often, and what was noticed."""
    broken = Broken(folder)
    try:
        shown, reached = broken.baseline()
        assert len(reached) > 500, "the statements were not found"
        every = list(itertools.product(sorted(reached), KINDS, (1, 1000)))
        chosen = random.Random(seed).sample(every, min(count or len(every), len(every)))
        problems = []
        for at, kind, times in chosen:
            number = random.Random(f"{seed} {at} {kind}").choice(reached[at])
            try:
                found = breaking(broken, shown, number, at, kind, times)
            except TimeoutError:
                found = [f"{CELLS[number]!r} was not answered: {broken.told()}"]
                broken.close()
            problems += [f"{kind} at {at}, {times} times: {one}" for one in found]
            if broken.is_closed:
                return len(chosen), problems, notices(folder)
        told = broken.told()
        if told:
            problems.append(f"written past the streams: {told}")
        return len(chosen), problems, notices(folder)
    finally:
        broken.close()


if __name__ == "__main__":
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        done, noticed, said = campaign(int(sys.argv[1]), int(sys.argv[2]), Path(scratch))
    print(*noticed, sep="\n")
    print(
        f"{done} faults in {time.monotonic() - began:.0f} s; noticed: {len(noticed)}; {dict(said)}"
    )
    sys.exit(bool(noticed))

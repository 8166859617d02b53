"""The peers, in an environment of their own that ``make bench`` makes of ``peers.txt``.

Without it a benchmark measures all but them and says so: they need the network once.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

PYTHON = Path(os.environ.get("PEERS", Path(__file__).parents[1] / ".venv" / "peers")) / "bin/python"


class Peer:
    """A process of the peers' interpreter that measures one call of theirs when told to.

    Parameters
    ----------
    script
        A file of this folder; it prints a line when it is ready, and after each line of
        input the seconds that the call took.
    folder
        Where it may write.
    """

    def __init__(self, script: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        self._process = subprocess.Popen(
            [PYTHON, Path(__file__).with_name(script), folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=environment,
            text=True,
        )
        self._answer()

    def measure(self) -> float:
        """Return the seconds of one call."""
        assert self._process.stdin is not None
        print(file=self._process.stdin, flush=True)
        return float(self._answer())

    def stop(self) -> None:
        """End the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()

    def _answer(self) -> str:
        output: IO[str] | None = self._process.stdout
        assert output is not None
        line = output.readline()
        if not line:
            raise SystemExit(f"the peer ended: {self._process.args!r}")
        return line


def peer(script: str, folder: Path) -> Peer | None:
    """Start a peer; ``None``, said on stderr, if the environment of the peers is missing."""
    if not PYTHON.exists():
        print(f"{script}: no peers in {PYTHON.parent.parent}; see `make bench`", file=sys.stderr)
        return None
    return Peer(script, folder)

"""The command line at a real terminal: what it draws there, and what Ctrl-C does."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

from jupyter_mlops.settings import Settings
from tests.test_cli import COMMAND, saved


def test_on_a_terminal_the_progress_is_a_bar(home: Settings, tmp_path: Path) -> None:
    notebook = saved(tmp_path / "train.ipynb", "lr = 0.1", "print(lr)", "score = lr * 2")
    main, terminal = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "run", str(notebook), "--json"], stdout=subprocess.PIPE, stderr=terminal
    )
    os.close(terminal)
    drawn = b""
    # The terminal's end reads as an error on Linux.
    with contextlib.suppress(OSError):
        while block := os.read(main, 4096):
            drawn += block
    out, _ = process.communicate(timeout=60)
    os.close(main)
    assert json.loads(out)["status"] == "completed"
    assert "run train.ipynb: 100%" in drawn.decode()
    assert "3/3" in drawn.decode()
    # It clears itself away.
    assert drawn.decode().rstrip("\r").endswith(" ")


# Makes standard input the terminal of the session that it leads, which is where Ctrl-C ends up.
OWN_TERMINAL = (
    "import os, sys; os.open(os.ttyname(0), os.O_RDWR); os.execv(sys.argv[1], sys.argv[1:])"
)


@contextlib.contextmanager
def at_a_terminal(*words: object) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Start the command line at a terminal of its own; gives it and the terminal's other end."""
    main, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", OWN_TERMINAL, *COMMAND, *map(str, words)],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        env={name: value for name, value in os.environ.items() if name != "CI"},
    )
    try:
        yield process, main
    finally:
        process.kill()
        process.wait()
        os.close(main)
        os.close(terminal)


def read_until(main: int, text: str) -> str:
    """Read what a terminal shows, up to `text`."""
    shown = ""
    deadline = time.monotonic() + 60
    while text not in shown:
        ready, _, _ = select.select([main], [], [], deadline - time.monotonic())
        assert ready, shown
        shown += os.read(main, 4096).decode()
    return shown


def test_ctrl_c_ends_the_question_for_a_secret(home: Settings, tmp_path: Path) -> None:
    mark = f"[redacted hmac-sha256:{'0' * 64}]"
    path = saved(tmp_path / "secret.ipynb", f'api_key = "{mark}"')
    with at_a_terminal("run", path) as (process, main):
        read_until(main, "api_key (cell 1): ")
        os.write(main, b"\x03")
        shown = read_until(main, "interrupted")
        assert process.wait(timeout=60) == 1
        assert "stopping" not in shown, "there is nothing yet to stop"
        assert termios.tcgetattr(main)[3] & termios.ECHO, "what is typed is seen again"


def test_ctrl_c_at_the_question_about_data_is_no_answer(home: Settings, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a\n1\n")
    path = saved(tmp_path / "reads.ipynb", "text = open('data.csv').read()")
    with at_a_terminal("run", path) as (process, main):
        read_until(main, "[y/N] ")
        os.write(main, b"\x03")
        read_until(main, " completed, took ")
        assert process.wait(timeout=60) == 0

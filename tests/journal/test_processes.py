"""Whether a process lives, as far as that can be known."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

from jupyter_mlops.journal import is_alive, this_process


def test_a_process_lives_until_it_ends() -> None:
    code = "import sys, json; from dataclasses import asdict; from jupyter_mlops import journal\n"
    code += "print(json.dumps(asdict(journal.this_process())), flush=True); sys.stdin.read()"
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None and child.stdin is not None
    with child:
        process = replace(this_process(), **json.loads(child.stdout.readline()))
        assert process.pid == child.pid
        assert is_alive(process) is True
        child.stdin.close()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        # Ended, and its parent has not asked how: a zombie does not live.
        assert is_alive(process) is False
    assert is_alive(process) is False


def test_only_what_can_be_known_is_said_of_a_process() -> None:
    here = this_process()
    assert is_alive(here) is True
    assert is_alive(replace(here, host="elsewhere")) is None
    assert is_alive(replace(here, boot_id="before the last restart")) is False
    assert here.started_ticks is not None
    # The number is in use, by a process that started at another time.
    assert is_alive(replace(here, started_ticks=here.started_ticks + 1)) is False

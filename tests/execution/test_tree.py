from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil

from jupyter_mlops.execution import tree
from tests.execution.documents import are_dead, numbers

_SLEEP = "import os, time; open({path!r}, 'a').write(f'{{os.getpid()}} '); time.sleep(600)"


def test_only_the_given_processes_end(tmp_path: Path) -> None:
    path = str(tmp_path / "pids")
    children = [
        subprocess.Popen([sys.executable, "-c", _SLEEP.format(path=path)]) for _ in range(2)
    ]
    numbers(tmp_path / "pids", 2)
    tree.end([psutil.Process(children[0].pid)], patience_s=2)
    assert are_dead([children[0].pid]) and children[1].poll() is None
    tree.end_descendants(os.getpid(), patience_s=2)
    assert are_dead([children[1].pid])
    for child in children:
        child.wait()
    tree.end_descendants(os.getpid())


def test_a_reused_process_id_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "pids"
    child = subprocess.Popen([sys.executable, "-c", _SLEEP.format(path=str(path))])
    numbers(path, 1)
    remembered = psutil.Process(child.pid)
    # As if the id had belonged to an older process when it was remembered.
    remembered._ident = (child.pid, remembered.create_time() - 100)
    tree.end([remembered], patience_s=0.2)
    assert child.poll() is None
    child.kill()
    child.wait()


def test_an_adopter_keeps_grandchildren_whose_parent_ended(tmp_path: Path) -> None:
    path = str(tmp_path / "pids")
    code = textwrap.dedent(f"""
        import os, subprocess, sys, time
        from jupyter_mlops.execution import tree
        assert tree.adopt_orphans()
        middle = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[1]])"
        subprocess.run([sys.executable, "-c", middle, {_SLEEP.format(path=path)!r}])
        while not (os.path.exists({path!r}) and os.path.getsize({path!r})):
            time.sleep(0.05)
        print(len(tree.descendants(os.getpid())))
        tree.end_descendants(os.getpid())
        print(len(tree.descendants(os.getpid())))
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n0\n"
    assert are_dead(numbers(tmp_path / "pids", 1))


def test_marked_processes_are_found_by_their_mark_alone(tmp_path: Path) -> None:
    path = tmp_path / "pids"
    command = [sys.executable, "-c", _SLEEP.format(path=str(path))]
    children = [
        subprocess.Popen(command, env={**os.environ, "MLOPS_TEST_MARK": value})
        for value in ("one", "two")
    ]
    numbers(path, 2)
    found = tree.marked("MLOPS_TEST_MARK", "one")
    assert {process.pid for process in found} == {children[0].pid}
    for child in children:
        child.kill()
        child.wait()

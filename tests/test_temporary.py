"""Temporary folders: private, removed after a kill, and left to whoever still lives."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from jupyter_mlops import journal, temporary

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there nothing is collected")

_OWNS = """
import sys
from jupyter_mlops import temporary
made = [temporary.Folder(kind) for kind in sys.argv[1:]]
for one in made:
    (one.path / "deep").mkdir()
    (one.path / "deep" / "secret").write_text("x")
print(*(one.path for one in made), flush=True)
sys.stdin.read()
"""
_HOLDS = """
import sys
from pathlib import Path
from jupyter_mlops import temporary
held = temporary.hold(Path(sys.argv[1]))
print(held is not None, flush=True)
sys.stdin.read()
"""


_ENDS = ("book", "books", "s")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let temporary folders be made in a folder of the test's own."""
    found = tmp_path / "temporary"
    found.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(found))
    monkeypatch.setenv("TMPDIR", str(found))
    return found


def collect(limit_s: float = float("inf")) -> int:
    """Collect what a test made, and nothing of others."""
    return temporary.collect(limit_s, [tempfile.gettempdir()])


def start(code: str, *words: str) -> tuple[subprocess.Popen[str], list[str]]:
    """Start a process, and return it with what it says first."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().split()


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    assert process.wait() == -signal.SIGKILL
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        pipe.close()


def test_what_a_killed_process_left_is_removed_and_before_that_nothing(place: Path) -> None:
    process, said = start(_OWNS, "sandbox", "secrets")
    folders = [Path(one) for one in said]
    assert collect() == 0
    assert all((one / "deep" / "secret").exists() for one in folders)
    kill(process)
    assert collect(limit_s=-1.0) == 0, "the next collection goes on"
    assert collect() == 2
    assert list(place.iterdir()) == []


def test_what_may_hold_secrets_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    process, _ = start(_OWNS, "sandbox", "job", "unwritable", "secrets")
    kill(process)
    removed: list[str] = []
    really = temporary.remove

    def remove(folder: Path) -> None:
        removed.append(folder.name.split("-")[1])
        really(folder)

    monkeypatch.setattr(temporary, "remove", remove)
    assert collect() == 4
    assert removed == ["secrets", "job", "unwritable", "sandbox"]


def test_a_folder_that_another_process_works_in_stays(place: Path) -> None:
    process, (name,) = start(_OWNS, "job")
    user, (held,) = start(_HOLDS, name)
    assert held == "True"
    kill(process)
    assert collect() == 0 and Path(name).is_dir()
    kill(user)
    assert collect() == 1


def test_a_number_that_was_given_again_fools_nobody(place: Path) -> None:
    here = journal.this_process()
    assert here.started_ticks is not None
    cases = {
        # Another process had our number, and this is not it.
        "mlops-job-reused00": replace(here, started_ticks=here.started_ticks - 1),
        # Ours, a container's or another machine's, and of what is not there yet.
        "mlops-job-living00": here,
        "mlops-job-elsewher": replace(here, host="another", pid=1, started_ticks=1),
    }
    for name, owner in cases.items():
        (place / name).mkdir(mode=0o700)
        (place / name / temporary.OWNER).write_text(json.dumps(asdict(owner)))
    (place / "mlops-job-unfinish").mkdir()
    (place / "mlops-job-unfinish" / temporary.OWNER).write_text('{"pid": 1')
    assert collect() == 1
    assert sorted(one.name for one in place.iterdir()) == [
        "mlops-job-elsewher", "mlops-job-living00", "mlops-job-unfinish",
    ]  # fmt: skip


def test_nothing_of_others_is_touched(place: Path, tmp_path: Path) -> None:
    process, (name,) = start(_OWNS, "job")
    kill(process)
    mine = tmp_path / "mine"
    Path(name).rename(mine)
    (place / "mlops-job-link0000").symlink_to(mine)
    (place / "mlops-job-file0000").write_text("x")
    (place / "mlops-job-theirs00").mkdir()
    (place / "mlops-job-theirs00" / "content").write_text("x")
    old = time.time() - 7200
    os.utime(place / "mlops-job-theirs00", (old, old))
    (place / "mlops-job-pipe0000").mkdir(mode=0o700)
    os.mkfifo(place / "mlops-job-pipe0000" / temporary.OWNER)  # nobody is waited for
    # Whoever was killed before it wrote its name down left nothing else.
    (place / "mlops-secrets-young000").mkdir(mode=0o700)
    (place / "mlops-secrets-nameless").mkdir(mode=0o700)
    # What a user made is empty as well, and has another name, or is open to others.
    (place / "mlops-job-notes").mkdir(mode=0o700)
    (place / "mlops-job-notebooks").mkdir(mode=0o700)
    (place / "mlops-job-notebook").mkdir()
    (place / "mlops-job-notebook").chmod(0o755)
    for one in ("mlops-secrets-nameless", *(f"mlops-job-note{end}" for end in _ENDS)):
        os.utime(place / one, (old, old))
    assert collect() == 1
    assert (mine / "deep" / "secret").exists()
    assert sorted(one.name for one in place.iterdir()) == [
        "mlops-job-file0000", "mlops-job-link0000",
        *(f"mlops-job-note{end}" for end in _ENDS),
        "mlops-job-pipe0000", "mlops-job-theirs00", "mlops-secrets-young000",
    ]  # fmt: skip


def test_of_several_collections_at_once_one_removes_a_folder(place: Path) -> None:
    process, _ = start(_OWNS, *["job"] * 20)
    kill(process)
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(collect())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 20 and list(place.iterdir()) == []


def test_a_collection_that_comes_second_touches_nothing(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    process, (name,) = start(_OWNS, "job")
    kill(process)
    really = fcntl.flock
    first: list[int] = []

    def flock(descriptor: int, operation: int) -> None:
        if not first:  # after this one has opened the owner's name, before it holds it
            first.append(0)
            first.append(collect())
            Path(name).mkdir()
            (Path(name) / "content").write_text("x")
        really(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    assert collect() == 0
    assert first == [0, 1]
    assert [one.name for one in Path(name).iterdir()] == ["content"]


def _made(place: Path) -> int | None:
    return temporary.Folder("job", str(place))._hold


def _held(place: Path) -> int | None:
    folder = place / "mlops-job-abcd1234"
    folder.mkdir()
    (folder / temporary.OWNER).touch()
    return temporary.hold(folder)


@pytest.mark.parametrize("begin", [_made, _held])
def test_a_collection_that_looks_just_then_leaves_nobody_without_a_lock(
    place: Path, monkeypatch: pytest.MonkeyPatch, begin: Callable[[Path], int | None]
) -> None:
    import fcntl

    really = fcntl.flock
    looked: list[Path] = []

    def flock(descriptor: int, operation: int) -> None:
        if looked:
            return really(descriptor, operation)
        looked.extend(place.glob(f"*/{temporary.OWNER}"))
        with looked[0].open() as looking:
            really(looking, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return really(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    descriptor = begin(place)
    assert descriptor is not None
    with looked[0].open() as other, pytest.raises(BlockingIOError):
        really(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(descriptor)


@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_it_is_private_under_any_umask_and_removed_at_the_end(place: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        made = temporary.Folder("secrets")
    finally:
        os.umask(before)
    assert made.path.stat().st_mode & 0o777 == 0o700
    assert (made.path / temporary.OWNER).stat().st_mode & 0o777 == 0o600
    made.remove()
    assert list(place.iterdir()) == []


def test_a_removal_that_was_cut_off_is_taken_up_again(place: Path) -> None:
    process, (name,) = start(_OWNS, "sandbox")
    kill(process)
    code = (
        "import os, shutil, signal, sys; from pathlib import Path;"
        "from jupyter_mlops import temporary;"
        "shutil.rmtree = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL);"
        "temporary.remove(Path(sys.argv[1]))"
    )
    done = subprocess.run([sys.executable, "-c", code, name], check=False)
    assert done.returncode == -signal.SIGKILL
    assert collect() == 1 and list(place.iterdir()) == []

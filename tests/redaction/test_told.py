"""A kernel that outlives its server tells nothing to whoever takes the server's place."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from jupyter_mlops.redaction.told import Teller

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")

_SOMEBODY = 65_534


@pytest.fixture
def ends() -> Iterator[ExitStack]:
    """Close what a test listens with."""
    with ExitStack() as found:
        yield found


def _listen(folder: Path, ends: ExitStack) -> tuple[Path, int]:
    """Make a folder with a pipe as a server does, and listen to it."""
    folder.mkdir(mode=0o700)
    pipe = folder / "secrets"
    os.mkfifo(pipe, 0o600)
    descriptor = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    ends.callback(os.close, descriptor)
    return pipe, descriptor


def _heard(descriptor: int) -> bytes:
    return os.read(descriptor, 4096)


def _their_pipe(pipe: Path) -> None:
    os.chown(pipe, _SOMEBODY, _SOMEBODY)


def _their_folder(pipe: Path) -> None:
    os.chown(pipe.parent, _SOMEBODY, _SOMEBODY)


def _open_folder(pipe: Path) -> None:
    pipe.parent.chmod(0o777)


def _open_pipe(pipe: Path) -> None:
    pipe.chmod(0o644)


def _link_to_folder(pipe: Path) -> None:
    elsewhere = pipe.parent.with_name("elsewhere")
    pipe.parent.rename(elsewhere)
    pipe.parent.symlink_to(elsewhere)


def _link_to_pipe(pipe: Path) -> None:
    pipe.rename(pipe.with_name("other"))
    pipe.symlink_to("other")


@pytest.mark.parametrize(
    "changed",
    [_their_pipe, _their_folder, _open_folder, _open_pipe, _link_to_folder, _link_to_pipe],
)
def test_a_pipe_that_others_may_have_made_is_told_nothing(
    tmp_path: Path, ends: ExitStack, changed: Callable[[Path], None]
) -> None:
    if changed in (_their_pipe, _their_folder) and os.geteuid() != 0:
        pytest.skip("only root may give a file away")
    pipe, descriptor = _listen(tmp_path / "mlops-secrets-abcd1234", ends)
    teller = Teller(str(pipe), "k")
    teller.tell(["first-secret-1"])
    assert b"first-secret-1" in _heard(descriptor)

    changed(pipe)
    teller.tell(["hunter2-opqr-4711"])

    assert _heard(descriptor) == b""
    assert teller.waiting == [("value", "hunter2-opqr-4711")]


def test_a_folder_that_is_swapped_for_another_one_meanwhile_is_told_nothing(
    tmp_path: Path, ends: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mlops-secrets-abcd1234"
    pipe, mine = _listen(folder, ends)
    taken: list[int] = []
    really = os.fstat

    def fstat(descriptor: int) -> os.stat_result:
        found = really(descriptor)
        if stat.S_ISDIR(found.st_mode) and not taken:
            folder.rename(tmp_path / "moved")
            taken.append(_listen(folder, ends)[1])
        return found

    with monkeypatch.context() as patched:
        patched.setattr(os, "fstat", fstat)
        Teller(str(pipe), "k").tell(["hunter2-opqr-4711"])

    assert _heard(taken[0]) == b""
    assert b"hunter2-opqr-4711" in _heard(mine)

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_mlops.capture.files import watch
from jupyter_mlops.capture.files.watch import Use, Watch

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="only Linux tells")


def _everything(path: str) -> bool:
    return True


def test_it_tells_reading_from_changing(tmp_path: Path) -> None:
    for name in ("read", "changed", "both"):
        (tmp_path / name).write_text("x")
    watching = Watch(_everything)
    assert watching.open()
    watching.add(str(tmp_path))
    (tmp_path / "read").read_text()
    (tmp_path / "changed").write_text("y")
    (tmp_path / "changed").read_text()
    (tmp_path / "both").read_text()
    (tmp_path / "both").write_text("y")
    (tmp_path / "a.ipynb").write_text("an editor's")
    (tmp_path / "a.db-wal").write_text("a database's")
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    (tmp_path / "folder" / "inner" / "new").write_text("x")
    found = {os.path.relpath(path, tmp_path): use for path, use in watching.take().items()}
    assert found == {
        "read": Use(read=True),
        "changed": Use(changed=True),
        "both": Use(read=True, changed=True),
        "folder/inner/new": Use(changed=True),
    }
    # A folder that was made meanwhile is watched from then on.
    (tmp_path / "folder" / "inner" / "new").read_text()
    assert list(watching.take().values()) == [Use(read=True)]
    watching.close()
    (tmp_path / "read").read_text()
    assert (watching.take(), watching.is_open) == ({}, False)


def test_more_folders_than_the_limit_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "FOLDERS_LIMIT", 2)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    watching = Watch(_everything)
    watching.open()
    watching.add(str(tmp_path))
    assert watching.is_partial
    watching.close()

"""The texts of the user's own modules are told, each once, and without secrets."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from jupyter_mlops.capture.files import modules
from jupyter_mlops.capture.files.modules import Modules
from jupyter_mlops.events import NotSeen
from jupyter_mlops.fingerprints.files import content as hashing
from jupyter_mlops.fingerprints.hashing import ALGORITHM
from jupyter_mlops.records import DataUse
from tests.capture.conftest import Kernel

TOKEN = "ghp_" + "a1B2c3D4e5F6" * 3


def digest_of(content: bytes) -> str:
    hashed = hashing(ALGORITHM)
    assert hashed is not None
    hashed.bulk(content)
    return hashed.text()


def use(path: str, content: bytes) -> DataUse:
    return DataUse("file", None, path, "import", None, digest_of(content), size_bytes=len(content))


def test_modules_scripts_and_reloads_are_kept(kernel: Kernel, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    (folder / "tools").mkdir()
    (folder / "tools" / "__init__.py").write_text("from tools.inner import double\n")
    inner = folder / "tools" / "inner.py"
    inner.write_text(f"token = {TOKEN!r}\ndef double(x):\n    return 2 * x\n")
    (folder / "script.py").write_text("done = 1\n")
    kernel.run("import tools")
    kernel.run("%run script.py")
    kernel.run("%run script.py")
    kernel.run("%load_ext autoreload\n%autoreload 2")
    inner.write_text("def double(x):\n    return x + x\n")
    later = time.time() + 10  # whatever the clock of the file system can tell apart
    os.utime(inner, (later, later))
    kernel.run("tools.double(2)")
    (folder / "script.py").write_text("done = 2\n")
    kernel.run("%run script.py")
    told = [cell.modules or {} for cell in kernel.finished()]
    first, second = sorted(told[0].values())
    assert first == "from tools.inner import double\n"
    assert TOKEN not in second
    assert second.endswith("\ndef double(x):\n    return 2 * x\n")
    assert told[1] == {digest_of(b"done = 1\n"): "done = 1\n"}
    assert told[2] == {}
    assert list(told[4].values()) == [inner.read_text()]
    assert told[5] == {digest_of(b"done = 2\n"): "done = 2\n"}
    for cell, found in zip(kernel.finished(), told, strict=True):
        assert found.keys() <= {use.digest for use in cell.data if use.access == "import"}
    assert all(cell.unseen == () for cell in kernel.finished())


def test_only_text_that_is_still_there_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Modules(str(tmp_path))
    unseen: list[NotSeen] = []
    latin = "# -*- coding: latin-1 -*-\nname = 'é'\n".encode("latin-1")
    for name, content in (("a.py", latin), ("b.so", b"x"), ("gone.py", b"y"), ("bad.py", b"\xff")):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "gone.py").write_bytes(b"other")
    uses = [use("a.py", latin), use("b.so", b"x"), use("gone.py", b"y"), use("bad.py", b"\xff")]
    assert known.texts(uses, unseen) == {digest_of(latin): latin.decode("latin-1")}
    assert [one.what for one in unseen] == ["the text of gone.py", "the text of bad.py"]
    assert known.texts(uses[:1], unseen) == {}
    monkeypatch.setattr(modules, "MODULE_BYTES", 3)
    for name in ("c.py", "d.py"):
        (tmp_path / name).write_bytes(name.encode()[:1] * 2)
    unseen.clear()
    assert list(known.texts([use("c.py", b"cc"), use("d.py", b"dd")], unseen).values()) == ["cc"]
    assert [one.what for one in unseen] == ["the text of d.py"]

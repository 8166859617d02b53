from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_mlops import temporary
from jupyter_mlops.errors import NeedsInPlaceError
from jupyter_mlops.execution import confine
from jupyter_mlops.records import CellExecution, DataUse, Run
from jupyter_mlops.reproduction import sandbox
from tests.reproduction.builders import run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / "notebooks"
    for name in ("data", ".git", ".venv/lib", "out", "sub/__pycache__"):
        (folder / name).mkdir(parents=True)
    for name in ("n.ipynb", "data/train.csv", ".git/HEAD", ".venv/lib/x.py", "out/model.bin"):
        (folder / name).write_text(name)
    (folder / "sub/__pycache__/x.pyc").write_text("")
    (tmp_path / "project" / "raw").mkdir()
    (tmp_path / "project" / "raw" / "all.csv").write_text("raw")
    (tmp_path / "project" / "raw" / "beside.csv").write_text("beside")
    (tmp_path / "project" / "huge").mkdir()
    return folder


def digest(folder: Path) -> dict[str, str]:
    """Return a digest of each file, link and mode below `folder`."""
    found = {}
    for path in sorted(folder.rglob("*")):
        content = b"" if path.is_dir() or path.is_symlink() else path.read_bytes()
        state = (
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
            hashlib.sha256(content).hexdigest(),
        )
        found[str(path)] = repr(state)
    return found


def _used(*uses: tuple[str, str]) -> Run:
    cells = enumerate(uses)
    data = tuple(DataUse("file", None, path, access, at, "x:1") for at, (access, path) in cells)  # type: ignore[arg-type]
    return run(data=data)


def _names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def test_the_folder_is_copied_without_what_tools_made_and_removed_afterwards(project: Path) -> None:
    before = digest(project.parent)
    with sandbox.copied(sandbox.plan(_used(), project, [])) as place:
        assert place.cwd.name == "notebooks" and project not in place.cwd.parents
        assert _names(place.cwd) == {"n.ipynb", "data/train.csv", "out/model.bin"}
        copied = place.cwd / "data" / "train.csv"
        assert copied.stat().st_mtime_ns == (project / "data/train.csv").stat().st_mtime_ns
        copied.write_text("changed")
        (place.cwd / "n.ipynb").unlink()
        (place.cwd / "closed").mkdir(mode=0o500)
        copy = place.cwd
    assert not copy.parent.exists()
    assert digest(project.parent) == before


def test_a_tool_s_folder_is_copied_if_the_run_read_in_it(project: Path) -> None:
    with sandbox.copied(sandbox.plan(_used(("read", ".git/HEAD")), project, [])) as place:
        assert (place.cwd / ".git/HEAD").exists() and not (place.cwd / ".venv").exists()


def test_folders_of_tools_in_the_folder_are_left_out_and_may_be_written(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(project))
    (project / ".cache" / "fonts").mkdir(parents=True)
    with sandbox.copied(sandbox.plan(_used(), project, [])) as place:
        assert not (place.cwd / ".cache").exists()
        assert place.writable is None or str(project / ".cache") in place.writable


def test_what_was_read_beside_the_folder_stands_beside_the_copy(project: Path) -> None:
    made = sandbox.plan(_used(("read", str(project.parent / "raw/all.csv"))), project, [])
    with sandbox.copied(made) as place:
        assert (place.cwd / "../raw/all.csv").read_text() == "raw"
        assert (place.cwd / "../raw/beside.csv").exists()
        assert not (place.cwd / "../huge").exists()
        assert place.folders[0] == (str(place.cwd.parent), str(project.parent.resolve()))


def test_the_sandbox_s_temporary_folder_stands_for_the_system_s(tmp_path: Path) -> None:
    folder = tmp_path / "tmp"
    folder.mkdir()
    (folder / "x").write_text("x")
    with sandbox.copied(sandbox.plan(_used(), folder, [])) as place:
        own = dict(place.variables)["TMPDIR"]
        assert (own, tempfile.gettempdir()) in place.folders
        assert _names(place.cwd) == {"x"} and not list(Path(own).iterdir())


def test_temporary_folders_of_ours_are_not_copied_with_the_notebook_s(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = project / "tmp"
    own.mkdir()
    (own / "mlops-job-notes").mkdir()
    (own / "mlops-job-notes" / "mine").write_text("x")
    monkeypatch.setattr(tempfile, "tempdir", str(own))
    with temporary.Folder("unwritable") as folder:
        (folder / "large").write_bytes(bytes(2**20))
        made = sandbox.plan(_used(), project, [], limit_bytes=2**19)
        with sandbox.copied(made) as place:
            assert place.root is not None and place.root.parent == own.resolve()
            assert _names(place.cwd / "tmp") == {"mlops-job-notes/mine"}
            assert dict(place.variables)["TMPDIR"] == str(place.root / "tmp")
    assert [one.name for one in own.iterdir()] == ["mlops-job-notes"]


def test_what_the_run_itself_wrote_is_left_out(project: Path) -> None:
    used = _used(("write", "out/model.bin"), ("read", "out/model.bin"))
    with sandbox.copied(sandbox.plan(used, project, [])) as place:
        assert not (place.cwd / "out").exists()
    kept = _used(("read", "data/train.csv"), ("write", "data/train.csv"))
    with sandbox.copied(sandbox.plan(kept, project, [])) as place:
        assert (place.cwd / "data/train.csv").exists()


def test_what_was_written_before_it_was_read_counts_by_the_executions(project: Path) -> None:
    used = _used(("read", "out/model.bin"), ("write", "out/model.bin"))
    cells = tuple(CellExecution(cell, None, None, "ok", None, None, "x:1") for cell in (1, 0))
    made = sandbox.plan(replace(used, cells=cells), project, [])
    with sandbox.copied(made) as place:
        assert not (place.cwd / "out").exists()


def test_links_stay_links_and_lead_into_the_copy(project: Path, tmp_path: Path) -> None:
    (project / "inner").symlink_to(project / "data")
    (project / "outer").symlink_to(tmp_path)
    (project / "broken").symlink_to(project / "nothing")
    (project / "loop").symlink_to(project)
    with sandbox.copied(sandbox.plan(_used(), project, [])) as place:
        (place.cwd / "inner" / "train.csv").write_text("changed")
        assert os.path.realpath(place.cwd / "outer") == str(tmp_path)
        assert (place.cwd / "broken").is_symlink()
        assert os.path.realpath(place.cwd / "loop") == os.path.realpath(place.cwd)
    assert (project / "data" / "train.csv").read_text() == "data/train.csv"


def test_a_link_to_what_is_copied_beside_leads_into_the_copy(project: Path) -> None:
    (project / "raw").symlink_to(project.parent / "raw")
    made = sandbox.plan(_used(("read", str(project.parent / "raw/all.csv"))), project, [])
    with sandbox.copied(made) as place:
        (place.cwd / "raw" / "all.csv").write_text("changed")
    assert (project.parent / "raw" / "all.csv").read_text() == "raw"


def test_a_hard_link_is_not_shared(project: Path, tmp_path: Path) -> None:
    os.link(project / "data/train.csv", project / "same.csv")
    with sandbox.copied(sandbox.plan(_used(), project, [])) as place:
        (place.cwd / "same.csv").write_text("X")
    assert (project / "same.csv").read_text() == "data/train.csv"


def test_a_folder_that_is_too_large_is_refused_with_the_way_out(project: Path) -> None:
    (project / "big").write_bytes(b"x" * 2000)
    with pytest.raises(NeedsInPlaceError, match=r"too much to copy.*--in-place"):
        sandbox.plan(_used(), project, [], limit_bytes=1500)
    raw = _used(("read", str(project.parent / "raw/all.csv")))
    (project / "big").unlink()
    (project.parent / "raw" / "big").write_bytes(b"x" * 2000)
    with pytest.raises(NeedsInPlaceError, match="too much to copy"):
        sandbox.plan(raw, project, [], limit_bytes=1500)


def test_a_run_that_wrote_outside_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NeedsInPlaceError, match=r"wrote /srv/results.csv, outside"):
        sandbox.plan(_used(("write", "/srv/results.csv")), project, [])
    sandbox.plan(_used(("write", "/dev/shm/x"), ("write", "sub/x")), project, [])


@pytest.fixture
def results(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder beside the project, neither of them for temporary files."""
    monkeypatch.setattr(sandbox, "_temporary_folders", list)
    folder = project.parent / "results"
    folder.mkdir()
    return folder


def test_a_run_that_wrote_outside_through_a_link_is_refused(project: Path, results: Path) -> None:
    (project / "linked").symlink_to(results)
    (project / "r.txt").symlink_to(results / "r.txt")
    for written in ("linked/r.txt", "r.txt"):
        with pytest.raises(NeedsInPlaceError, match=rf"wrote {results}/r.txt, .*--in-place"):
            sandbox.plan(_used(("write", written)), project, [])
    sandbox.plan(_used(("read", "linked/r.txt"), ("write", "out/r.txt")), project, [])


def test_where_nothing_can_be_confined_a_link_that_leads_outside_is_refused(
    project: Path, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "inner").symlink_to("data")
    (project / "node_modules").symlink_to(results)
    (project / "itself").symlink_to("itself")
    monkeypatch.setattr(confine, "is_possible", lambda: False)
    sandbox.plan(_used(), project, [])
    for target in (results, project.parent / "raw" / "all.csv", results / "not there yet"):
        (project / "sub" / "link").symlink_to(target)
        with pytest.raises(NeedsInPlaceError, match=rf"sub/link leads to {target}, .*--in-place"):
            sandbox.plan(_used(), project, [])
        (project / "sub" / "link").unlink()


def test_a_folder_that_is_gone_or_can_not_be_read_is_refused(project: Path) -> None:
    with pytest.raises(NeedsInPlaceError, match="does not exist any more"):
        sandbox.plan(_used(), project / "gone", [])


def test_where_nothing_can_be_confined_a_full_path_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = f"open('{project.resolve()}/out.csv', 'w')"
    monkeypatch.setattr(confine, "is_possible", lambda: False)
    with pytest.raises(NeedsInPlaceError, match="names its folder"):
        sandbox.plan(_used(), project, [source])
    with sandbox.copied(sandbox.plan(_used(), project, ["x = 1"])) as place:
        assert place.writable is None
    alias = project.parent / "alias"
    alias.symlink_to(project)
    with pytest.raises(NeedsInPlaceError, match="names its folder"):
        sandbox.plan(_used(), alias, [f"open('{alias}/out.csv', 'w')"])


# Root may list every folder, so it gives up being root.
_CLOSED = """
import os, sys, tempfile
from pathlib import Path
from jupyter_mlops.reproduction import sandbox

base = Path(sys.argv[1])
base.chmod(0o777)
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
project, temporary = base / "project", base / "tmp"
project.mkdir()
temporary.mkdir()
tempfile.tempdir = str(temporary)
made = sandbox.Plan(project, project, (), frozenset(), frozenset(), frozenset())
with sandbox.copied(made) as place:
    closed = place.cwd / "closed"
    (closed / "too").mkdir(parents=True)
    (closed / "too" / "f").write_text("x")
    (place.cwd / "link").symlink_to(project)
    project.chmod(0o500)
    for folder in (closed / "too", closed, place.root):
        folder.chmod(0)
    temporary.chmod(int(sys.argv[2], 8))
print(oct(project.stat().st_mode & 0o777), [one.name[:13] for one in temporary.iterdir()])
project.chmod(0o700)
temporary.chmod(0o700)
"""


def _closed(mode_of_the_folder_around: str) -> tuple[str, str]:
    # Not beneath pytest's own folder, which only its owner may enter.
    with tempfile.TemporaryDirectory() as base:
        command = [sys.executable, "-c", _CLOSED, base, mode_of_the_folder_around]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip(), done.stderr.strip()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_what_the_notebook_closed_is_removed_and_nothing_else_is_opened() -> None:
    assert _closed("700") == ("0o500 []", "")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_what_can_not_be_removed_is_told_and_no_error() -> None:
    printed, warned = _closed("500")
    assert printed == "0o500 ['mlops-sandbox']"
    assert re.fullmatch(r"the copy .*mlops-sandbox-.* could not be removed: delete it", warned)

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from jupyter_mlops.execution import confine, execute
from tests.execution.documents import document, job

needs_landlock = pytest.mark.skipif(
    not confine.is_possible(), reason="this system has no Landlock: nothing can be confined"
)


def test_around_lists_all_but_the_way_to_what_is_kept(tmp_path: Path) -> None:
    for name in ("a/kept/x", "a/b", "c"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "f").touch()
    (tmp_path / "link").symlink_to(tmp_path / "a" / "kept")
    kept = tmp_path / "a" / "kept"
    assert sorted(confine.around(tmp_path, kept)) == [
        tmp_path / "a/b",
        tmp_path / "c",
        tmp_path / "f",
    ]
    assert confine.around(tmp_path / "c", kept) == [tmp_path / "c"]
    assert confine.around(kept, kept) == confine.around(kept / "x", kept) == []


@needs_landlock
def test_a_confined_process_and_its_children_write_in_their_folders_only(tmp_path: Path) -> None:
    (tmp_path / "free").mkdir()
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "old").write_text("old")
    (tmp_path / "one-file").write_text("")
    code = textwrap.dedent("""
        import json, os, subprocess, sys
        from jupyter_mlops.execution import confine
        assert confine.to(["free", "one-file", "/dev", "not-there"])
        def tried(action):
            try:
                return action() or "done"
            except OSError as error:
                return type(error).__name__
        print(json.dumps([
            open("kept/old").read(),
            tried(lambda: open("free/new", "w").close()),
            tried(lambda: open("one-file", "w").close()),
            tried(lambda: open("kept/new", "w")),
            tried(lambda: open("kept/old", "r+")),
            tried(lambda: os.truncate("kept/old", 0)),
            tried(lambda: os.unlink("kept/old")),
            tried(lambda: os.mkdir("kept/folder")),
            tried(lambda: os.rename("free/new", "kept/new")),
            tried(lambda: os.symlink("x", "kept/link")),
            subprocess.call("echo x > kept/old || rm kept/old", shell=True, stderr=-3) != 0,
        ]))
    """)
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=True, env=environment
    )
    read, free, one, *refused, shell = json.loads(done.stdout)
    assert (read, free, one, shell) == ("old", "done", "done", True)
    assert set(refused) <= {"PermissionError", "OSError"}
    assert (tmp_path / "kept" / "old").read_text() == "old"
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["old"]


@needs_landlock
def test_a_confined_notebook_can_not_write_elsewhere(tmp_path: Path) -> None:
    for name in ("free", "kept", "ipython"):
        (tmp_path / name).mkdir()
    source = textwrap.dedent(f"""
        import os, tempfile
        open("mine", "w").close()
        tempfile.TemporaryFile().close()
        try:
            open({str(tmp_path / "kept" / "new")!r}, "w")
        except PermissionError:
            print("refused")
        print(os.system("touch {tmp_path}/kept/other 2> /dev/null") != 0)
    """)
    given = job(
        document(source),
        tmp_path / "free",
        writable=(str(tmp_path / "free"), str(tmp_path / "ipython"), "/dev"),
        variables={"TMPDIR": str(tmp_path / "free")},
    )
    outcome = execute(given)
    assert outcome.status == "completed", outcome.reason
    assert outcome.cells[0].outputs[0]["text"] == "refused\nTrue\n"
    assert list((tmp_path / "kept").iterdir()) == []

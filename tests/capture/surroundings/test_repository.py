"""What git's files tell of a folder, beside what git itself says."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from jupyter_mlops.capture.surroundings.repository import of_folder


class Tree:
    """A working tree, made by git."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.git("init", "-b", "trunk", *options)

    def git(self, *arguments: str) -> str:
        """Run git there."""
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "core.autocrlf=false")
        ran = subprocess.run(
            ["git", *who, *arguments], cwd=self.folder, check=True, capture_output=True, text=True
        )
        return ran.stdout.strip()

    def commit(self, **files: str) -> str:
        """Commit files, and return the commit."""
        for name, content in files.items():
            (self.folder / name).write_text(content)
        self.git("add", ".")
        self.git("commit", "-m", "a commit")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    folder = tmp_path / "tree"
    folder.mkdir()
    return Tree(folder)


def _told(folder: Path) -> tuple[str | None, str | None, bool | None]:
    found = of_folder(str(folder))
    assert found is not None
    return found.commit, found.branch, found.changed


def test_a_folder_below_is_that_of_the_repository(tree: Tree) -> None:
    assert _told(tree.folder) == (None, "trunk", None)
    commit = tree.commit(a="1", b="2")
    (tree.folder / "below").mkdir()
    assert _told(tree.folder / "below") == (commit, "trunk", False)
    assert of_folder(str(tree.folder.parent)) is None


def test_changed_deleted_and_staged_files(tree: Tree) -> None:
    commit = tree.commit(a="1", b="2")
    (tree.folder / "a").write_text("11")
    assert _told(tree.folder) == (commit, "trunk", True)
    tree.git("add", "a")
    # That something was staged the index does not tell by itself; and it claims nothing.
    assert _told(tree.folder)[2] is not False
    (tree.folder / "b").unlink()
    assert _told(tree.folder)[2] is True


def test_a_packed_repository_and_a_commit_without_a_branch(tree: Tree) -> None:
    commit = tree.commit(a="1")
    tree.git("gc")
    assert _told(tree.folder) == (commit, "trunk", None)
    tree.git("checkout", "--detach")
    assert _told(tree.folder) == (commit, None, None)


def test_a_worktree_has_a_branch_of_its_own(tree: Tree) -> None:
    tree.commit(a="1")
    other = tree.folder.parent / "other"
    tree.git("worktree", "add", "-b", "side", str(other))
    assert _told(other) == (tree.git("rev-parse", "HEAD"), "side", False)


def test_nothing_is_written_and_nothing_is_run(tree: Tree) -> None:
    tree.commit(a="1", **{".gitattributes": "* filter=evil"})
    evil = f"touch {tree.folder.parent / 'was-run'}; cat"
    for name in ("filter.evil.clean", "filter.evil.smudge", "core.fsmonitor", "diff.external"):
        tree.git("config", name, evil)
    os.utime(tree.folder / "a", (1, 1))
    before = _stamps(tree.folder)
    assert _told(tree.folder)[2] is True
    assert _stamps(tree.folder) == before
    assert not (tree.folder.parent / "was-run").exists()


def _stamps(folder: Path) -> dict[str, int]:
    return {str(path): path.lstat().st_mtime_ns for path in folder.rglob("*")}


@pytest.mark.parametrize("file", ["HEAD", "index", "packed-refs"])
@pytest.mark.parametrize(
    "content", [b"", b"\0" * 50, b"DIRC\0\0\0\2\0\0\0\5short", b"ref: refs/../x"]
)
def test_what_is_no_repository_any_more_claims_nothing(
    tree: Tree, file: str, content: bytes
) -> None:
    commit = tree.commit(a="1")
    tree.git("pack-refs", "--all")
    (tree.folder / ".git" / file).write_bytes(content)
    found, _, changed = _told(tree.folder)
    assert found in (None, commit) and changed is not True


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")
def test_nobody_waits_for_a_pipe(tree: Tree) -> None:
    tree.commit(a="1")
    (tree.folder / ".git" / "index").unlink()
    os.mkfifo(tree.folder / ".git" / "index")
    assert _told(tree.folder)[2] is None


def test_what_a_sparse_checkout_leaves_out_is_no_change(tree: Tree) -> None:
    for name in ("inner", "outer"):
        (tree.folder / name).mkdir()
    commit = tree.commit(**{"a": "1", "inner/b": "2", "outer/c": "3"})
    tree.git("sparse-checkout", "set", "inner")
    assert not (tree.folder / "outer" / "c").exists()
    assert tree.git("status", "--porcelain") == ""
    assert _told(tree.folder) == (commit, "trunk", False)
    (tree.folder / "inner" / "b").write_text("changed")
    assert _told(tree.folder)[2] is True


def test_of_an_index_with_longer_digests_nothing_is_claimed(tmp_path: Path) -> None:
    tree = Tree(tmp_path, "--object-format=sha256")
    assert _told(tmp_path) == (None, "trunk", None)
    commit = tree.commit(a="1")
    assert len(commit) == 64
    assert _told(tmp_path) == (commit, "trunk", None)


def test_references_in_a_table_are_not_known(tree: Tree) -> None:
    tree.commit(a="1")
    (tree.folder / ".git" / "HEAD").write_text("ref: refs/heads/.invalid\n")
    assert _told(tree.folder) == (None, None, None)

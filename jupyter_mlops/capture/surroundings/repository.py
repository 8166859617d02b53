"""The commit and branch of a folder, and whether its files are as committed, read from git's files.

Git itself is not run: in a stranger's repository its settings may name programs to run. Nothing
is written, no link is followed inside, and of every file only so much is read.
"""

from __future__ import annotations

import os
import re
import stat
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_mlops.records.surroundings import Repository

_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_TREE = re.compile(rb"commit \d+\0tree ([0-9a-f]{40})\n")
# Bytes; packed-refs of a large repository has some megabytes, as an index of 20,000 files.
_TEXT_LIMIT, _LARGE_LIMIT = 4096, 4 * 2**20
_FILES_LIMIT = 20_000
# Of an index's entry: changed and modified (seconds, nanoseconds), device, inode, mode, owner,
# group, size; then a digest and flags, of which twelve bits are the length of the path.
_ENTRY = struct.Struct(">10I20sH")
_HEADER, _FLAGS = struct.Struct(">4sII"), struct.Struct(">H")
_LENGTH, _EXTENDED, _LEFT_OUT = 0xFFF, 0x4000, 0x8000
# Of an extended entry's further flags: a sparse checkout left the file out.
_SPARSE = 0x4000
_SHA256 = re.compile(r"^\s*objectformat\s*=\s*\"?sha256\b", re.IGNORECASE | re.MULTILINE)
# What git writes to HEAD where its references lie in a table of another form.
_ELSEWHERE = "refs/heads/.invalid"
_REGULAR, _LINK = 0o100000, 0o120000


def of_folder(folder: str) -> Repository | None:
    """Return the state of the repository that `folder` lies in, ``None`` if it is in none."""
    for root in (Path(folder), *Path(folder).parents):
        git = _git_folder(root / ".git")
        if git is not None:
            common = git / (_text(git / "commondir") or ".")
            head = _text(git / "HEAD") or ""
            name = head[5:].strip() if head.startswith("ref: ") else None
            if name == _ELSEWHERE:
                return Repository(None, None, None)
            commit = _hash(head) if name is None else _commit(git, common, name)
            branch = name.removeprefix("refs/heads/") if name is not None else None
            return Repository(commit, branch, _is_changed(git, common, root, commit))
    return None


def _git_folder(path: Path) -> Path | None:
    """Return where git keeps a working tree's data: `path`, or the folder that this file names."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:  # not there, or not to be looked at
        return None
    if stat.S_ISDIR(mode):
        return path if (path / "HEAD").is_file() else None
    named = _text(path) or ""
    if not named.startswith("gitdir: "):
        return None
    found = path.parent / named[8:]
    return found if (found / "HEAD").is_file() else None


def _commit(git: Path, common: Path, name: str) -> str | None:
    if not name.startswith("refs/") or ".." in name:
        return None
    for folder in (git, common):
        found = _hash(_text(folder / name) or "")
        if found is not None:
            return found
    packed = _read(common / "packed-refs", _LARGE_LIMIT) or b""
    for line in packed.decode("utf-8", "replace").splitlines():
        commit, _, ref = line.partition(" ")
        if ref == name:
            return _hash(commit)
    return None


def _is_changed(git: Path, common: Path, root: Path, commit: str | None) -> bool | None:
    """Tell whether tracked files differ from the commit, as far as git's index tells."""
    if _SHA256.search(_text(common / "config") or "") is not None:
        return None  # the index has another form
    index = _read(git / "index", _LARGE_LIMIT)
    if index is None or len(index) < _HEADER.size:
        return None
    name, version, count = _HEADER.unpack_from(index)
    if name != b"DIRC" or version not in (2, 3) or count > _FILES_LIMIT:
        return None
    try:
        entries = list(_entries(index, count))
    except (struct.error, ValueError):  # cut short, or of a form that is not known
        return None
    folder = os.fsencode(root)
    if any(_differs(entry, os.path.join(folder, path)) for _, entry, path in entries):
        return True
    end = entries[-1][0] if entries else _HEADER.size
    # What was staged since the commit: the index notes the tree that it stands for.
    staged = _tree_of(index, end)
    committed = _tree_of_commit(common, commit)
    return None if staged is None or committed is None else staged != committed


def _entries(index: bytes, count: int) -> Iterator[tuple[int, tuple[Any, ...], bytes]]:
    """Yield where each entry ends, its numbers, and its path."""
    at = _HEADER.size
    for _ in range(count):
        entry = _ENTRY.unpack_from(index, at)
        begins = at + _ENTRY.size
        if entry[-1] & _EXTENDED:
            (more,) = _FLAGS.unpack_from(index, begins)
            begins += _FLAGS.size
            if more & _SPARSE:
                entry = (*entry[:-1], entry[-1] | _LEFT_OUT)
        ends = index.index(b"\0", begins)
        # Each entry is filled up with NUL bytes, at least one, to a multiple of eight.
        at += (ends - at) // 8 * 8 + 8
        yield at, entry, index[begins:ends]


def _differs(entry: tuple[Any, ...], path: bytes) -> bool:
    seconds, nanoseconds, mode, size, flags = entry[2], entry[3], entry[6], entry[9], entry[-1]
    if flags & _LEFT_OUT or mode & 0o170000 not in (_REGULAR, _LINK):
        return False  # git was told to believe that it did not change; or a submodule
    try:
        found = os.lstat(path)
    except OSError:  # deleted
        return True
    if found.st_size & 0xFFFFFFFF != size:
        return True
    # A file that was written again with the same content counts as changed, until git looks.
    modified = divmod(found.st_mtime_ns, 10**9)
    return modified[0] & 0xFFFFFFFF != seconds or (nanoseconds not in (0, modified[1]))


def _tree_of(index: bytes, end: int) -> str | None:
    """Return the digest of the tree that the index stands for, if it holds it."""
    if index[end : end + 4] != b"TREE":
        return None
    # An empty path, how many entries it covers (-1: it changed since), how many trees are below.
    found = re.compile(rb"\0(\d+) \d+\n(.{20})", re.DOTALL).match(index, end + 8)
    return None if found is None else found[2].hex()


def _tree_of_commit(common: Path, commit: str | None) -> str | None:
    if commit is None:
        return None
    packed = _read(common / "objects" / commit[:2] / commit[2:], _LARGE_LIMIT)
    if packed is None:
        return None  # it lies in a pack
    try:
        found = _TREE.match(zlib.decompressobj().decompress(packed, _TEXT_LIMIT))
    except zlib.error:
        return None
    return None if found is None else found[1].decode()


def _hash(text: str) -> str | None:
    text = text.strip()
    return text if _HASH.fullmatch(text) else None


def _text(path: Path) -> str | None:
    content = _read(path, _TEXT_LIMIT)
    return None if content is None else content.decode("utf-8", "replace").strip()


def _read(path: Path, limit: int) -> bytes | None:
    """Return a regular file's content, ``None`` if it is none or longer; nothing is waited for."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(path, flags | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError):  # not there, a link, or no path
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        content = os.read(descriptor, limit + 1)
        return content if len(content) <= limit else None
    except OSError:  # an error of the disk
        return None
    finally:
        os.close(descriptor)

"""Content under its own digest, written whole or not at all, and never believed unread.

Blobs lie in a local folder by default, or anywhere that fsspec reaches by URL.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from jupyter_mlops.errors import MissingBlobError, UnwritableStoreError
from jupyter_mlops.journal import sha256
from jupyter_mlops.settings import make_file_private, make_private

_ALGORITHM = "sha256"
_DIGITS = 64
_HEX_DIGITS = frozenset("0123456789abcdef")
# What a file is called while it is written.
UNFINISHED = ".new-"
# What ends the name of a file that is about to be removed.
ASIDE = ".aside"


class Blobs:
    """The blobs below one folder or fsspec URL.

    Parameters
    ----------
    location
        A local folder, or a URL such as ``s3://bucket/blobs``.

    Attributes
    ----------
    why_gone
        Asked for the reason why there is no content under a digest.
    """

    def __init__(self, location: Path | str) -> None:
        self.why_gone: Callable[[str], str] = lambda digest: "it is not in the store"
        self._files: Any
        self._files, self._root = fsspec.core.url_to_fs(str(location))
        self._local = isinstance(self._files, LocalFileSystem)
        if self._local:
            make_private(Path(self._root))

    def put(self, content: bytes) -> str:
        """Keep `content` and return its digest; keeping it again changes nothing.

        Raises
        ------
        StoreError
            If it can't be written; nothing is left of it then.
        """
        digest = sha256(content)
        if self._is_intact(digest, len(content)) and self._touched(digest):
            return digest
        path = self._path(digest)
        try:
            if self._local:
                _write_whole(Path(path), content)
            else:
                # Object stores show an object only once it is there whole.
                self._files.pipe_file(path, content)
        except OSError as error:
            raise UnwritableStoreError.of(self._root, error) from error
        return digest

    def put_pieces(self, pieces: Iterable[bytes]) -> str:
        """Keep content that comes piece by piece, and return its digest.

        Whatever the pieces' iterator raises goes on, and nothing is left of them then.
        """
        if not self._local:
            return self.put(b"".join(pieces))
        digest = hashlib.sha256()
        with _unfinished(Path(self._root)) as (file, place):
            for piece in pieces:
                digest.update(piece)
                file.write(piece)
            place(Path(self._path(f"{_ALGORITHM}:{digest.hexdigest()}")))
        return f"{_ALGORITHM}:{digest.hexdigest()}"

    def pieces(self, digest: str, size: int = 1 << 20) -> Iterator[bytes]:
        """Return the content of `digest` piece by piece, after it was verified.

        Raises
        ------
        MissingBlobError
            As :meth:`get` does, before the first piece.
        """
        found = hashlib.sha256()
        try:
            with self._files.open(self._path(digest), "rb") as file:
                for piece in iter(lambda: file.read(size), b""):
                    found.update(piece)
                if f"{_ALGORITHM}:{found.hexdigest()}" != digest:
                    raise MissingBlobError(digest=digest, reason="what is stored there was changed")
                file.seek(0)
                yield from iter(lambda: file.read(size), b"")
        except FileNotFoundError:
            raise MissingBlobError(digest=digest, reason=self.why_gone(digest)) from None

    def get(self, digest: str) -> bytes:
        """Return the content of `digest`.

        Raises
        ------
        MissingBlobError
            If nothing is kept under it, or what is kept there is something else.
        """
        algorithm, _, digits = digest.partition(":")
        if algorithm != _ALGORITHM or len(digits) != _DIGITS or not _HEX_DIGITS.issuperset(digits):
            raise MissingBlobError(digest=digest, reason="this is not the digest of a blob")
        try:
            content: bytes = self._files.cat_file(self._path(digest))
        except FileNotFoundError:
            raise MissingBlobError(digest=digest, reason=self.why_gone(digest)) from None
        except OSError as error:
            raise MissingBlobError(digest=digest, reason=str(error)) from error
        if sha256(content) != digest:
            raise MissingBlobError(digest=digest, reason="what is stored there was changed")
        return content

    def size(self, digest: str) -> int | None:
        """Return the size of what is kept under `digest`, in bytes; ``None`` if nothing is."""
        try:
            return int(self._files.size(self._path(digest)))
        except FileNotFoundError:  # nothing is kept
            return None

    def files(self) -> Iterator[tuple[str, Path, os.stat_result]]:
        """Give digest, path and status of all that lies in the folder; leftovers have no digest."""
        if not self._local:
            return
        for path in sorted(Path(self._root).rglob("*")):
            with suppress(FileNotFoundError):  # it was removed, or put in its place, meanwhile
                status = path.stat()
                if stat.S_ISREG(status.st_mode):
                    whole = len(path.name) == _DIGITS and _HEX_DIGITS.issuperset(path.name)
                    yield f"{_ALGORITHM}:{path.name}" if whole else "", path, status

    def drop(self, digest: str, before: float) -> int | None:
        """Remove content, unless somebody has put it since the time `before`.

        Returns
        -------
        int or None
            How many bytes that freed; ``None`` if there was nothing, or it stays.
        """
        path = Path(self._path(digest))
        aside = path.with_name(path.name + ASIDE)
        try:
            # Aside first: who puts it from now on finds nothing there, and writes it anew.
            os.rename(path, aside)
        except FileNotFoundError:  # there was nothing, or another one was faster
            return None
        found = aside.stat()
        if found.st_mtime >= before:
            os.rename(aside, path)
            return None
        aside.unlink()
        return found.st_size

    def _is_intact(self, digest: str, size: int) -> bool:
        try:
            # Outputs are small, and reading one costs less than waiting for the disk.
            return self.size(digest) == size and len(self.get(digest)) == size
        except MissingBlobError:  # lost or changed: it is to be written anew
            return False

    def _touched(self, digest: str) -> bool:
        """Tell whoever collects waste that the content is wanted; False if it came first."""
        if not self._local:
            return True
        try:
            os.utime(self._path(digest))
        except FileNotFoundError:  # who collects waste came first: it is to be written anew
            return False
        return True

    def _path(self, digest: str) -> str:
        algorithm, _, digits = digest.partition(":")
        return f"{self._root}/{algorithm}/{digits[:2]}/{digits}"


def _write_whole(path: Path, content: bytes) -> None:
    with _unfinished(path.parent.parent.parent) as (file, place):
        file.write(content)
        place(path)


@contextmanager
def _unfinished(root: Path) -> Iterator[tuple[IO[bytes], Callable[[Path], None]]]:
    """Give a file that nobody sees, and what puts it in its place once it is whole."""
    descriptor, temporary = tempfile.mkstemp(dir=root, prefix=UNFINISHED)
    try:
        make_file_private(descriptor)
        with os.fdopen(descriptor, "wb") as file:

            def place(path: Path) -> None:
                file.flush()
                os.fsync(file.fileno())
                for folder in (path.parent.parent, path.parent):
                    make_private(folder)
                os.replace(temporary, path)
                _sync_folder(path.parent)

            yield file, place
    except BaseException:  # whatever stopped it leaves no half file; the error goes on
        with suppress(FileNotFoundError):  # it is in its place already
            os.unlink(temporary)
        raise


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows can't open a folder, and its rename is durable by itself.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

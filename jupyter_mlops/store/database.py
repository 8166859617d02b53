"""The database: how it is opened, migrated, and written to by many at once.

SQLite in WAL. A transaction that reads first and writes later fails at once when somebody
else wrote in between, whatever the timeout is; hence every write transaction begins
IMMEDIATE and waits its turn, up to 30 s.
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError

from jupyter_mlops.errors import (
    NetworkFileSystemError,
    NewerStoreError,
    RefusedWriteError,
    StoreError,
    UnwritableStoreError,
)
from jupyter_mlops.journal import mounts, obstacle
from jupyter_mlops.settings import make_file_private, make_private

VERSION_TABLE = "mlops_alembic_version"
# The newest revision in migrations/versions; a test compares the two.
HEAD = "0004"
MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_S = 30.0

_READ_ONLY = "mlops_read_only"


class Database:
    """One SQLite file, open for reading and writing from any thread.

    Parameters
    ----------
    url
        An SQLAlchemy URL of SQLite.

    Raises
    ------
    StoreError
        If the file can't be used; its subclasses say why.
    """

    def __init__(self, url: str) -> None:
        self.path = file_of(url)
        kind = mounts.network_kind(self.path.parent)
        if kind is not None:
            raise NetworkFileSystemError(path=self.path, kind=kind)
        with _explained(self.path):
            existed = _create_private(self.path)
            self._engine = _engine(url)
            try:
                self._migrate(existed)
            except BaseException:  # no connection may outlive the failure; the error goes on
                self._engine.dispose()
                raise

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the store throughout."""
        with _explained(self.path), _readable(self.path), self._engine.connect() as plain:
            connection = plain.execution_options(**{_READ_ONLY: True})
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection that alone may write; all of it is kept, or nothing."""
        with _explained(self.path), self._engine.connect() as connection, connection.begin():
            yield connection

    def damage(self) -> tuple[str, ...]:
        """Let SQLite look the whole file over, and say what it found, a sentence each.

        Takes as long as reading the file.
        """
        with self.read() as connection:
            said = connection.exec_driver_sql("PRAGMA integrity_check(5)").scalars().all()
        return tuple(f"{self.path} is damaged ({one})" for one in said if one != "ok")

    def compact(self) -> None:
        """Write the file anew without its free pages; waits for its turn to write."""
        with _explained(self.path), self._engine.connect() as connection:
            # SQLite does this outside of any transaction, so past the engine's BEGIN.
            driver: Any = connection.connection.driver_connection
            driver.execute("VACUUM")

    def cut_log(self, patience_s: float) -> bool:
        """Move the write-ahead log into the file and empty it; False if somebody reads so long."""
        with _explained(self.path), closing(sqlite3.connect(self.path, patience_s)) as connection:
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def backups(self) -> list[Path]:
        """List the copies of the file that were made before migrations."""
        return sorted(self.path.parent.glob(f"{self.path.stem}-*.backup"))

    def _migrate(self, existed: bool) -> None:
        with self.read() as connection:
            revision = _revision(connection)
        if revision == HEAD:
            return
        if revision is not None and existed:
            _back_up(self.path, revision)
        with self.write() as connection:
            # Somebody else may have migrated while we waited for our turn.
            revision = _revision(connection)
            if revision != HEAD:
                _upgrade(connection, revision, self.path)


def file_of(url: str) -> Path:
    """Return the file of a database's URL.

    Raises
    ------
    StoreError
        If it is no SQLite file's.
    """
    try:
        parsed = make_url(url)
    except SQLAlchemyError:
        raise StoreError(message=f"{url!r} is not the URL of a database") from None
    if (
        parsed.get_backend_name() != "sqlite"
        or not parsed.database
        or parsed.database == ":memory:"
    ):
        shown = parsed.render_as_string(hide_password=True)
        raise StoreError(
            message=f"the store can't be kept in {shown!r}: this version needs an SQLite file, "
            "sqlite:////folder/store.db"
        )
    return Path(os.path.abspath(parsed.database))


def _create_private(path: Path) -> bool:
    # SQLite gives its -wal and -shm files the permissions of the database.
    make_private(path.parent)
    existed = path.exists()
    _create(path)
    return existed


def _create(path: Path) -> None:
    existed = path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        if not existed:
            make_file_private(descriptor)
    finally:
        os.close(descriptor)


def _engine(url: str) -> Engine:
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
        max_overflow=-1,
        # Names as they are, so that SQLite finds them by a path.
        json_serializer=partial(json.dumps, ensure_ascii=False),
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        # The driver's own BEGIN comes too late and is never IMMEDIATE.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")
        # What is deleted or overwritten is gone from the file, and not only from sight.
        connection.execute("PRAGMA secure_delete=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get(_READ_ONLY, False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _revision(connection: Connection) -> str | None:
    known = text("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = :name")
    if connection.execute(known, {"name": VERSION_TABLE}).first() is None:
        return None
    revision: str | None = connection.execute(
        text(f"SELECT version_num FROM {VERSION_TABLE}")
    ).scalar()
    return revision


def _back_up(path: Path, revision: str) -> None:
    backup = path.with_name(f"{path.stem}-{revision}.backup")
    _create(backup)
    source, target = sqlite3.connect(path), sqlite3.connect(backup)
    try:
        source.backup(target)
    finally:
        target.close()
        source.close()


def _upgrade(connection: Connection, revision: str | None, path: Path) -> None:
    # Imported late: alembic takes longer to load than a current store takes to open.
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    config.attributes["version_table"] = VERSION_TABLE
    scripts = ScriptDirectory.from_config(config)
    try:
        if revision is not None:
            scripts.get_revision(revision)
    except CommandError:
        raise NewerStoreError(path=path, revision=revision) from None
    _run_revisions(config, scripts)


def _run_revisions(config: Any, scripts: Any) -> None:
    from alembic.runtime.environment import EnvironmentContext

    def upgrade(current: Any, _context: Any) -> Any:
        return scripts._upgrade_revs(HEAD, current)

    with EnvironmentContext(config, scripts, fn=upgrade, as_sql=False, destination_rev=HEAD):
        scripts.run_env()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what the database raises into one line with its way out."""
    try:
        yield
    except OperationalError as error:
        raise _refused(path, error) from error
    except DatabaseError as error:
        if not _is_damage(error):
            raise
        raise StoreError(message=f"{path} is damaged ({error.orig}); {_REBUILD}") from error
    except OSError as error:
        raise UnwritableStoreError.of(error.filename or path, error) from error


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Say so if what is read is no record: the file was changed by something else."""
    try:
        yield
    except (msgspec.DecodeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise StoreError(message=f"{path} is damaged ({error}); {_REBUILD}") from error


_REBUILD = (
    "move it aside with its -wal and -shm files, and it is built again from the journals that "
    "are left beside it"
)


# What SQLite says of a place that takes nothing, in whichever of its files it finds out.
_MAY_BE_UNWRITABLE = ("readonly", "full", "disk I/O error", "unable to open")


def _refused(path: Path, error: OperationalError) -> StoreError:
    said = str(error.orig)
    if "locked" in said or "busy" in said:
        waited = f"another program has kept the store locked for {BUSY_TIMEOUT_S:.0f} s"
        return RefusedWriteError(message=f"{path}: {waited}; try again")
    if not any(one in said for one in _MAY_BE_UNWRITABLE):
        return StoreError(message=f"{path}: {said}; {_REBUILD}")
    # A full disk and a folder that can't be written look like a broken one to SQLite.
    found = obstacle(path.parent)
    if found is None and "full" in said:
        found = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if found is None and "readonly" in said:
        found = OSError(errno.EACCES, os.strerror(errno.EACCES))
    if found is None:
        advice = "try again, and check the disk if it stays so"
        return RefusedWriteError(message=f"{path}: {said}; {advice}")
    return UnwritableStoreError.of(path.parent, found)


def _is_damage(error: DatabaseError) -> bool:
    return type(error.orig) is sqlite3.DatabaseError

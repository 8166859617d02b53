"""The database is private, migrates with a backup, and says in words why it can't be used."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from jupyter_mlops.errors import MlopsError, NetworkFileSystemError, NewerStoreError, StoreError
from jupyter_mlops.journal import mounts
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store, database, tables
from tests.store.golden import write_journal
from tests.store.interpreter import Kernel

LATER = """
import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("runs", sa.Column("colour", sa.Text))
    {then}
"""


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    return ScriptDirectory.from_config(config)


def add_revision(monkeypatch: pytest.MonkeyPatch, folder: Path, then: str = "") -> None:
    """Pretend that a later version has one revision more."""
    migrations = shutil.copytree(database.MIGRATIONS, folder / "migrations")
    (migrations / "versions" / "next.py").write_text(
        LATER.format(head=database.HEAD, then=then or "pass")
    )
    monkeypatch.setattr(database, "MIGRATIONS", migrations)
    monkeypatch.setattr(database, "HEAD", "next")


def test_the_newest_revision_is_the_one_that_is_looked_for() -> None:
    assert scripts().get_heads() == [database.HEAD]


def test_the_revisions_make_the_tables_that_the_code_knows(store: Store, home: Settings) -> None:
    engine = create_engine(home.store_url)
    with engine.connect() as connection:
        options: dict[str, Any] = {"opts": {"version_table": database.VERSION_TABLE}}
        context = MigrationContext.configure(connection, **options)
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()


def test_an_older_store_is_backed_up_and_migrated(
    home: Settings, kernel: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_journal(home, kernel.events)
    with Store.open(home) as store:
        store.refresh()
    head = database.HEAD
    add_revision(monkeypatch, tmp_path)
    with Store.open(home) as store:
        assert store.run("@1").metrics[0].value == 1.0
    backup = home.home / f"store-{head}.backup"
    with sqlite3.connect(backup) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (1,)
    connection.close()
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_what_was_passed_over_by_the_first_version_is_read(
    home: Settings, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(database, "HEAD", "0001")
        database.Database(home.store_url).close()
    path = write_journal(home, kernel.events)
    with sqlite3.connect(home.home / "store.db") as connection:
        connection.execute(
            "INSERT INTO journals VALUES (?, ?, 9, 'it has lines of a newer jupyter_mlops')",
            (kernel.id, path.stat().st_size),
        )
    connection.close()
    with Store.open(home) as store:
        store.refresh()
        assert store.run("@1").metrics[0].value == 1.0
        assert store.problems() == ()


def test_a_revision_that_fails_changes_nothing(
    home: Settings, kernel: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_journal(home, kernel.events)
    with Store.open(home) as store:
        store.refresh()
    with monkeypatch.context() as later:
        add_revision(later, tmp_path, then="raise ValueError('half way')")
        with pytest.raises(ValueError, match="half way"):
            Store.open(home)
    with Store.open(home) as store:
        assert store.run("@1").metrics[0].value == 1.0


def test_a_newer_store_is_refused_and_left_alone(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as later:
        add_revision(later, tmp_path)
        Store.open(home).close()
    before = (home.home / "store.db").read_bytes()
    with pytest.raises(NewerStoreError, match=r"next.*pip install -U"):
        Store.open(home)
    assert (home.home / "store.db").read_bytes() == before


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_everything_is_private_under_any_umask(home: Settings, kernel: Kernel, umask: int) -> None:
    before = os.umask(umask)
    try:
        with Store.open(home) as store:
            write_journal(home, kernel.events)
            store.refresh()
            store.put(b"content")
            found = [home.home, *home.home.rglob("*")]
            modes = {
                str(path.relative_to(home.home)): stat.S_IMODE(path.stat().st_mode)
                for path in found
                if path.suffix != ".jsonl"
            }
    finally:
        os.umask(before)
    assert any(name.endswith("-wal") for name in modes)
    for name, mode in modes.items():
        is_folder = (home.home / name).is_dir()
        assert mode == (0o700 if is_folder else 0o600), name


def test_a_network_file_system_is_refused(
    home: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    table = tmp_path / "mounts"
    table.write_text(f"/dev/sda / ext4 rw 0 0\nserver:/home {tmp_path} nfs4 rw 0 0\n")
    monkeypatch.setattr(mounts, "_MOUNTS", table)
    with pytest.raises(NetworkFileSystemError, match=r"nfs4.*JUPYTER_MLOPS_HOME"):
        Store.open(home)
    assert not (home.home / "store.db").exists()


@pytest.mark.parametrize(
    "url", ["postgresql://ada:secret@db/mlops", "sqlite://", "not a url", "sqlite:///:memory:"]
)
def test_other_databases_are_refused_in_words(home: Settings, url: str) -> None:
    with pytest.raises(StoreError) as raised:
        Store.open(replace(home, store_url=url))
    assert "secret" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_garbage_in_place_of_the_database_is_said(home: Settings) -> None:
    home.home.mkdir(parents=True)
    (home.home / "store.db").write_bytes(b"garbage" * 1000)
    with pytest.raises(StoreError, match=r"damaged.*move it aside.*built again from the journals"):
        Store.open(home)


def test_flipped_bytes_are_never_more_than_an_error_in_words(
    home: Settings, kernel: Kernel
) -> None:
    write_journal(home, kernel.events)
    with Store.open(home) as store:
        store.refresh()
    path = home.home / "store.db"
    sound = path.read_bytes()
    dice = random.Random(3)
    refused = 0
    for _ in range(150):
        spoiled = bytearray(sound)
        start = dice.randrange(len(spoiled) - 64)
        spoiled[start : start + 64] = dice.randbytes(64)
        for leftover in home.home.glob("store.db-*"):
            leftover.unlink()
        path.write_bytes(spoiled)
        try:
            with Store.open(home) as store:
                store.refresh()
                for run in store.runs().runs:
                    store.run(run.id)
                    store.steps(run.id)
        except MlopsError as error:
            refused += 1
            assert "\n" not in str(error)  # noqa: PT017 - most of the stores are sound enough
    assert refused > 0


def test_a_store_moved_aside_is_built_again_from_the_journals(
    home: Settings, kernel: Kernel
) -> None:
    write_journal(home, kernel.events)
    with Store.open(home) as store:
        store.refresh()
        first = store.run("@1")
    for path in home.home.glob("store.db*"):
        path.unlink()
    with Store.open(home) as store:
        store.refresh()
        assert store.run("@1") == first


def test_a_lock_that_is_never_released_is_said(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.05)
    with Store.open(home) as store:
        other = sqlite3.connect(home.home / "store.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"locked.*try again"):
            store.save_reproduction(None, None)  # type: ignore[arg-type]
        other.close()

"""Statements stand with the use of the database that they were sent to, without bound values."""

from __future__ import annotations

import ast
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_mlops.capture.budget import Budget
from jupyter_mlops.capture.calls import mentions
from jupyter_mlops.capture.calls.rewriting import telling
from jupyter_mlops.capture.calls.sites import Site
from jupyter_mlops.capture.calls.statements import Statements
from jupyter_mlops.capture.files.reads import Reads
from jupyter_mlops.records import DataUse
from jupyter_mlops.redaction import Redactor
from jupyter_mlops.redaction.said import fields

Ask = Callable[..., tuple[list[tuple[str, str | None, str | None]], list[str]]]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ask]:
    """Execute a source; return access, path and statement of its databases, and what is unseen."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.db", "b.db"):
        with sqlite3.connect(tmp_path / name) as connection:
            connection.execute("create table t (a)")
        connection.close()
    reads = Reads()
    reads.install()
    space: dict[str, Any] = {"__name__": "__main__"}

    def execute(source: str, **aliases: str) -> Any:
        assert mentions.may_hold(source)
        tree = telling(ast.parse(source), aliases)
        reads.begin()
        exec(compile(tree, "<cell>", "exec"), space)
        reads.heard()
        uses, unseen = reads.take(Budget(1.0, batch=True), [], [])
        found = [(u.access, u.path, u.statement) for u in uses if u.kind == "database"]
        return found, [one.what for one in unseen]

    yield execute
    reads.close()
    for value in space.values():
        if type(value) is sqlite3.Connection:
            value.close()


def test_a_statement_stands_with_its_database(ask: Ask) -> None:
    connect = "import sqlite3\ncon = sqlite3.connect('a.db')\n"
    found, _ = ask(connect + "con.execute('select a from t where a = ?', (12345,)).fetchall()")
    assert found == [("read", "a.db", "select a from t where a = ?")]
    # A later cell asks what was connected before.
    assert ask("rows = con.cursor().execute('select 2;')")[0] == [("read", "a.db", "select 2")]
    assert ask("con.execute('insert into t values (?)', (1,)); con.commit()")[0] == [
        ("write", "a.db", "insert into t values (?)")
    ]
    found, unseen = ask(
        "other = sqlite3.connect('b.db')\nother.execute('select 3')\ncon.execute('select 4')"
    )
    assert found == [("read", "b.db", None)]
    assert unseen == ["which database each statement was sent to"]


def test_pandas_and_sqlalchemy(ask: Ask) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("sqlalchemy")
    found, unseen = ask(
        "import pandas as pd\nfrom sqlalchemy import create_engine, text\n"
        "engine = create_engine('sqlite:///a.db')\n"
        "frame = pd.read_sql('select a from t', engine)\n"
        "with engine.connect() as con:\n    con.execute(text('select :a'), {'a': 'hidden'})\n"
        "engine.dispose()"
    )
    assert found == [("read", "a.db", "select a from t;\nselect :a")]
    assert unseen == []


def test_what_is_no_statement_is_none(ask: Ask) -> None:
    source = (
        "class Agent:\n    def execute(self, task): return task\n"
        "assert Agent().execute('walk the dog') == 'walk the dog'"
    )
    assert ask(source) == ([], [])


def test_a_server_is_told_by_its_address_without_its_password() -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    url = sqlalchemy.URL.create("sqlite", "ada", "hidden", "db.example.org", 5432, "sales")
    engine = sqlalchemy.create_engine("sqlite://")
    engine.url = url
    heard, unseen = Statements(), {}
    site = Site(0, "query", "pandas.read_sql", (), {})
    heard.hear(site, 0, "select 1")
    heard.hear(site, 1, engine)
    heard.hear(site, 1, SimpleNamespace(url="x"))
    (use,) = heard.told((), 0, unseen)
    assert (use.path, use.statement) == ("sqlite://db.example.org:5432/sales", "select 1")
    assert [one.what for one in unseen] == [use.path]
    engine.dispose()


def test_a_secret_in_a_statement_is_taken_out() -> None:
    token = "ghp_" + "a1B2c3D4e5F6" * 3
    use = DataUse("database", None, "a.db", "read", None, None, statement=f"select '{token}', a")
    (kept,) = fields(Redactor(b"k" * 32), {"data": (use,)})["data"]
    assert token not in kept.statement
    assert kept.statement.endswith("', a")

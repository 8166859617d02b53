"""Statements that the notebook's code sends to databases, and to which ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from jupyter_mlops.capture.calls.sites import STATEMENTS, Site
from jupyter_mlops.events import NotSeen
from jupyter_mlops.fingerprints.introspection import attributes, belongs_to, name_of
from jupyter_mlops.records import DataUse

# Longer ones, and more of one cell, are cut.
_LONGEST, _MOST = 10_000, 100
_SQL = re.compile(
    r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*\(?\s*(?:alter|analyze|attach|call|copy|create|delete|describe"
    r"|drop|exec|explain|export|from|import|insert|install|load|merge|pivot|pragma|replace|select|set"
    r"|show|summarize|truncate|update|use|vacuum|values|with)\b",
    re.IGNORECASE | re.DOTALL,
)
# Their databases are files, which Python tells of, or in memory.
_LOCAL = ("sqlite3", "duckdb", "_duckdb")
_NOT_WHERE = NotSeen("which database each statement was sent to", "there are several")


class Statements:
    """Those of one cell.

    Attributes
    ----------
    texts
        As they were sent, without values that were bound to them.
    """

    def __init__(self) -> None:
        self.texts: dict[str, None] = {}
        # Databases that are no files, by what is known of them.
        self._remote: dict[str, None] = {}

    def hear(self, site: Site, part: int | str | None, value: object) -> None:
        """Take in a statement, or what it is sent to."""
        if part in STATEMENTS:
            text = _text(value)
            if text is not None and _SQL.match(text) and len(self.texts) < _MOST:
                self.texts[text[:_LONGEST]] = None
            return
        where = _remote(value)
        if where is not None:
            self._remote[where] = None

    def told(
        self, uses: Iterable[DataUse], others: int, unseen: dict[NotSeen, None]
    ) -> Iterator[DataUse]:
        """Give a cell's uses of data, those of its database with the statements.

        `others` counts databases that earlier cells connected: nobody says which one is asked.
        """
        text = ";\n".join(one.strip().rstrip(";") for one in self.texts)
        uses = list(uses)
        files = {use.path for use in uses if use.kind == "database"}
        known = len(files) + len(self._remote) + others
        if text and known > 1:
            unseen[_NOT_WHERE] = None
        for use in uses:
            is_asked = text and known == 1 and use.kind == "database"
            yield replace(use, statement=text) if is_asked else use
        for where in self._remote if text else ():
            unseen[NotSeen(where, "its content is not fingerprinted")] = None
            yield DataUse(
                "database", None, where, "read", None, None, complete=False,
                statement=text if known == 1 else None,
            )  # fmt: skip


def _text(value: object) -> str | None:
    if type(value) is str:
        return value
    # SQLAlchemy's own text, as it was given.
    own = attributes(value) if belongs_to(type(value), "sqlalchemy") else None
    text = None if own is None else own.get("text")
    return text if type(text) is str else None


def _remote(value: object) -> str | None:
    """Return the address of a database without names and passwords; ``None`` of a file's."""
    if type(value) is str:
        return None
    if not belongs_to(type(value), "sqlalchemy"):
        library = name_of(type(value))[0].partition(".")[0]
        is_known = library in ("psycopg2", "psycopg", "pymysql", "MySQLdb", "pyodbc", "oracledb")
        return f"{library} connection" if is_known else None
    own = attributes(value) or {}
    engine = next((own[key] for key in ("engine", "bind") if own.get(key) is not None), value)
    url = (attributes(engine) or {}).get("url")
    if not belongs_to(type(url), "sqlalchemy") or not isinstance(url, tuple):
        return None
    driver, host, port, database = (
        getattr(url, n) for n in ("drivername", "host", "port", "database")
    )
    if host is None:
        return None
    return f"{driver}://{host}{f':{port}' if port else ''}/{database or ''}"

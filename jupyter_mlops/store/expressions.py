"""The language of ``--where``: a filter over runs, parsed by a grammar, never SQL text.

``metric.accuracy > 0.9 and parameter.lr = 0.1 and status = completed and notebook ~ "train"``

A key is ``metric.NAME``, ``parameter.NAME`` or a column of the table of runs; a name that is
no word stands in double quotes (``metric."f1 score"``), that of one cell among several ends
in ``@CELL``. A value is a number, a text in quotes, a bare word or date, ``true``, ``false``
or ``null``. ``~`` means *contains*, without regard to case; ``==`` is ``=``. The beginning of
an id stands for the id. A run that has no such value, or one of another type, is found by
``!=`` and by no other comparison. Names and values are bound, whatever they contain.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedInput, VisitError
from sqlalchemy import ColumnElement, and_, case, false, func, literal, not_, null, or_, select

from jupyter_mlops.errors import BadExpressionError, nearest
from jupyter_mlops.records import RunStatus, RunVerdict, Trigger
from jupyter_mlops.store.tables import reproductions, runs

LENGTH_LIMIT = 2000
DEPTH_LIMIT = 30

# That on a reproduction, which may still be under way.
VERDICT: ColumnElement[Any] = (
    select(func.json_extract(reproductions.c.document, "$.verdict.verdict"))
    .where(reproductions.c.id == runs.c.id)
    .correlate(runs)
    .scalar_subquery()
)
COLUMNS: dict[str, ColumnElement[Any]] = {
    "id": runs.c.id,
    "session": runs.c.session,
    "notebook": runs.c.notebook,
    "status": runs.c.status,
    "trigger": runs.c.trigger,
    "user": runs.c.user,
    "parent": runs.c.parent,
    "started": runs.c.started,
    "duration_s": runs.c.duration_s,
    "verdict": VERDICT,
}
_IDS = ("id", "session", "parent")
_CHOICES = {
    "status": get_args(RunStatus),
    "trigger": get_args(Trigger),
    "verdict": get_args(RunVerdict),
}
# Words that people see and records do not have.
_HINTS = {
    ("status", "open"): "an open run is found as running",
    ("status", "cancelled"): "a cancelled run is found as interrupted",
}
_FOLDERS = {"metric": "metrics", "parameter": "parameters"}

_GRAMMAR = r"""
?start: either
either: both (_OR both)*
both: inverted (_AND inverted)*
?inverted: _NOT inverted -> negation
         | "(" either ")"
         | comparison
comparison: key OPERATOR (NUMBER | QUOTED | SINGLE | DATE | PATH | WORD | HEX)
key: KEPT | WORD

_OR: /or\b/i
_AND: /and\b/i
_NOT: /not\b/i
OPERATOR: /!=|<=|>=|==?|<|>|~/
KEPT.3: /(metric|parameter)\s*\.\s*("[^"]*"|\w[\w.\-]*(@\d+)?)/
DATE.2: /\d{4}-\d\d-\d\d[\w:.+\-]*/
PATH: /\/[^\s()"']*/
NUMBER: /[+-]?Infinity(?!\w)|[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?(?![\w.\-])/
HEX.-1: /\d[\da-f\-]*(?![\w.\-])/
WORD: /(?!(?:and|or|not)\b)[^\W\d][\w.\/:\-]*/i
QUOTED: /"(\\.|[^"\\])*"/
SINGLE: /'[^']*'/
%import common.WS
%ignore WS
"""
# What a person calls the things that the grammar expects.
_WORDS = {
    "KEPT": "metric.NAME or parameter.NAME",
    "WORD": "a word",
    "OPERATOR": "one of = != < <= > >= ~",
    "NUMBER": "a number",
    "HEX": "the beginning of an id",
    "QUOTED": "a text in quotes",
    "_AND": "and",
    "_OR": "or",
    "_NOT": "not",
    "LPAR": "(",
    "RPAR": ")",
    "$END": "the end",
}
_NO_TEXT = "half of a surrogate pair is no text"
_HALF = re.compile("[\ud800-\udfff]")
_QUOTED_TEXT = re.compile(r'"(\\.|[^"\\])*"|\'[^\']*\'')


@dataclass(frozen=True)
class Key:
    """What a comparison or an order is about: a column, or a named value of the summary."""

    column: ColumnElement[Any] | None
    kind: str = ""
    name: str = ""

    @property
    def value(self) -> ColumnElement[Any]:
        """The value; SQL's null where a run has none. Infinities of a metric are numbers."""
        if self.kind != "metric":
            return self.spelled
        return case(
            (and_(self.type == "text", self.spelled == "Infinity"), literal(float("inf"))),
            (and_(self.type == "text", self.spelled == "-Infinity"), literal(float("-inf"))),
            # No number at all: an order that put it first would praise what went wrong.
            (and_(self.type == "text", self.spelled == "NaN"), null()),
            else_=self.spelled,
        )

    @property
    def spelled(self) -> ColumnElement[Any]:
        """The value as JSON spells it, which has no infinities but strings."""
        if self.column is not None:
            return self.column
        return func.json_extract(runs.c.summary, self._path)

    @property
    def type(self) -> ColumnElement[Any]:
        """The JSON type of a named value."""
        return func.json_type(runs.c.summary, self._path)

    @property
    def _path(self) -> str:
        return f'{self.folder}."{self.name}"'

    @property
    def folder(self) -> str:
        """The place in the summary that holds all names of this kind."""
        return f"$.{_FOLDERS[self.kind]}"


@dataclass(frozen=True)
class Filter:
    """A condition on the table of runs, and the keys that it asks for with their columns."""

    condition: ColumnElement[bool]
    keys: tuple[tuple[Key, int], ...]


def read(expression: str) -> Filter:
    """Turn a filter expression into a condition on the table of runs.

    Raises
    ------
    BadExpressionError
        If it can't be read; the message names the column, from 1.
    """
    if len(expression) > LENGTH_LIMIT:
        raise bad(expression, LENGTH_LIMIT + 1, f"it is longer than {LENGTH_LIMIT} characters")
    _check_text(expression, expression, 1)
    _check_depth(expression)
    try:
        tree = _parser().parse(expression)
        conditions = _Conditions(expression)
        found: ColumnElement[bool] = conditions.transform(tree)
    except UnexpectedInput as error:
        is_end = getattr(getattr(error, "token", None), "type", None) == "$END"
        column = len(expression) + 1 if is_end else error.column
        raise bad(expression, column, _expected(error)) from None
    except VisitError as error:
        raise error.orig_exc from None
    return Filter(found, tuple(conditions.keys))


def key(text: str, expression: str, column: int) -> Key:
    """Read a key: ``metric.NAME``, ``parameter.NAME`` or a column's name.

    Parameters
    ----------
    expression, column
        Where it stands, for the message.
    """
    _check_text(text, expression, column)
    kind, dot, name = (part.strip() for part in text.partition("."))
    if dot and kind in _FOLDERS:
        name = name[1:-1] if name[:1] == '"' else name
        if not name or '"' in name:
            raise bad(expression, column, f"{text!r} has no name that can be looked up")
        return Key(None, kind, name)
    found = COLUMNS.get(text)
    if found is None:
        known = [*COLUMNS, "metric.NAME", "parameter.NAME"]
        raise bad(expression, column, f"no key {text!r}; {nearest(text, known)}")
    return Key(found)


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", propagate_positions=True)


def bad(expression: str, column: int, reason: str) -> BadExpressionError:
    """Return the error that points at a column, from 1, of an expression."""
    shown = expression if len(expression) <= 100 else expression[:99] + "…"
    return BadExpressionError(text=shown, column=column, reason=reason)


def is_text(value: str) -> bool:
    """Tell whether a database can hold `value`: half of a surrogate pair is no text."""
    return _HALF.search(value) is None


def _check_text(text: str, expression: str, column: int) -> None:
    half = _HALF.search(text)
    if half is not None:
        raise bad(expression, column + half.start(), _NO_TEXT)


def _check_depth(expression: str) -> None:
    # Whoever walks the tree does so by recursion; an early word is better than its end.
    bare = _QUOTED_TEXT.sub(lambda match: " " * len(match[0]), expression)
    depth = 0
    for match in re.finditer(r"[()]|\bnot\b", bare, re.IGNORECASE):
        depth += -1 if match[0] == ")" else 1
        if depth > DEPTH_LIMIT:
            raise bad(expression, match.start() + 1, "it is nested too deeply")


def _expected(error: UnexpectedInput) -> str:
    names = getattr(error, "accepts", None) or getattr(error, "expected", None)
    names = names or getattr(error, "allowed", None) or ()
    words = sorted({_WORDS[name] for name in names if name in _WORDS})
    return "expected " + ", ".join(words) if words else "this is not part of a filter"


class _Conditions(Transformer[Token, Any]):
    """Turns the parsed tree into conditions, from the leaves up."""

    def __init__(self, expression: str) -> None:
        super().__init__()
        self._expression = expression
        self.keys: list[tuple[Key, int]] = []

    def either(self, items: list[ColumnElement[bool]]) -> ColumnElement[bool]:
        return or_(*items) if len(items) > 1 else items[0]

    def both(self, items: list[ColumnElement[bool]]) -> ColumnElement[bool]:
        return and_(*items) if len(items) > 1 else items[0]

    def negation(self, items: list[ColumnElement[bool]]) -> ColumnElement[bool]:
        # A comparison with a missing value is SQL's null, whose negation would be null too.
        return not_(func.coalesce(items[0], false()))

    def key(self, items: list[Token]) -> tuple[Key, Token]:
        token = items[0]
        found = key(str(token), self._expression, token.column or 1)
        self.keys.append((found, token.column or 1))
        return found, token

    def comparison(self, items: list[Any]) -> ColumnElement[bool]:
        (left, token), operator, right = items
        sign = "=" if operator == "==" else str(operator)
        is_id = str(token) in _IDS
        if right.type == "HEX" and not is_id:
            reason = f"{right} is no number; put it in quotes if it is a text"
            raise bad(self._expression, right.column or 1, reason)
        # 12345678 begins an id as well as it is a number.
        value = str(right) if is_id and right.type == "NUMBER" else _value(right)
        if isinstance(value, str) and not is_text(value):
            raise bad(self._expression, right.column or 1, _NO_TEXT)
        self._check_choice(token, sign, value, right)
        # NaN is less and greater than nothing.
        is_nan = value == "NaN" and sign in ("=", "!=")
        if left.kind == "metric" and isinstance(value, str) and not is_nan:
            reason = f"a metric is a number, and {value!r} is none"
            raise bad(self._expression, right.column or 1, reason)
        if is_id and sign in ("=", "!=") and value:
            return _begins(left, sign, str(value))
        return _compare(left, sign, value)

    def _check_choice(self, token: Token, operator: str, value: Any, right: Token) -> None:
        choices = _CHOICES.get(str(token))
        if choices is None or operator not in ("=", "!="):
            return
        if value is None or value in choices:
            return
        hint = _HINTS.get((str(token), value)) or nearest(str(value), list(choices))
        reason = f"no {token} is called {value!r}; {hint}"
        raise bad(self._expression, right.column or 1, reason)


def _value(token: Token) -> Any:
    text = str(token)
    if token.type == "NUMBER":
        return float(text) if re.search(r"[.eE]|Infinity", text) else int(text)
    if token.type == "SINGLE":
        return text[1:-1]
    if token.type == "QUOTED":
        try:
            return json.loads(text)
        except ValueError:
            return text[1:-1]  # a Windows path, with its backslashes
    return {"true": True, "false": False, "null": None}.get(text, text)


def _begins(left: Key, operator: str, beginning: str) -> ColumnElement[bool]:
    """Compare an id with the beginning of one, as everywhere where a run is named."""
    # A range and not LIKE, in which the text could hold wildcards.
    begins = and_(left.value >= beginning, left.value < beginning + "\U0010ffff")
    return begins if operator == "=" else not_(func.coalesce(begins, false()))


def _compare(left: Key, operator: str, value: Any) -> ColumnElement[bool]:
    if operator == "!=":
        return not_(func.coalesce(_compare(left, "=", value), false()))
    if value is None:
        return left.spelled.is_(None) if operator == "=" else false()
    if operator == "~":
        text = func.lower(left.spelled)
        return and_(_has_type(left, str), func.instr(text, func.lower(str(value))) > 0)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        value = float(value)
    compared = left.spelled if isinstance(value, str) else left.value
    test = compared.op(operator, is_comparison=True)(value)
    return and_(_has_type(left, type(value)), test)


def _has_type(left: Key, kind: type) -> ColumnElement[bool]:
    """Compare only what is comparable: SQLite would find any text greater than a number."""
    if left.column is not None:
        numeric = left.column is runs.c.duration_s
        fits = numeric == (kind in (int, float)) and kind is not bool
        return left.column.is_not(None) if fits else false()
    if kind is bool:
        return left.type.in_(("true", "false"))
    if kind is str:
        return left.type == "text"
    if left.kind == "metric":
        infinite = left.value.in_((float("inf"), float("-inf")))
        return or_(left.type.in_(("integer", "real")), infinite)
    return left.type.in_(("integer", "real"))

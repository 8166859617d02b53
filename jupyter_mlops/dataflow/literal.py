"""A name, the literal that it is given, and where that stands."""

from __future__ import annotations

import ast
from typing import Any
from typing import Literal as OneOf

from jupyter_mlops.dataflow.evaluation import NotLiteralError, callee, evaluate
from jupyter_mlops.dataflow.notation import NotPlainError, as_json, type_name
from jupyter_mlops.dataflow.source import Parsed, Span
from jupyter_mlops.frozen import dataclass

_CONTAINERS = (list, dict, set, frozenset, tuple)


@dataclass(frozen=True)
class Literal:
    """A name and the literal that is assigned to it.

    ``value`` is as a record has it (:func:`jupyter_mlops.dataflow.notation.as_json`), ``type``
    the Python type's name. The position is that of the value's expression: lines from 1,
    columns from 0 in characters, the end exclusive. In ``a = b = 1`` both names have the same
    position. ``callee`` is what builds a value that Python has no literal for
    (``datetime.date``), and ``is_conditional`` tells that it stands in a branch.

    Of ``CFG.lr`` ``owner`` says what ``CFG`` is: a class with constants, an instance of the
    class ``of`` made with keyword arguments, or a parser's options with the default of one.
    What is ``declared`` stands in a call of ``mlops.param``, which tells of it itself.
    With ``options`` the name is that of all of a parser's options, which only the kernel knows.
    """

    name: str
    value: Any
    type: str
    lineno: int
    col: int
    end_lineno: int
    end_col: int
    callee: str = ""
    is_conditional: bool = False
    owner: OneOf["", "class", "instance", "option", "options", "declared"] = ""
    of: str = ""

    @property
    def span(self) -> Span:
        """Where the value's expression stands."""
        return self.lineno, self.col, self.end_lineno, self.end_col


def literal(name: str, node: ast.expr, parsed: Parsed | None, **more: Any) -> Literal | None:
    """Return the literal of a name and an expression, or ``None`` if it is none.

    Parameters
    ----------
    parsed
        The source, by which the position is told in characters.
    more
        Further fields.
    """
    if name.strip("_") == "":
        return None
    try:
        value = evaluate(node)
        told = as_json(value)
    except (NotLiteralError, NotPlainError):  # more than a literal, or too large
        return None
    if type(value) in _CONTAINERS and not value:
        return None
    end_lineno = node.end_lineno or node.lineno
    col, end_col = node.col_offset, node.end_col_offset or 0
    if parsed is not None:
        col = parsed.column(node.lineno, col)
        end_col = parsed.column(end_lineno, end_col)
    kind = type_name(value)
    builds = callee(node) if "." in kind else ""
    place = (node.lineno, col, end_lineno, end_col)
    return Literal(name, told, kind, *place, callee=builds, **more)

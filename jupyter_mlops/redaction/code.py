"""Secrets in a cell's source, by its syntax tree, and where text in it may hold more."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from jupyter_mlops.dataflow.source import PARSE_ERRORS, lines_of, magic_call, parse_quietly
from jupyter_mlops.frozen import dataclass
from jupyter_mlops.redaction.marks import OPENING, PREFIX
from jupyter_mlops.redaction.names import Names, Strength, is_value, words
from jupyter_mlops.redaction.patterns import Pattern

Span = tuple[int, int]

# Calls with a name and then its value among their arguments.
_NAMED_CALLS = words(
    "setdefault putenv setenv get set setattr getenv set_password set_secret put add_header "
    "header set_key add_secret create_secret update_secret"
)
# Calls that return what they are given, in another form.
_WRAPPERS = words("str bytes SecretStr Secret encode strip quote quote_plus b64encode")
_METHODS = frozenset({"encode", "strip"})
_DIGITS = 4


@dataclass(frozen=True)
class Literal:
    """A literal that is a secret: where it stands, its value, and what it is called."""

    span: Span
    value: str
    name: str
    kind: str = "str"


class Found:
    """What is secret in a source, and the spans of its texts (strings, commands, comments)."""

    def __init__(self, texts: Iterable[Span] = ()) -> None:
        self.literals: list[Literal] = []
        self.texts = list(texts)


def find(source: str, names: Names) -> Found:
    """Look a source over; of what is not Python all is text."""
    tree = None if _is_other_language(source) else parse_quietly(source)
    if tree is None:
        return Found([(0, len(source))])
    reader = _Reader(source, names)
    try:
        reader.visit(tree)
    except PARSE_ERRORS:
        return Found([(0, len(source))])
    reader.found.texts.extend(_commands_and_comments(source))
    return reader.found


_TRANSPARENT = ("%%time", "%%capture", "%%prun", "%%timeit", "%%mlops")


def _is_other_language(source: str) -> bool:
    head = source.lstrip()
    return head.startswith("%%") and not head.startswith(_TRANSPARENT)


_SPECIAL_LINE = Pattern(r"^[ \t]*(?:[^=\n#\"']{1,80}=[ \t]*)?(?:!|%)[^\n]*", re.MULTILINE)
_COMMENT = Pattern(r"#[^\n]*")


def _commands_and_comments(source: str) -> Iterator[Span]:
    if "!" in source or "%" in source:
        for match in _SPECIAL_LINE.finditer(source):
            yield match.span()
    if "#" in source:
        # One in a string is no comment, but text all the same.
        for match in _COMMENT.finditer(source):
            yield match.span()


class _Reader:
    """Walks a syntax tree without recursion, and notes names with the literals they get."""

    def __init__(self, source: str, names: Names) -> None:
        self.found = Found()
        self._names = names
        self._lines = lines_of(source)
        self._starts: list[int] = []
        at = 0
        for line in self._lines:
            self._starts.append(at)
            at += len(line)
            at += 2 if source.startswith("\r\n", at) else 1
        self._taken: set[int] = set()

    def visit(self, tree: ast.Module) -> None:
        """Look at every node, the outer ones first."""
        pending: list[ast.AST] = [tree]
        texts: list[ast.Constant] = []
        while pending:
            node = pending.pop()
            if magic_call(node) is not None:
                continue  # stands for a command, whose text is looked at as it is
            self._look(node)
            if isinstance(node, ast.Constant):
                if isinstance(node.value, (str, bytes)):
                    texts.append(node)
                continue
            pending.extend(ast.iter_child_nodes(node))
        for one in texts:
            if id(one) not in self._taken:
                span = self._span(one)
                if span is not None:
                    self.found.texts.append(span)

    def _look(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._pair(target, node.value)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)):
            if node.value is not None:
                self._pair(node.target, node.value)
        elif isinstance(node, ast.keyword):
            self._keyword(node)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                self._named(_text(key), value, is_key=True)
        elif isinstance(node, ast.Compare):
            self._compare(node)
        elif isinstance(node, ast.Call):
            self._call(node)
        elif isinstance(node, ast.arguments):
            self._defaults(node)

    def _pair(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List)):
            for one, its in zip(target.elts, value.elts, strict=False):
                self._pair(one, its)
            return
        name = _name(target)
        self._named(name, value, is_key=isinstance(target, ast.Subscript))

    def _keyword(self, node: ast.keyword) -> None:
        if node.arg in ("auth", "basic_auth", "http_auth") and isinstance(
            node.value, (ast.Tuple, ast.List)
        ):
            for one in node.value.elts[1:]:
                self._take(one, node.arg, "strong")
            return
        self._named(node.arg, node.value)

    def _compare(self, node: ast.Compare) -> None:
        sides = [node.left, *node.comparators]
        for name in filter(None, map(_name, sides)):
            for side in sides:
                if isinstance(side, ast.Constant):
                    self._named(name, side, is_key=True)

    def _call(self, node: ast.Call) -> None:
        called = _name(node.func) or ""
        arguments = node.args
        if called in _NAMED_CALLS:
            for before, after in pairwise(arguments):
                self._named(_text(before), after)
        if called in ("set_password", "HTTPBasicAuth", "HTTPDigestAuth", "BasicAuth"):
            for one in arguments[-1:]:
                self._take(one, "password", "strong")

    def _defaults(self, node: ast.arguments) -> None:
        plain = [*node.posonlyargs, *node.args]
        for one, value in zip(reversed(plain), reversed(node.defaults), strict=False):
            self._named(one.arg, value)
        for one, default in zip(node.kwonlyargs, node.kw_defaults, strict=True):
            if default is not None:
                self._named(one.arg, default)

    def _named(self, name: str | None, value: ast.expr, *, is_key: bool = False) -> None:
        if name is None:
            return
        strength = self._names.strength(name)
        if strength is None:
            return
        self._take(value, name, strength)

    def _take(self, node: ast.expr, name: str, strength: Strength, depth: int = 4) -> None:
        """Note the literals that an expression gets its value from."""
        if isinstance(node, ast.Constant):
            self._literal(node, name, strength)
            return
        if depth == 0:
            return
        parts: list[ast.expr] = []
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            parts = [node.left, node.right]
        elif isinstance(node, ast.IfExp):
            parts = [node.body, node.orelse]
        elif isinstance(node, ast.BoolOp):
            parts = node.values
        elif isinstance(node, (ast.List, ast.Tuple, ast.Set)) and strength == "strong":
            parts = node.elts
        elif isinstance(node, ast.Dict) and strength == "strong":
            parts = node.values
        elif isinstance(node, ast.Call) and (_name(node.func) or "") in _WRAPPERS:
            # `"…".encode("utf-8")` has its value before the dot, `SecretStr("…")` in it.
            parts = node.args[:1]
            if isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
                parts = [node.func.value]
        elif isinstance(node, (ast.Await, ast.Starred)):
            parts = [node.value]
        for part in parts:
            self._take(part, name, strength, depth - 1)

    def _literal(self, node: ast.Constant, name: str, strength: Strength) -> None:
        value, kind = node.value, "str"
        if isinstance(value, bytes):
            value, kind = value.decode("utf-8", "backslashreplace"), "bytes"
        elif type(value) is int and strength == "strong":
            value, kind = str(value), "int"
            if len(value) < _DIGITS:
                return
        if not isinstance(value, str) or value.startswith((OPENING, PREFIX)):
            return
        if not is_value(name, value, strength):
            return
        span = self._span(node)
        if span is not None and id(node) not in self._taken:
            self._taken.add(id(node))
            self.found.literals.append(Literal(span, value, name, kind))

    def _span(self, node: ast.expr) -> Span | None:
        if node.end_lineno is None or node.end_col_offset is None:
            return None
        try:
            start = self._offset(node.lineno, node.col_offset)
            end = self._offset(node.end_lineno, node.end_col_offset)
        except IndexError:  # of a line that was rewritten; its text is looked at as it is
            return None
        return (start, end) if start < end else None

    def _offset(self, line: int, column: int) -> int:
        text = self._lines[line - 1]
        if not text.isascii():
            column = len(text.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))
        return self._starts[line - 1] + min(column, len(text))


def _name(node: ast.expr | None) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript):
        return _text(node.slice)
    return None


def _text(node: ast.expr | None) -> str | None:
    if isinstance(node, ast.Constant) and type(node.value) is str:
        return node.value
    return None


def names_beside(source: str, digests: set[str]) -> dict[str, str]:
    """Return what the marks in a redacted source are called there, by digest.

    A mark is called by the name that it is assigned to, passed as or kept under; one inside
    a longer text has no name of its own.
    """
    found: dict[str, str] = {}
    for match in _NAMED_MARK.finditer(source):
        if match["digest"] in digests:
            found.setdefault(match["digest"], match["name"])
    return found


_NAMED_MARK = Pattern(
    r"(?P<name>[^\W\d][\w.-]{0,80})[\"'\]\\]{0,4}[ \t]*(?::[ \t]*\w{1,20}[ \t]*)?"
    r"(?::=|=>|==?|:|,|[ \t])[ \t\n(]{0,8}(?:int\()?[rbu]?[\"'\\]{0,4}"
    r"\[redacted (?P<digest>hmac-sha256:[0-9a-f]{64})\]"
)

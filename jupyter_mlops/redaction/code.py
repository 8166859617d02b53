"""Secrets in a cell's source, by its syntax tree, and where text in it may hold more."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from jupyter_mlops.dataflow.source import PARSE_ERRORS, lines_of, magic_call, parse_quietly
from jupyter_mlops.frozen import dataclass
from jupyter_mlops.redaction import commands
from jupyter_mlops.redaction.composed import DEFAULTS, made_of, name_of, text_of
from jupyter_mlops.redaction.marks import MARK, OPENING, PREFIX
from jupyter_mlops.redaction.names import (
    Names,
    Strength,
    is_header,
    is_value,
    without_scheme,
    words,
)
from jupyter_mlops.redaction.patterns import Pattern

Span = tuple[int, int]

# Calls with a name and then its value among their arguments.
_NAMED_CALLS = words(
    "setdefault putenv setenv get set setattr getattr getenv pop set_password set_secret put "
    "add_header header set_key add_secret create_secret update_secret param log"
)
# Calls that end in who asks, and with what it is proved.
_LOGINS = words("set_password HTTPBasicAuth HTTPDigestAuth BasicAuth")
# Calls whose arguments are the words of a command.
_COMMANDS = words(
    "create_subprocess_exec execl execle execlp execlpe spawnl spawnle spawnlp spawnlpe"
)
_ONLY_HOLES = Pattern(
    r"(?:%(?:\(\w*\))?[-+ #0-9.*]*[sdrifgx]|\{[^{}]*\}|[\s:/@._|,;-])+",
)
_DIGITS = 4


@dataclass(frozen=True)
class Literal:
    """A literal that is a secret: where it stands, its value, and what it is called."""

    span: Span
    value: str
    name: str
    kind: str = "str"
    pieces: tuple[str, ...] = ()  # what of it is secret, where the value is the literal's source


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
        self._source = source
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
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr, ast.AugAssign)):
            if node.value is not None:
                self._pair(node.target, node.value)
        elif isinstance(node, ast.keyword):
            self._keyword(node)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                self._named(text_of(key), value, is_key=True)
        elif isinstance(node, (ast.List, ast.Tuple)):
            is_pair = isinstance(node, ast.Tuple) and len(node.elts) == 2
            name = text_of(node.elts[0]) if is_pair else None
            if name is not None and is_header(name):
                self._named(name, node.elts[1])
            else:
                self._words(node.elts)
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
        name = name_of(target)
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
        for name in filter(None, map(name_of, sides)):
            for side in sides:
                if isinstance(side, ast.Constant):
                    self._named(name, side, is_key=True)

    def _call(self, node: ast.Call) -> None:
        called = name_of(node.func) or ""
        arguments = node.args
        if called in _NAMED_CALLS:
            for before, after in pairwise(arguments):
                self._named(text_of(before), after)
        for keyword in node.keywords:
            if keyword.arg in DEFAULTS:
                for one in arguments:
                    self._named(text_of(one), keyword.value)
        if called in _LOGINS:
            for one in arguments[-1:]:
                self._take(one, "password", "strong")
        if called in _COMMANDS:
            self._words(arguments)

    def _words(self, given: list[ast.expr]) -> None:
        """Look at the words of a command: of ``--password`` the next one is the value."""
        for value, name, strength in commands.secret_words(given, self._names):
            self._take(value, name, strength)

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

    def _take(self, node: ast.expr, name: str, strength: Strength) -> None:
        """Note the literals that an expression gets its value from."""
        for one in made_of(node, strength, self._names):
            if isinstance(one, ast.JoinedStr):
                self._joined(one, name, strength)
            else:
                self._literal(one, name, strength)

    def _joined(self, node: ast.JoinedStr, name: str, strength: Strength) -> None:
        """Note an f-string with secret text in it, as a whole."""
        # Where its pieces stand is not told by every Python, and a quote within would end it.
        pieces: list[str] = []
        pending: list[ast.expr] = [node]
        while pending:
            one = pending.pop()
            if isinstance(one, ast.JoinedStr):
                pending += one.values
            elif isinstance(one, ast.FormattedValue):
                pending += made_of(one.value, strength, self._names)
            elif isinstance(one, ast.Constant) and isinstance(one.value, str):
                if OPENING in one.value:
                    return
                pieces.append(one.value)
        secret = tuple(one for one in pieces if _is_piece(name, one, strength))
        span = self._span(node)
        if secret and span is not None and id(node) not in self._taken:
            self._taken.add(id(node))
            source = self._source[slice(*span)]
            self.found.literals.append(Literal(span, source, name, "joined", secret))

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
        if not _is_piece(name, value, strength):
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


def _is_piece(name: str, text: str, strength: Strength) -> bool:
    """Tell whether a literal can be the value of a name, or a part of it that says something."""
    if _ONLY_HOLES.fullmatch(without_scheme(text)):
        return False  # `"%s-%s"` and `"{}:{}"` only say where the parts go
    return is_value(name, text, strength)


def is_joined(source: str) -> bool:
    """Tell whether a source is one f-string and nothing else."""
    tree = parse_quietly(f"({source}\n)")
    body = [] if tree is None else tree.body
    return (
        len(body) == 1
        and isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.JoinedStr)
    )


def names_beside(source: str, digests: set[str]) -> dict[str, str]:
    """Return what the marks in a redacted source are called there, by digest.

    A mark is called by the name that it is assigned to, passed as or kept under; one inside
    a longer text has no name of its own.
    """
    found: dict[str, str] = {}
    for match in _NAMED_MARK.finditer(source):
        if match["digest"] in digests and match["name"] not in DEFAULTS:
            found.setdefault(match["digest"], match["name"])
    for digest, name in _names_around(source):
        if digest in digests:
            found.setdefault(digest, name)
    return found


def _names_around(source: str) -> Iterator[tuple[str, str]]:
    """Find what the marks are assigned to that stand somewhere in an expression."""
    tree = parse_quietly(source) if MARK.search(source) else None
    for node in [] if tree is None else ast.walk(tree):
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)) and node.value:
            targets, value = [node.target], node.value
        else:
            continue
        name = name_of(targets[0])
        for one in ast.walk(value) if name is not None else ():
            text = one.value if isinstance(one, ast.Constant) else None
            text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
            match = MARK.fullmatch(text) if isinstance(text, str) else None
            if match is not None and name is not None:
                yield match[1], name


_NAMED_MARK = Pattern(
    r"(?<![\w:-])(?P<name>[^\W\d][\w.-]{0,80})[\"'\]\\]{0,4}[ \t]*(?::[ \t]*\w{1,20}[ \t]*)?"
    r"(?::=|=>|==?|:|,|[ \t])[ \t\n(]{0,8}(?:int\()?[rbuf]?[\"'\\]{0,4}"
    r"\[redacted (?P<digest>hmac-sha256:[0-9a-f]{64})\]"
)

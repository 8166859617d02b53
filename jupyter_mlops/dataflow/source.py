"""A cell's source as a syntax tree whose positions are those of the source.

IPython's own syntax (magics, ``!command``, ``name?``) is rewritten line by line into the
calls that IPython would make, so that no line moves. Done here and not by IPython's
transformer, which may join lines and may be missing where notebooks are read.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping

from jupyter_mlops.frozen import dataclass
from jupyter_mlops.metadata import asks_to_be_left_out

# What ast.parse raises on sources that are wrong, too deep or too large.
PARSE_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)

# Cell magics that run their body as the notebook's own code.
TRANSPARENT_CELL_MAGICS = frozenset({"time", "capture", "prun", "mlops"})

# First and last line from 1, columns from 0 in characters, the end exclusive: first line,
# column, last line, column.
Span = tuple[int, int, int, int]

# What ends a line of Python; str.splitlines knows more, all of which may stand in a string.
_NEWLINE = re.compile(r"\r\n|\r|\n")
_LINE = re.compile(
    r"""^(?P<indent>\s*)
    (?P<target>[^=!%?"'()#]+=\s*)?      # files = !ls
    (?P<sign>!!|!|%(?!%))(?P<rest>\S.*)$""",
    re.VERBOSE,
)
_HELP = re.compile(r"^(?P<indent>\s*)(\?{1,2}\s*[\w.*%]+|%{0,2}[\w.*]+\s*\?{1,2})\s*;?\s*$")
_CELL_MAGIC = re.compile(r"^%%(?P<name>\w\S*)[ \t]*(?P<line>.*)$")
_INVALID_ESCAPE = re.compile(r"""\\([^\\'"abfnrtv0-7xNuU\n\r])""")
_ESCAPE = re.compile(r"\\.", re.DOTALL)


@dataclass(frozen=True)
class Parsed:
    """A syntax tree with the lines of the source that it came from.

    ``indent`` was cut off the lines that start with it (IPython allows a cell that is
    indented as a whole).
    """

    tree: ast.Module
    lines: tuple[str, ...]
    indent: str = ""

    def column(self, lineno: int, offset: int) -> int:
        """Return the column in characters for a line and an offset in UTF-8 bytes."""
        line = self.lines[lineno - 1]
        cut = len(self.indent) if self.indent and line.startswith(self.indent) else 0
        return cut + len(
            line[cut:].encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore")
        )


def lines_of(source: str) -> list[str]:
    """Return the lines of a source as Python counts them."""
    return _NEWLINE.split(source)


def with_spans(source: str, texts: Mapping[Span, str]) -> str:
    """Return a source with other texts at some spans, which may not overlap.

    All around them stays as it is, newlines of every kind included.
    """
    starts = [0, *(newline.end() for newline in _NEWLINE.finditer(source))]
    # From the end, so that no replacement moves the position of another.
    for (line, col, end_line, end_col), text in sorted(texts.items(), reverse=True):
        start, end = starts[line - 1] + col, starts[end_line - 1] + end_col
        source = source[:start] + text + source[end:]
    return source


def parse(source: str) -> Parsed | None:
    """Parse a cell; ``None`` if it is neither Python nor IPython."""
    lines = tuple(lines_of(source))
    indent = _leading_indent(lines)
    text = [line[len(indent) :] if line.startswith(indent) else line for line in lines]
    # A source may warn of its own escapes; they are for its author, not for the reader.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = _parse_lines(text)
    return None if tree is None else Parsed(tree, lines, indent)


def parse_quietly(source: str) -> ast.Module | None:
    """Parse without positions worth keeping and without ever causing a warning.

    For the kernel, where the warning filters are the user's and must not be touched:
    invalid escapes, the one cause of warnings, are taken out of the text first.
    """
    text = _ESCAPE.sub(lambda match: _INVALID_ESCAPE.sub(r"/\1", match[0]), source)
    return _parse_lines(lines_of(text))


def _leading_indent(lines: tuple[str, ...]) -> str:
    for line in lines:
        if line.strip():
            return line[: len(line) - len(line.lstrip(" \t"))]
    return ""


def _parse_lines(text: list[str]) -> ast.Module | None:
    text = _without_cell_magic(text)
    # Only lines that stop the parser are rewritten: in "(a\n % b)" or in a string a line
    # that looks like a magic is none.
    for _ in range(len(text) + 1):
        try:
            return ast.parse("\n".join(text))
        except SyntaxError as error:
            if not _rewrite_one(text, error.lineno):
                return None
        except PARSE_ERRORS:  # no Python, of which the caller says that it is opaque
            return None
    return None


def _without_cell_magic(text: list[str]) -> list[str]:
    first = next((number for number, line in enumerate(text) if line.strip()), 0)
    match = _CELL_MAGIC.match(text[first]) if text else None
    if match is None:
        return text
    name, line = match["name"], match["line"]
    body = text[first + 1 :]
    if name in TRANSPARENT_CELL_MAGICS and not is_skip(name, line):
        head = f"{line.split()[-1]} = ..." if name == "capture" and _names_output(line) else ""
        return [""] * first + [head, *body]
    call = f"get_ipython().run_cell_magic({name!r}, {line!r}, {chr(10).join(body)!r})"
    return [""] * first + [call] + [""] * len(body)


def _names_output(line: str) -> bool:
    return bool(line.split()) and line.split()[-1].isidentifier()


def is_skip(magic: str, line: str) -> bool:
    """Tell whether a cell magic and its line ask for the cell not to be recorded."""
    return asks_to_be_left_out(f"%%{magic} {line}")


def _rewrite_one(text: list[str], lineno: int | None) -> bool:
    if lineno is not None and 0 < lineno <= len(text) and _rewrite(text, lineno - 1):
        return True
    # An open bracket or quote in a magic makes the parser blame another line.
    return any(_rewrite(text, number) for number in range(len(text)))


def _rewrite(text: list[str], number: int) -> bool:
    line = text[number]
    help_line = _HELP.match(line)
    if help_line is not None:
        text[number] = help_line["indent"] + "get_ipython().run_line_magic('pinfo', '')"
        return True
    match = _LINE.match(line)
    if match is None:
        return False
    end = number
    rest = match["rest"]
    while rest.endswith("\\") and end + 1 < len(text):
        end += 1
        rest = rest[:-1] + text[end].strip()
        text[end] = ""
    text[number] = (
        match["indent"] + (match["target"] or "") + _call(match["sign"], rest, match["target"])
    )
    return True


def _call(sign: str, rest: str, target: str) -> str:
    if sign == "%":
        name, _, line = rest.partition(" ")
        return f"get_ipython().run_line_magic({name!r}, {line.strip()!r})"
    if target or sign == "!!":
        return f"get_ipython().getoutput({rest!r})"
    return f"get_ipython().system({rest!r})"


def magic_call(node: ast.AST) -> tuple[str, list[str]] | None:
    """Return method and string arguments of ``get_ipython().method('…', …)``, else ``None``."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    shell = node.func.value
    if not isinstance(shell, ast.Call) or not isinstance(shell.func, ast.Name):
        return None
    if shell.func.id != "get_ipython" or shell.args or shell.keywords:
        return None
    texts = [one.value for one in node.args if isinstance(one, ast.Constant)]
    if len(texts) != len(node.args) or not all(isinstance(text, str) for text in texts):
        return None
    return node.func.attr, [str(text) for text in texts]


def unwrapped(tree: ast.Module) -> ast.Module:
    """Return the body's tree where the whole cell is one transparent cell magic.

    IPython hands such a cell on as a single call; seen from the notebook its body runs
    like any other cell.
    """
    found = _transparent(tree)
    if found is None:
        return tree
    name, line, body = found
    inner = parse_quietly(f"%%{name} {line}\n{body}")
    return tree if inner is None else inner


def handed_on(tree: ast.Module) -> str | None:
    """Return the source that a transparent cell magic hands back to the shell, if it is one."""
    found = _transparent(tree)
    return None if found is None else found[2]


def _transparent(tree: ast.Module) -> list[str] | None:
    """Return name, line and body where the whole cell is one transparent cell magic."""
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return None
    call = magic_call(tree.body[0].value)
    if call is None or call[0] != "run_cell_magic" or len(call[1]) != 3:
        return None
    name, line, _ = call[1]
    is_transparent = name in TRANSPARENT_CELL_MAGICS and not is_skip(name, line)
    return call[1] if is_transparent else None

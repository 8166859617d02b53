"""Which literals of an expression its value is made of."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from jupyter_mlops.redaction.names import Names, Strength, words

# Calls that return what they are given, in another form.
_WRAPPERS = words(
    "str bytes bytearray SecretStr SecretBytes Secret encode strip quote quote_plus unquote "
    "b64encode b64decode urlsafe_b64encode urlsafe_b64decode fromhex unhexlify reversed"
)
# Methods whose value is made of what stands before the dot.
_METHODS = words(
    "encode decode strip lstrip rstrip upper lower title capitalize casefold swapcase replace "
    "join format format_map split rsplit splitlines partition rpartition removeprefix "
    "removesuffix ljust rjust center zfill translate expandtabs hex"
)
# Calls that are told what to return if there is nothing of a name, and where they are told it.
_WITH_DEFAULT = {"getenv": 1, "getenvb": 1, "get": 1, "pop": 1, "setdefault": 1, "getattr": 2}
DEFAULTS = frozenset({"default", "fallback"})


def made_of(
    node: ast.expr, strength: Strength, names: Names
) -> Iterator[ast.Constant | ast.JoinedStr]:
    """Yield the literals that the value of an expression is made of.

    Names of variables, prompts, paths and whatever else other calls are given are no part of it.
    """
    # A chain of `+` is as deep as it is long, so nothing here calls itself.
    pending = [node]
    while pending:
        one = pending.pop()
        if isinstance(one, (ast.Constant, ast.JoinedStr)):
            yield one
        elif isinstance(one, ast.Call):
            pending += _returned(one, names)
        else:
            pending += _parts(one, strength)


def _returned(call: ast.Call, names: Names) -> list[ast.expr]:
    """Return the parts of a call that its value is made of."""
    called = name_of(call.func) or ""
    parts = [one.value for one in call.keywords if one.arg in DEFAULTS]
    at = _WITH_DEFAULT.get(called)
    if at is not None:
        # `config.get("database", "db_password")` has a second name there.
        parts += [
            one
            for one in call.args[at : at + 1]
            if _is_environment(call.func) or names.strength(text_of(one) or "") is None
        ]
    if isinstance(call.func, ast.Attribute) and called in _METHODS:
        # `"…".encode("utf-8")` has its value before the dot, `SecretStr("…")` in it.
        parts.append(call.func.value)
        if called == "join" and len(call.args) == 1:  # that of paths has several
            for one in call.args:
                parts += one.elts if isinstance(one, (ast.List, ast.Tuple, ast.Set)) else [one]
        elif called == "replace":
            parts += call.args[1:2]
        elif called == "format":
            parts += [*call.args, *(one.value for one in call.keywords)]
    elif called in _WRAPPERS:
        parts += call.args[:1]
    return parts


def _parts(node: ast.expr, strength: Strength) -> list[ast.expr]:
    """Return the parts of what is no call that its value is made of."""
    parts: list[ast.expr] = []
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mult, ast.Mod)):
        # Not `/`, which makes paths.
        parts = [node.left, node.right]
        if isinstance(node.op, ast.Mod) and isinstance(node.right, ast.Tuple):
            parts = [node.left, *node.right.elts]
        elif isinstance(node.op, ast.Mod) and isinstance(node.right, ast.Dict):
            parts = [node.left, *node.right.values]
        elif not isinstance(node.op, ast.Add):
            # How often a text is repeated is no secret.
            parts = [one for one in parts if not _is_number(one)]
    elif isinstance(node, ast.IfExp):
        parts = [node.body, node.orelse]
    elif isinstance(node, ast.BoolOp):
        parts = node.values
    elif isinstance(node, (ast.List, ast.Tuple, ast.Set)) and strength == "strong":
        parts = node.elts
    elif isinstance(node, ast.Dict) and strength == "strong":
        parts = node.values
    elif isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.SetComp)):
        parts = [node.elt, *(one.iter for one in node.generators)]
    elif isinstance(node, (ast.Await, ast.Starred, ast.Subscript, ast.NamedExpr)):
        parts = [node.value]
    return parts


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _is_environment(called: ast.expr) -> bool:
    return name_of(called) in ("getenv", "getenvb") or (
        isinstance(called, ast.Attribute) and name_of(called.value) in ("environ", "environb")
    )


def name_of(node: ast.expr | None) -> str | None:
    """Return what a target, or something that is called, is called itself."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript):
        return text_of(node.slice)
    return None


def text_of(node: ast.expr | None) -> str | None:
    """Return the text that an expression is, in characters or in bytes, if it is one."""
    value = node.value if isinstance(node, ast.Constant) else None
    if type(value) is bytes:
        return value.decode("utf-8", "replace")
    return value if type(value) is str else None

"""Which literals of an expression its value is made of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from jupyter_mlops.redaction.names import Names, Strength, words
from jupyter_mlops.redaction.patterns import Pattern

# Calls that return what they are given, in another form.
_WRAPPERS = words(
    "str bytes bytearray SecretStr SecretBytes Secret encode strip quote quote_plus unquote "
    "b64encode b64decode urlsafe_b64encode urlsafe_b64decode standard_b64encode "
    "standard_b64decode b16decode b32decode b85decode a85decode decodebytes fromhex unhexlify "
    "a2b_base64 a2b_hex reversed intern loads safe_load literal_eval"
)
# The same, of several: what they hold is their value.
_CONTAINERS = words("list tuple set frozenset dict array deque")
# Methods whose value is made of what stands before the dot.
_METHODS = words(
    "encode decode strip lstrip rstrip upper lower title capitalize casefold swapcase replace "
    "join format format_map split rsplit splitlines partition rpartition removeprefix "
    "removesuffix ljust rjust center zfill translate expandtabs hex"
)
# Calls that are told what to return if there is nothing of a name, and where they are told it.
_WITH_DEFAULT = {"getenv": 1, "getenvb": 1, "get": 1, "pop": 1, "setdefault": 1, "getattr": 2}
DEFAULTS = frozenset({"default", "fallback"})
# A class makes its object of what it is given: a value as such, or under a name like these.
_CLASS = Pattern(r"_{0,2}[A-Z]\w*[a-z]\w*")
_VALUES = DEFAULTS | words("value secret_value secret initial initialvalue data text string raw")
# A place, which says where a secret is.
_PLACES = words("Path PurePath PosixPath PurePosixPath WindowsPath PureWindowsPath UPath AnyPath")
_PLACE = Pattern(r".*[/\\].*|[~.].*|.*\.\w{1,8}", re.DOTALL)


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
            pending += _returned(one, strength, names)
        else:
            pending += _parts(one, strength)


def _returned(call: ast.Call, strength: Strength, names: Names) -> list[ast.expr]:
    """Return the parts of a call that its value is made of."""
    called = name_of(call.func) or ""
    if _CLASS.fullmatch(called) and called not in _WRAPPERS:
        return _given_to_class(call, called, strength, names)
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
        parts += _by_method(call, call.func, called)
    elif called in _WRAPPERS:
        parts += call.args[:1]
    elif called == "cast":
        parts += call.args[1:2]
    elif called in _CONTAINERS and strength == "strong":
        parts += [*call.args[:1], *(one.value for one in call.keywords if called == "dict")]
    return parts


def _by_method(call: ast.Call, method: ast.Attribute, called: str) -> list[ast.expr]:
    """Return what the value of a text's method is made of."""
    if name_of(method.value) in ("str", "bytes", "codecs"):
        # `str.join("", ["…"])` and `codecs.decode("…", "rot13")` have it in their arguments.
        given = call.args[: 1 if name_of(method.value) == "codecs" else None]
        return [part for one in given for part in _elements(one)]
    # `"…".encode("utf-8")` has its value before the dot, `SecretStr("…")` in it.
    parts = [method.value]
    if called == "join" and len(call.args) == 1:  # that of paths has several
        parts += _elements(call.args[0])
    elif called == "replace":
        parts += call.args[1:2]
    elif called == "format":
        parts += [*call.args, *(one.value for one in call.keywords)]
    return parts


def _given_to_class(
    call: ast.Call, called: str, strength: Strength, names: Names
) -> list[ast.expr]:
    """Return what the object that a class makes may hold of a secret: its texts.

    Under a weak name only of a class that is called after secrets itself: a ``token`` is made
    of a model's name as well.
    """
    if strength != "strong" and names.strength(called) is None:
        return []
    given = [*call.args, *(one.value for one in call.keywords if one.arg in _VALUES)]
    is_place = called in _PLACES
    return [one for one in given if not _is_number(one) and not _is_name(one, is_place, names)]


def _is_name(node: ast.expr, is_place: bool, names: Names) -> bool:
    """Tell whether a text is what a secret is called, as a field's, or where it is."""
    text = text_of(node)
    if text is None:
        return False
    return _PLACE.fullmatch(text) is not None if is_place else names.strength(text) is not None


def _elements(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, (ast.List, ast.Tuple, ast.Set)) else [node]


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
    elif isinstance(node, ast.Lambda):
        parts = [node.body]
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

"""Secrets in free text that the name beside them tells: ``password=…``, ``"api_key": "…"``.

Only names that mean a secret are looked at, from where they stand: nothing is searched twice.
"""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_mlops.redaction.marks import OPENING
from jupyter_mlops.redaction.names import (
    Names,
    Strength,
    is_credential,
    is_header,
    is_value,
    without_scheme,
)
from jupyter_mlops.redaction.patterns import Pattern

Span = tuple[int, int]

# In larger texts rare words are not looked for: nobody prints commands and headers by the
# megabyte, and each word costs one more pass.
_LARGE = 65_536

_BEFORE = Pattern(r"[\w-]{0,60}\Z")
_AFTER = Pattern(r"[\w-]{0,60}")
_COLOUR = r"(?:\x1b\[[0-9;]*m)*"
_SEPARATOR = Pattern(
    rf"(?P<close>\\*[\"'`]|&quot;|&\#x27;|&\#39;|\])*{_COLOUR}[ \t]{{0,4}}{_COLOUR}"
    rf"(?P<sign>:=|=>|==?|!=|:|,(?=\s*[\"']))"
    rf"{_COLOUR}[ \t]{{0,4}}{_COLOUR}"
    r"(?:[rbuRBU]{0,2}(?P<open>\\*[\"'`]|&quot;|&\#x27;|&\#39;))?"
)
_GETS_VALUE = Pattern(r"[ \t\"'`\\\])]{0,6}(?:[=:,!+]|\(|[ \t]\S)")
_QUOTED = {
    '"': Pattern(r'(?:\\.|[^"\\\n\x1b]){1,400}'),
    "'": Pattern(r"(?:\\.|[^'\\\n\x1b]){1,400}"),
    "`": Pattern(r"[^`\n]{1,400}"),
    "&": Pattern(r"[^&<\n]{1,400}"),
    "\\": Pattern(r"[^\"'\\\n]{1,400}"),
}
_BARE = Pattern(r"[^\s\"'`<>,;&|(){}\[\]\\]{1,400}")
_OPTION = Pattern(r"[ \t]+[\"']?(?P<value>[^\s\"'`<>|;&-][^\s\"'`<>|;&]{0,400})")
_HEADER = Pattern(
    r"(?i)[\"']?[ \t]*[:=,][ \t]*[\"'f]{0,2}[ \t]*"
    r"(?:(?:bearer|token|basic|digest|apikey|negotiate)[ \t]+)?"
    r"(?P<value>[\w.~+/=:-]{6,2000})"
)
_BEARER = Pattern(r"(?i)\bbearer[ \t]+(?P<value>[\w.~+/=-]{8,2000})")
_COOKIE = Pattern(r"(?i)cookie[\"']?[ \t]*[:=][ \t]*[\"']?(?P<value>[^\"'\n]{8,2000})")
_ENV_MAGIC = Pattern(r"%(?:set_)?env[ \t]+(?P<name>\w+)(?:=|[ \t]+)(?P<value>[^\n]{1,400})")
_CURL_USER = Pattern(
    r"(?:-u|--user|--proxy-user)[ \t=]+[\"']?[^\s:\"']{1,100}:(?P<value>[^\s\"']{1,200})"
)
# user:password@, in an address of any kind
_ADDRESS = Pattern(r"://[^\s/:@\"'<>?#]{0,100}:(?P<value>[^\s/@\"'<>]{1,200})@")
_QUERY = Pattern(
    r"(?i)[?&;](?P<name>[\w.-]{0,40})=(?P<value>[^&\s\"'<>#;]{6,4000})",
)
_SIGNED = Pattern(
    r"(?i)(?:sig|signature|x-(?:amz|goog)-(?:signature|credential|security-token)|awsaccesskeyid|"
    r"googleaccessid|key|code|sas|st|jwt|token|auth|access_token|apikey|api_key|password|pwd)"
)


def plain(text: str) -> bytes:
    """Return a text in one byte a character, so that positions stay those of the text."""
    return text.encode("ascii", "replace")


def find(
    text: str, small: bytes, names: Names, *, code: bool = False, known: list[Span] | None = None
) -> Iterator[Span]:
    """Yield where values stand in `text` whose name says that they are secret.

    Parameters
    ----------
    small
        The text in small letters, one byte a character.
    known
        Its :func:`places`, if somebody looked for them already.
    code
        Whether it is somebody's configuration, command or comment, and not what a program
        printed: there a bare value need not look like a credential.
    """
    done = 0
    for start, end in places(text, small, names) if known is None else known:
        if start < done:
            continue
        done = end
        name = text[start:end]
        strength = names.strength(name.strip("_-"))
        value = None
        if strength is not None and not is_header(name):
            value = _value(text, start, end, name, strength, code)
        elif b"authorization" in small[start:end]:
            value = _header_value(text, end)
        if value is not None:
            done = value[1]
            yield value
    yield from _fixed(text, small, names)


def places(text: str, small: bytes, names: Names) -> Iterator[Span]:
    """Yield the words of `text` that hold a stem, in order."""
    hits: list[int] = []
    for stem in names.stems if len(small) < _LARGE else names.main_stems:
        at = small.find(stem)
        while at >= 0:
            # The two stems that ordinary code is full of: `for key in`, `d.keys()`, `pass`.
            if stem == b"key":
                if small[at - 1 : at].isalnum() or small[at - 1 : at] in (b"_", b"-"):
                    hits.append(at)
            elif stem != b"pass" or small[at + 4 : at + 5] != b"\n":
                hits.append(at)
            at = small.find(stem, at + len(stem))
    if not text.isascii():
        for word in names.korean_stems:
            at = text.find(word)
            while at >= 0:
                hits.append(at)
                at = text.find(word, at + len(word))
    if not hits:
        return
    done = 0
    for at in sorted(hits):
        if at < done:
            continue
        before = _BEFORE.search(text, max(done, at - 60), at)
        after = _AFTER.match(text, at)
        start = at if before is None else before.start()
        done = at + 1 if after is None else after.end()
        yield start, done


def may_assign(text: str, known: list[Span], names: Names) -> bool:
    """Tell whether a name that means a secret gets, or may get, a value in `text`.

    Parameters
    ----------
    known
        The text's :func:`places`.
    """
    for start, end in known:
        name = text[start:end]
        if _GETS_VALUE.match(text, end) is None and not text.startswith("--", start):
            continue
        if "auth" in name.lower() or names.strength(name.strip("_-")) is not None:
            return True
    return False


def _value(
    text: str, start: int, end: int, name: str, strength: Strength, code: bool
) -> Span | None:
    """Return where the value of a name stands that means a secret, if it has one here."""
    bare_name = name.strip("_-")
    match = _SEPARATOR.match(text, end)
    if match is None:
        is_option = text.startswith("--", start)
        option = _OPTION.match(text, end) if is_option else None
        if option is not None and _may_be(bare_name, option["value"], strength):
            return option.span("value")
        return None
    opened = match["open"]
    if opened is not None:
        value = _QUOTED[opened[0]].match(text, match.end())
        if value is None or not _may_be(bare_name, value[0], strength):
            return None
        # `print("password", "is wrong")` has two arguments, and no name and value.
        is_one = match["sign"] != "," or is_credential(value[0])
        return value.span() if is_one else None
    if match["sign"] in (",", "!="):
        return None
    value = _BARE.match(text, match.end())
    if value is None or not _may_be(bare_name, value[0], strength):
        return None
    if text[value.end() : value.end() + 1] in ("(", "[", "{") or value[0].endswith(name):
        return None  # a call, an index, an attribute: code that gets the value from somewhere
    if is_credential(value[0]) or (code and match["sign"] in ("=", ":") and len(value[0]) >= 4):
        return value.span()
    return None


def _header_value(text: str, end: int) -> Span | None:
    """Return where stands what a request proves itself with, without ``Basic`` or ``Bearer``."""
    match = _SEPARATOR.match(text, end)
    if match is not None and match["open"] is not None:
        quoted = _QUOTED[match["open"][0]].match(text, match.end())
        if quoted is None or not _may_be("authorization", quoted[0], "strong"):
            return None
        return quoted.end() - len(without_scheme(quoted[0].lstrip())), quoted.end()
    match = _HEADER.match(text, end)
    if match is None or not _may_be("authorization", match["value"], "strong"):
        return None
    return match.span("value")


def _may_be(name: str, value: str, strength: Strength) -> bool:
    if value.startswith(OPENING) or OPENING.startswith(value):
        return False
    return is_value(name, value, strength)


def _fixed(text: str, small: bytes, names: Names) -> Iterator[Span]:
    """Yield what commands, headers and addresses say in forms of their own."""
    if b"://" in small:
        for match in _ADDRESS.finditer(text):
            if _may_be("password", match["value"], "strong") and len(match["value"]) > 2:
                yield match.span("value")
        for match in _QUERY.finditer(text) if "=" in text else ():
            if _SIGNED.fullmatch(match["name"]) or names.strength(match["name"]) is not None:
                yield match.span("value")
    if len(small) >= _LARGE:
        return
    if b"bearer" in small:
        for match in _BEARER.finditer(text):
            if is_credential(match["value"]):
                yield match.span("value")
    if b"cookie" in small:
        for match in _COOKIE.finditer(text):
            if is_credential(match["value"].replace(" ", "")) and "=" in match["value"]:
                yield match.span("value")
    if b"env" in small and "%" in text:
        for match in _ENV_MAGIC.finditer(text):
            if names.holds(match["name"], match["value"]):
                yield match.span("value")
    if b"curl" in small or b"wget" in small:
        for match in _CURL_USER.finditer(text):
            yield match.span("value")

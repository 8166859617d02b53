"""Secrets that are known by their shape alone: formats that services publish.

A token stands in an unbroken run of letters, digits, ``-`` and ``_``. Most texts have no run
that is long enough, and one pass over their characters shows that; only long runs are looked
at with the expressions below, each from its own beginning, so that the cost grows with the
text and never with its square. Nothing is guessed from how random a text looks: a digest, a
git hash, a UUID has none of these shapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache

from jupyter_mlops.redaction.names import words
from jupyter_mlops.redaction.patterns import Pattern, any_of

Span = tuple[int, int]

# Those that begin a run with letters of their own, by service.
PREFIXED: dict[str, str] = {
    "AWS access key": r"(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{16}",
    "GitHub token": r"gh[pousr]_[A-Za-z0-9]{36,255}",
    "GitHub fine-grained token": r"github_pat_[A-Za-z0-9_]{22,255}",
    "GitLab token": r"gl(?:pat|ptt|dt|rt|cbt|oas|soat|ft|imt|agent)-[\w-]{20,}",
    "Slack token": r"xox[abeoprs]-[\w-]{10,}",
    "Slack app token": r"xapp-\d-[\w-]{10,}",
    "Stripe key": r"[rs]k_(?:live|test)_[0-9a-zA-Z]{16,}",
    "Stripe webhook secret": r"whsec_[A-Za-z0-9+/=]{24,}",
    "Twilio key": r"(?:SK|AC)[0-9a-f]{32}",
    "Mailchimp key": r"[0-9a-f]{32}-us\d{1,2}",
    "npm token": r"npm_[A-Za-z0-9]{36}",
    "PyPI token": r"pypi-AgE[\w-]{50,}|pypi-[\w-]{85,}",
    "Anthropic key": r"sk-ant-[\w-]{20,}",
    # Not every long word behind "sk-": scikit-learn's displays are full of those.
    "OpenAI key": r"sk-(?:proj|svcacct|admin|None)-[\w-]{40,}|sk-[A-Za-z0-9]{32,}",
    "OpenRouter key": r"sk-or-v1-[0-9a-f]{64}",
    "Discord token": r"[MNO][A-Za-z\d]{23,27}\.[\w-]{6}\.[\w-]{27,}",
    "Square token": r"sq0(?:atp|csp|idp)-[\w-]{22,}|EAAA[\w-]{60}",
    "Artifactory key": r"AKC[a-zA-Z0-9]{60,}",
    "Hugging Face token": r"(?:hf|api_org)_[A-Za-z0-9]{30,}",
    "W&B key": r"wandb_v\d_[\w]{20,}",
    "Databricks token": r"dapi[0-9a-f]{32}(?:-\d{1,2})?",
    "Google API key": r"AIza[\w-]{35}",
    "Google client secret": r"GOCSPX-[\w-]{28}",
    "DigitalOcean token": r"do[opr]_v1_[0-9a-f]{64}",
    "Replicate token": r"r8_[A-Za-z0-9]{37,}",
    "Groq key": r"gsk_[A-Za-z0-9]{48,}",
    "xAI key": r"xai-[A-Za-z0-9]{60,}",
    "Perplexity key": r"pplx-[A-Za-z0-9]{40,}",
    "Pinecone key": r"pcsk_[\w]{40,}",
    "Notion token": r"(?:secret|ntn)_[A-Za-z0-9]{40,}",
    "Linear key": r"lin_api_[A-Za-z0-9]{32,}",
    "Figma token": r"figd_[\w-]{36,}",
    "Postman key": r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}",
    "New Relic key": r"NRAK-[A-Z0-9]{27}",
    "Grafana token": r"glsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}|glc_[A-Za-z0-9+/]{32,}={0,2}",
    "Docker token": r"dckr_(?:pat|oat)_[\w-]{24,}",
    "Shopify token": r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",
    "Supabase token": r"sbp_[0-9a-f]{40}",
    "Atlassian token": r"ATATT3[\w-]{20,}[\w=-]{60,}",
    "Mailgun key": r"key-[0-9a-f]{32}",
    "age key": r"AGE-SECRET-KEY-1[0-9A-Z]{58}",
    "Facebook token": r"EAACEdEose0cBA[0-9A-Za-z]+",
    "Sentry token": r"sntry[su]_[A-Za-z0-9_=/+-]{40,}",
    "Tailscale key": r"tskey-[a-z]{1,20}-[\w-]{16,}",
    "Flutterwave key": r"FLWSECK(?:_TEST)?-[0-9a-f]{32}-X",
    "Typeform token": r"tfp_[\w-]{40,}",
    "PlanetScale token": r"pscale_(?:tkn|pw|oauth)_[\w-]{32,}",
    "Fastly/Heroku key": r"HRKU-[\w-]{36,}",
    "Cerebras key": r"csk-[a-z0-9]{40,}",
    "NVIDIA key": r"nvapi-[\w-]{40,}",
    "Langfuse/LangSmith key": r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}",
}
# Those that are told by what stands before their run.
PRECEDED: dict[str, tuple[str, str]] = {
    "SendGrid key": ("SG.", r"SG\.[\w-]{16,32}\.[\w-]{16,64}"),
    "Slack webhook": (
        "hooks.slack",
        r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/([\w/-]{20,})",
    ),
    "Discord webhook": ("webhooks/", r"discord(?:app)?\.com/api/webhooks/\d{15,}/([\w-]{40,})"),
    "Telegram token": (":", r"(?<!\d)\d{8,10}:[\w-]{35}(?![\w-])"),
    "Google access token": ("ya29.", r"ya29\.[\w.-]{20,}"),
    "HashiCorp Vault token": ("hv", r"hv[sbr]\.[\w-]{24,}"),
    "Terraform token": (".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,}"),
    "Doppler token": ("dp.", r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{40,}"),
    "Dropbox token": ("sl.", r"(?<![\w.])sl\.[\w-]{130,}"),
}
_TOKEN = Pattern(
    r"(?<![A-Za-z0-9])(?:" + "|".join(PREFIXED.values()) + r")(?![A-Za-z0-9])", re.ASCII
)
# Those that "/", "+", "=" or "." may tear into short runs, by what stands in each of them, in
# small letters: looked for wherever that stands.
_WHOLE = r"(?<![A-Za-z0-9])(?:{})"
TORN = {
    **{
        begin: Pattern(_WHOLE.format(PREFIXED[kind]), re.ASCII)
        for begin, kind in (
            (b"whsec_", "Stripe webhook secret"),
            (b"glc_", "Grafana token"),
            (b"sntry", "Sentry token"),
        )
    },
    **{
        begin: Pattern(PRECEDED[kind][1], re.ASCII)
        for begin, kind in (
            (b"hooks.slack", "Slack webhook"),
            (b"ya29.", "Google access token"),
            (b".atlasv1.", "Terraform token"),
            (b"dp.", "Doppler token"),
        )
    },
}
_TOKEN_REST = Pattern(r"\.eyJ[\w-]{4,}(?:\.[\w-]*){0,3}", re.ASCII)
_PRECEDED = tuple((anchor, Pattern(pattern, re.ASCII)) for anchor, pattern in PRECEDED.values())
# How they begin, as a sieve before the expression: most words of a program begin otherwise.
_BEGINS = words(
    "AK AS AB AC A3 gh gi gl xo xa sk rk wh SK np py sq EA hf ap wa da AI GO do r8 gs pp pc se nt "
    "li fi PM NR dc sh sb AT ke AG sn ts FL tf ps HR cs nv ls"
)
_MAY_BEGIN = Pattern(r"(?<![A-Za-z0-9])(?:[A-Za-z0-9]{2})", re.ASCII)
_HEX = frozenset("0123456789abcdef")

# Without any of these in it a text has none of the shapes above and below: long names, which
# every program has, need not be looked at one by one.
_ANCHORS = words(
    "AKIA ASIA ABIA ACCA A3T ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- glptt- gldt- glrt- "
    "glcbt- gloas- glsoat- glft- glimt- glagent- xox xapp- k_live_ k_test_ whsec_ -us npm_ pypi- "
    "sk- sq0 EAAA AKC hf_ api_org_ wandb_v dapi AIza GOCSPX- _v1_ r8_ gsk_ xai- pplx- pcsk_ "
    "secret_ ntn_ lin_api_ figd_ PMAK- NRAK- glsa_ glc_ dckr_ shpat_ shpca_ shppa_ shpss_ sbp_ "
    "ATATT3 key- AGE-SECRET-KEY- EAAC sntry tskey- FLWSECK tfp_ pscale_ HRKU- csk- nvapi- lsv2_ "
    ".eyJ SG. hooks.slack webhooks/ ya29. hvs. hvb. hvr. .atlasv1. dp. sl."
)
_OTHER_ANCHORS = (
    rb"SK[0-9a-f]{32}",
    rb"AC[0-9a-f]{32}",
    rb"-[1-8]\d{6}(?<=\d{6}-\d{7})",
    rb":[\w-]{35}(?<=\d:.{35})",
    rb"\.[\w-]{6}\.[\w-]{27}",
)
# What W&B's keys, which are digits alone, stand near.
_WANDB = (b"wandb", b"weights & biases", b"weights and biases")

# Letters, digits, "-" and "_" become one byte, all else another: a long run is then a plain
# search for so many of that byte.
RUN_LENGTH = 14
_IN_RUN = b"a"
CLASSES = bytes(
    97 if (code < 128 and (chr(code).isalnum() or chr(code) in "-_")) else 32 for code in range(256)
)
NEEDLE = _IN_RUN * RUN_LENGTH
_LOOK_BACK = 80

_BLOCK = Pattern(
    r"-{3,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{3,5}"
    r"(?:(?:(?!-{3,5} ?(?:BEGIN|END)).){0,20000}?-{3,5} ?END [A-Z0-9 ]{0,40}-{3,5}"
    r"|[A-Za-z0-9+/=\s\\\"',:]{0,20000})",
    re.DOTALL,
)
_RESIDENT = Pattern(r"(?<![\w-])\d{6}-[1-8]\d{6}(?![\w-])", re.ASCII)


def find(text: str, plain: bytes) -> Iterator[Span]:
    """Yield where secrets stand in `text` that their own shape tells.

    Parameters
    ----------
    plain
        The text in one byte a character, whatever the character (`assigned.plain`).
    """
    if b"PRIVATE KEY" in plain:
        for match in _BLOCK.finditer(text):
            yield match.span()
    if not may_hold(plain):
        return
    small = plain.lower()
    for begin, pattern in TORN.items():
        if begin in small:
            for match in pattern.finditer(text):
                yield match.span(pattern.groups)
    for start, end in _runs(plain):
        yield from _of_run(text, start, end)


def may_hold(plain: bytes) -> bool:
    """Tell whether there is any of what all shapes begin or go on with, private keys apart."""
    if _any_anchor().search(plain) is not None:
        return True
    small = plain.lower()
    return any(name in small for name in _WANDB)


@cache
def _any_anchor() -> re.Pattern[bytes]:
    anchors = sorted(one.encode() for one in _ANCHORS)
    return re.compile(any_of(anchors, _OTHER_ANCHORS), re.DOTALL)


def _runs(plain: bytes) -> Iterator[Span]:
    classes = plain.translate(CLASSES)
    at = classes.find(NEEDLE)
    while at >= 0:
        end = classes.find(b" ", at)
        end = len(classes) if end < 0 else end
        yield at, end
        at = classes.find(NEEDLE, end)


def _of_run(text: str, start: int, end: int) -> Iterator[Span]:
    run = text[start : min(end, start + 4096)]
    if text.startswith(".eyJ", end):
        yield from _json_web_token(text, start, end)
    is_joined = "-" in run or "_" in run
    if run[:2] in _BEGINS or run[0] in "MNO" or (is_joined and "-us" in run):
        match = _TOKEN.match(text, start)
        if match is not None:
            yield match.span()
    if is_joined:
        # Behind something that was put before it: `oauth2-glpat-…`.
        for begin in _MAY_BEGIN.finditer(text, start + 1, end):
            if begin[0] in _BEGINS:
                match = _TOKEN.match(text, begin.start())
                if match is not None:
                    yield match.span()
    before = text[max(0, start - _LOOK_BACK) : start]
    if before[-1:] in _ENDS_OF_ANCHORS or "." in before[-12:] or run[:2] == "SG":
        for anchor, pattern in _PRECEDED:
            if anchor in before or (anchor == "SG." and text.startswith("SG.", max(0, start - 3))):
                yield from _around(text, pattern, start, end)
    if len(run) == 40 and _HEX.issuperset(run) and _near_wandb(before):
        yield start, end
    if run.isascii() and len(run) == 14 and run[6] == "-" and _is_resident(text, start, end):
        yield start, end


_ENDS_OF_ANCHORS = frozenset(":/.")


def _json_web_token(text: str, start: int, end: int) -> Iterator[Span]:
    # Its first part ends with its run: looked for from there, and not from each beginning.
    first = text.find("eyJ", start, end)
    rest = _TOKEN_REST.match(text, end)
    if first >= 0 and rest is not None:
        yield first, rest.end()


def _around(text: str, pattern: Pattern, start: int, end: int) -> Iterator[Span]:
    for match in pattern.finditer(text, max(0, start - _LOOK_BACK), min(len(text), end + 200)):
        if match.end() > start and match.start() < end:
            yield match.span(1) if pattern.groups else match.span()


def _near_wandb(before: str) -> bool:
    lower = before.lower()
    return "wandb" in lower or "weights & biases" in lower or "weights and biases" in lower


def _is_resident(text: str, start: int, end: int) -> bool:
    """Tell whether a number is a Korean resident's: a day, and until 2020 a check digit."""
    match = _RESIDENT.fullmatch(text, start, end)
    if match is None or text[max(0, start - 1) : start].isalnum():
        return False
    digits = [int(one) for one in match[0] if one != "-"]
    century = 1900 if digits[6] in (1, 2, 5, 6) else 2000
    try:
        born = date(century + digits[0] * 10 + digits[1], int(match[0][2:4]), int(match[0][4:6]))
    except ValueError:  # no day of the calendar
        return False
    if born > date.today():
        return False
    if born >= date(2020, 10, 1):
        return True  # numbers given since then have no check digit
    weights = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
    left = sum(w * d for w, d in zip(weights, digits, strict=False)) % 11
    citizen, foreigner = (11 - left) % 10, (13 - left) % 10
    return digits[12] == (citizen if digits[6] < 5 else foreigner)

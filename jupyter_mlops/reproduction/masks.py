"""What two executions may write differently without meaning anything different.

A mask replaces such a piece of text by its name. Masks hide differences, so each is as
narrow as can be: a date is masked only if it lies in the time of its own run, or a table of
dates would lose its content. Order matters: clocks come before durations, which would
tear them.
"""

from __future__ import annotations

import ast
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

# How far from its run a written time may lie to be taken for a reading of the clock.
CLOCK_SLACK = timedelta(hours=26)

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_TIME = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s?[AaPp][Mm])?"
_CLOCKS = (
    # 2026-11-23T01:59:36.123456+00:00 and its shorter forms
    re.compile(
        rf"\b(?P<y>\d{{4}})[-/](?P<m>\d{{2}})[-/](?P<d>\d{{2}})(?:[T ]{_TIME})?"
        r"(?:Z|\s?[+-]\d{2}:?\d{2}|\sUTC)?(?!\d)"
    ),
    # Mon Nov 23 01:59:36 UTC 2026
    re.compile(
        rf"\b(?:\w{{3}},?\s+)?(?P<b>{_MONTHS})\w*\.?\s+(?P<d>\d{{1,2}}),?\s+{_TIME}"
        r"(?:\s+[A-Z]{3,4})?\s+(?P<y>\d{4})\b"
    ),
    # Mon, 23 Nov 2026 01:59:36
    re.compile(
        rf"\b(?:\w{{3}},\s+)?(?P<d>\d{{1,2}})\s+(?P<b>{_MONTHS})\w*\.?,?\s+(?P<y>\d{{4}})"
        rf"(?:,?\s+{_TIME})?"
    ),
    # Nov 23, 2026 01:59
    re.compile(rf"\b(?P<b>{_MONTHS})\w*\.?\s+(?P<d>\d{{1,2}}),\s+(?P<y>\d{{4}})(?:,?\s+{_TIME})?"),
    # Nov 23 01:59, as ls -l writes it: without a year
    re.compile(rf"\b(?P<b>{_MONTHS})\s+(?P<d>\d{{1,2}})\s+{_TIME}(?!\s+\d{{4}})"),
)
_TIME_ALONE = re.compile(
    r"(?<![\d:.-])(?P<h>[01]?\d|2[0-3]):(?P<min>[0-5]\d):[0-5]\d(?:[.,]\d+)?(?![\d:])"
)
_EPOCH = re.compile(r"(?<![\d.])1[5-9]\d{8}(?:\.\d+|\d{3}|\d{6}|\d{9})?(?![\d.])")

# Every pattern below is written for one long line too, minified JSON or a genome: it begins
# where no run of its own characters goes on (a look-behind), and spans a bounded length
# between its parts. One that tries again at every character holds the server for minutes.
_NUMBER = r"(?<!\d)\d+(?:\.\d+)?(?:e[+-]?\d+)?"
_UNIT = (
    r"(?:[nuµμm]?s|[nuµμm]?secs?|(?:nano|micro|milli)?seconds?|m|mins?|minutes?|h|hrs?|hours?|"
    r"days?)"
)
_TIME_WORDS = (
    r"elapsed|(?:wall|cpu|run|running|execution|training|train|fit|fitting|inference|"
    r"total|computation|processing)[ _-]?times?|runtime|duration|time cost"
)
_TIME_VERBS = r"took|taken|(?:finished|done|completed|ran|fitted|trained) in"
# Shortly after midnight a duration reads like a clock, and was masked as one.
_SPAN = rf"(?:<clock>|\d+(?::\d{{1,2}}){{1,3}}(?:\.\d+)?(?:\s?{_UNIT}\b)?|{_NUMBER}\s?{_UNIT}\b)"
_DECIMAL = r"(?<!\d)\d+(?:\.\d+(?:e[+-]?\d+)?|e[+-]?\d+)"
_STEP = rf"{_NUMBER}{_UNIT}/(?:step|epoch|sample)"


@dataclass(frozen=True)
class Side:
    """One of two executions whose texts are compared: where and when it ran.

    ``folders`` maps paths of its own (a sandbox) to those they stand for.
    """

    began: datetime
    ended: datetime
    folders: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Masked:
    """A text with its variable pieces replaced, and the names of the masks that did it."""

    text: str
    masks: tuple[str, ...]


def mask(text: str, side: Side) -> Masked:
    """Replace what may differ between two executions of the same thing."""
    used: list[str] = []
    for name, apply in _MASKS:
        masked = apply(text, side)
        if masked != text:
            used.append(name)
            text = masked
    return Masked(text, tuple(used))


def side(started: str, duration_s: float | None, folders: Sequence[tuple[str, str]] = ()) -> Side:
    """Describe an execution by its start (RFC 3339) and duration."""
    began = datetime.fromisoformat(started.replace("Z", "+00:00"))
    return Side(began, began + timedelta(seconds=duration_s or 0.0), tuple(folders))


def _folders(text: str, side: Side) -> str:
    for own, stands_for in side.folders:
        text = text.replace(own, stands_for)
    return text


def _substitute(*patterns: str, by: str) -> Callable[[str, Side], str]:
    compiled = [re.compile(pattern) for pattern in patterns]

    def apply(text: str, _side: Side) -> str:
        for pattern in compiled:
            text = pattern.sub(by, text)
        return text

    return apply


def _lines(*patterns: str, by: str = "") -> Callable[[str, Side], str]:
    """Replace whole lines in which a pattern is found; without ``by`` they are taken out."""
    compiled = re.compile("|".join(patterns))
    replacement = by and f"{by}\n"

    def apply(text: str, _side: Side) -> str:
        lines = text.splitlines(keepends=True)
        return "".join(replacement if compiled.search(line) else line for line in lines)

    return apply


def _temporary_files(text: str, _side: Side) -> str:
    """Replace the names that :mod:`tempfile` makes, in whatever folder it makes them here.

    A sandbox has a temporary folder of its own, which a run that was made in one shows.
    """
    here = tempfile.gettempdir()
    known = sorted({here, os.path.realpath(here), "/tmp", "/var/tmp"}, key=len, reverse=True)
    folders = "|".join(map(re.escape, known))
    sandbox = r"(?:[/\\]mlops-sandbox-\w+[/\\]tmp)?"
    return re.sub(rf"(?:{folders}){sandbox}[/\\]tmp\w{{6,10}}\b", "<temporary file>", text)


def _clocks(text: str, side: Side) -> str:
    for pattern in _CLOCKS:
        text = pattern.sub(lambda match: _clock(match, side), text)
    text = _TIME_ALONE.sub(lambda match: _time_alone(match, side), text)
    return _EPOCH.sub(lambda match: _epoch(match, side), text)


def _clock(match: re.Match[str], side: Side) -> str:
    parts = match.groupdict()
    month = int(parts["m"]) if parts.get("m") else _MONTHS.split("|").index(parts["b"]) + 1
    years = [int(parts["y"])] if parts.get("y") else [side.began.year, side.ended.year]
    for year in years:
        try:
            day = datetime(year, month, int(parts["d"]), tzinfo=timezone.utc)
        except ValueError:  # 2026-13-45 is no date
            continue
        # A date names a whole day, in a zone that is not told.
        if side.began - CLOCK_SLACK <= day + timedelta(days=1) and day <= side.ended + CLOCK_SLACK:
            return "<clock>"
    return match[0]


def _time_alone(match: re.Match[str], side: Side) -> str:
    # Without a day the time itself has to be that of the run, here or in UTC.
    minutes = int(match["h"]) * 60 + int(match["min"])
    span = int((side.ended - side.began).total_seconds() // 60) + 2
    for zone in (timezone.utc, None):
        local = side.began.astimezone(zone)
        if (minutes - (local.hour * 60 + local.minute) + 1) % (24 * 60) <= span:
            return "<clock>"
    return match[0]


def _epoch(match: re.Match[str], side: Side) -> str:
    digits = match[0].partition(".")[0]
    seconds = int(digits[:10])
    first = (side.began - timedelta(hours=1)).timestamp()
    return "<clock>" if first <= seconds <= side.ended.timestamp() + 3600 else match[0]


def _sets(text: str, _side: Side) -> str:
    # Strings hash differently in every process, so that a printed set has no order. To read
    # one takes a hundred times its size, which bounds it.
    return re.sub(r"\{[^{}:]{3,100000}\}", _sorted_set, text)


def _sorted_set(match: re.Match[str]) -> str:
    if "," not in match[0]:
        return match[0]
    try:
        value = ast.literal_eval(match[0])
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return match[0]
    if not isinstance(value, set):
        return match[0]
    return "{" + ", ".join(sorted(map(repr, value))) + "}"


def _carriage_returns(text: str, _side: Side) -> str:
    # What a terminal shows: a line's last version.
    return "\n".join(map(_last_version, text.split("\n"))) if "\r" in text else text


def _last_version(line: str) -> str:
    # The cursor that went back at the end took nothing away, but blanks do.
    shown = line.rstrip("\r")
    last = shown.rpartition("\r")[2]
    return "" if last.isspace() and "\r" in line else last + line[len(shown) :]


_HEX = "[0-9a-fA-F]"
_MASKS: tuple[tuple[str, Callable[[str, Side], str]], ...] = (
    ("folder", _folders),
    ("progress bar", _carriage_returns),
    (
        "progress bar",
        _lines(
            # tqdm:  50%|█████     | 5/10 [00:01<00:01, 4.9it/s], and 5it [00:01, 4.9it/s]
            r"\d%\|[ 0-9#█▉▊▋▌▍▎▏]*\| *[\d.]+\w?/[\d.]+\w? \[\d+:[\d:]+<[\d:?]+",
            r"\d\w{0,20} \[\d+:[\d:]+, [^\]\n]{0,20}(?:/s|s/)",
        ),
    ),
    (
        "progress bar",
        _substitute(
            # Keras: 5/5 ━━━━━━━━━━ 0s 5ms/step, and 5/5 [=====] - ETA: 0s - loss: 3 - 0s 5ms/step
            r"(?<![━=>.╸])[━=>.╸]{5,}(?![━=>.╸])"
            rf"(?:[] \d:smh\x1b[-]{{0,60}}?|\]? - ETA: [^\n]{{0,200}}?){_STEP}",
            rf"{_NUMBER}{_UNIT} {_STEP}",
            by="",
        ),
    ),
    (
        "temporary file",
        _substitute(
            r"(?<![\w./\\-])[\w./\\-]*ipykernel_\d+[/\\]\d+\.py",
            r"<ipython-input-\d+-[0-9a-f]+>",
            by="<temporary file>",
        ),
    ),
    ("temporary file", _temporary_files),
    ("uuid", _substitute(rf"\b{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}\b", by="<uuid>")),
    (
        "widget id",
        _substitute(
            rf"(?<=IPY_MODEL_){_HEX}{{32}}",
            rf"(?<=model_id[\"'])\W+{_HEX}{{32}}",
            rf"(?<=model_id=)[\"']?{_HEX}{{32}}",
            by="<widget id>",
        ),
    ),
    (
        "address",
        _substitute(rf"(?<=\bat )0x{_HEX}{{6,16}}", rf"\b0x{_HEX}{{7,16}}(?=>)", by="<address>"),
    ),
    ("clock", _clocks),
    (
        "duration",
        _lines(
            rf"\d ?{_UNIT} ± [^\n]{{1,40}} per loop",
            r"best of \d+: [^\n]{1,40} per loop",
            r"\d runs?, [\d,]+ loops? each",
            r"^CPU times: ",
            r"^Wall time: ",
            by="<duration>",
        ),
    ),
    # IPython says so, or not, by the times that it measured.
    ("duration", _lines(r"^The slowest run took [\d.]+ times longer than the fastest")),
    (
        "duration",
        # A number without a unit is a time if its word says so, or if it counts nothing.
        _substitute(
            rf"(?i)(\b(?:{_TIME_WORDS}|{_TIME_VERBS})\b[^\d\n]{{0,24}}){_SPAN}"
            rf"(?:[ ,]{{1,2}}(?:and )?{_SPAN})*",
            rf"(?i)(\b(?:{_TIME_WORDS})\b[^\d\n]{{0,24}}){_DECIMAL}",
            rf"(?i)(\b(?:{_TIME_VERBS})\b[^\d\n]{{0,24}}){_DECIMAL}(?!\d|\s?[^\W\d_])",
            by=r"\1<duration>",
        ),
    ),
    ("process id", _substitute(r"(?i)(\bpid\b\W{0,3})\d+", by=r"\1<process id>")),
    # numpy 2 writes np.float64(0.5) where numpy 1 wrote 0.5.
    ("number type", _substitute(r"\bnp\.(?:float|int|uint|bool|str)\w*\(([^()]*)\)", by=r"\1")),
    ("set order", _sets),
)

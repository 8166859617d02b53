"""Time zones by name, without a word to code of the user's."""

from __future__ import annotations

import datetime
from types import NoneType

from jupyter_mlops.fingerprints.introspection import (
    attributes,
    belongs_to,
    class_attributes,
    is_a,
    loaded,
    name_of,
)


def zone_name(zone: object) -> str | None:
    """Name a time zone by what it says of itself as data; ``None`` if that needs its code."""
    cls = type(zone)
    if zone is None:
        return ""
    if cls is datetime.timezone:
        name = datetime.timezone.tzname(zone, None)  # type: ignore[arg-type]
        # Whoever made the zone may have named it by a text of a class of theirs.
        if type(name) is not str:
            return None
        return f"{datetime.timezone.utcoffset(zone, None)} {name}"  # type: ignore[arg-type]
    if cls is loaded("zoneinfo", "ZoneInfo"):
        key = zone.key  # type: ignore[attr-defined]
        return key if type(key) is str else None
    module, name = name_of(cls)
    if module == "dateutil.tz.tz" and belongs_to(cls, "dateutil"):
        own = attributes(zone) or {}
        offset, called = own.get("_offset"), own.get("_name")
        if name == "tzoffset" and type(offset) is datetime.timedelta and _is_text(called):
            return f"{offset} {called or ''}".strip()
        return "UTC" if name == "tzutc" else None
    if module.partition(".")[0] == "pytz" and is_a(zone, loaded("pytz.tzinfo", "BaseTzInfo")):
        return _pytz_name(zone)
    return None


def _pytz_name(zone: object) -> str | None:
    # Each zone of pytz is a class of its own; a localized one carries its offset as well.
    name = class_attributes(type(zone)).get("zone")
    offset = (attributes(zone) or {}).get("_utcoffset")
    if type(name) is not str or type(offset) not in (datetime.timedelta, NoneType):
        return None
    return f"{name} {offset or ''}".strip()


def _is_text(value: object) -> bool:
    return value is None or type(value) is str

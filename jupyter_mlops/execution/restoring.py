"""Secrets put back where only marks of them were kept, before anything is executed.

A notebook never runs with a mark in place of a password. Each value is taken from what the
caller gives, from the notebook's file or the environment where its digest is the recorded one,
or from the variable of its name; what is still missing is asked for, all at once. So is a secret
that the recorded run read from its environment, if no variable of that name is set.
"""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Any

from jupyter_mlops.errors import SecretsNeededError
from jupyter_mlops.execution.parameters import Prepared
from jupyter_mlops.redaction import Redactor
from jupyter_mlops.redaction.code import is_joined, names_beside
from jupyter_mlops.redaction.documents import notebook_of
from jupyter_mlops.redaction.marks import MARK, OPENING, digest_of

# The literals that redaction writes in place of whole ones, and a mark that is one itself.
_LITERAL = re.compile(
    r"""(?:(?P<int>\bint\()|(?<![\w"']))(?:(?P<bytes>b)|(?P<joined>f))?(?P<quote>["'])"""
    r"""\[redacted[ ](?P<digest>hmac-sha256:[0-9a-f]{64})\](?P=quote)(?!["'])(?(int)\))"""
)
_SHORT = 8


@dataclass(frozen=True)
class Wanted:
    """A secret that is needed: its digest, and what it is called where it first stands."""

    digest: str
    name: str
    cell: int | None


def restored(
    redactor: Redactor,
    prepared: Prepared,
    given: Mapping[str, str],
    file: bytes | None = None,
    cell_of: Mapping[int, int | None] | None = None,
    variables: Sequence[Wanted] = (),
) -> Prepared:
    """Return what is to be executed, with every secret in its place.

    Parameters
    ----------
    given
        Values by the names that :class:`~jupyter_mlops.errors.SecretsNeededError` lists.
    file
        The notebook's file as it is now, which may still hold them.
    cell_of
        Positions by which people know the cells, by those in `prepared`.
    variables
        What the code reads from its environment.

    Raises
    ------
    SecretsNeededError
        If one is nowhere to be found.
    """
    wanted = _wanted(prepared, cell_of)
    if not wanted and not variables:
        return prepared
    values, environment = _found(wanted, variables, given, _known(redactor, file))
    exact = {digest for digest, value in values.items() if redactor.digest(value) == digest}
    notebook = copy.deepcopy(prepared.notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code" and OPENING in cell.source:
            cell.source = _put_back(cell.source, values, exact)
    # Of an address with a password in it what is redacted is the password, as it was before.
    set_anew = [
        one for name, value in environment.items() for one in redactor.secrets_of(name, value)
    ]
    tagged = {name: _value(one, values) for name, one in prepared.tagged.items()}
    settings = tuple(replace(one, value=_value(one.value, values)) for one in prepared.settings)
    return replace(
        prepared,
        notebook=notebook,
        tagged=tagged,
        settings=settings,
        secrets=tuple(dict.fromkeys([*values.values(), *set_anew])),
        variables=environment,
    )


def _found(
    wanted: Sequence[Wanted],
    variables: Sequence[Wanted],
    given: Mapping[str, str],
    known: Mapping[str, str],
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the values of marks, by digest, and of variables to be set, by name."""
    values: dict[str, str] = {}
    environment: dict[str, str] = {}
    missing: list[Wanted] = []
    for one in wanted:
        value = given.get(one.name, known.get(one.digest))
        if value is None:
            # A variable may hold another value by now; the verdict will say so.
            value = os.environ.get(one.name, os.environ.get(one.name.upper()))
        if value is None:
            missing.append(one)
        else:
            values[one.digest] = value
    for one in variables:
        # As it is set now, it is what the code would read; another value the verdict will tell.
        value = given.get(one.name, None if one.name in os.environ else known.get(one.digest))
        if value is not None:
            environment[one.name] = value
        elif one.name not in os.environ:
            missing.append(one)
    if missing:
        needed = {one.name: one.cell for one in reversed(missing)}
        secrets = [{"name": name, "cell": needed[name]} for name in reversed(needed)]
        names = ", ".join(reversed(needed))
        raise SecretsNeededError(names=names, variable=missing[0].name.upper(), secrets=secrets)
    return values, environment


def _wanted(prepared: Prepared, cell_of: Mapping[int, int | None] | None) -> list[Wanted]:
    """List the secrets that marks stand for, each once, under names of their own."""
    found: dict[str, Wanted] = {}
    taken: set[str] = set()

    def want(digest: str, name: str | None, cell: int | None) -> None:
        if digest in found:
            if found[digest].cell is None:
                found[digest] = replace(found[digest], cell=cell)
            return
        plain = name or "SECRET_" + digest.rpartition(":")[2][:_SHORT].upper()
        others = (f"{plain}@{cell}" if n == 1 else f"{plain}@{cell}.{n}" for n in count(1))
        name = next(one for one in chain([plain], others) if one not in taken)
        taken.add(name)
        found[digest] = Wanted(digest, name, cell)

    # Before the cells: what was given for a parameter is known by the parameter's own name, and
    # not the default that stands in a cell.
    for parameter, value in prepared.tagged.items():
        for digest in _digests(value):
            want(digest, parameter, None)
    for position, cell in enumerate(prepared.notebook.cells):
        if cell.cell_type != "code" or OPENING not in cell.source:
            continue
        digests = [match[1] for match in MARK.finditer(cell.source)]
        names = names_beside(cell.source, set(digests))
        at = position if cell_of is None else cell_of.get(position)
        for digest in digests:
            want(digest, names.get(digest), at)
    return list(found.values())


def _digests(value: Any) -> list[str]:
    return re.findall(r"hmac-sha256:[0-9a-f]{64}", json.dumps(value, default=str))


def _known(redactor: Redactor, file: bytes | None) -> dict[str, str]:
    """Return values by their digests: of the environment, and of the notebook's file."""
    known = {redactor.digest(value): value for value in os.environ.values()}
    if file is not None:
        try:
            notebook = json.loads(file)
        except (ValueError, RecursionError):
            return known  # no notebook any more: nothing can be taken from it
        other, removed = redactor.collecting()
        notebook_of(other, notebook)
        known.update(removed)
    return known


def _put_back(source: str, values: Mapping[str, str], exact: set[str]) -> str:
    def literal(match: re.Match[str]) -> str:
        value = values.get(match["digest"])
        if value is None:
            return match[0]
        if match["int"]:
            return value.strip() if value.strip().lstrip("-").isdecimal() else repr(value)
        if match["joined"] and match["digest"] in exact and is_joined(value):
            return value  # the very f-string, which may name variables
        return repr(value.encode()) if match["bytes"] else repr(value)

    def inside(match: re.Match[str]) -> str:
        value = values.get(match[1], match[0])
        if match[1] in exact:
            return value  # the very text that was taken out here
        return value.replace("\\", "\\\\").replace('"', '\\"').replace("'", "\\'")

    return MARK.sub(inside, _LITERAL.sub(literal, source))


def _value(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        digest = digest_of(dict(value))
        if digest is not None:
            return values[digest]
        return {key: _value(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [_value(item, values) for item in value]
    return MARK.sub(lambda match: values[match[1]], value) if isinstance(value, str) else value

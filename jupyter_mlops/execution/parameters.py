"""The parameters that a notebook offers, and a copy of it with other values.

A name in the cell tagged ``parameters`` is handed to papermill, which injects it. A
literal in any other cell is replaced in the copy, by its position in the syntax tree.
Only names that the notebook itself assigns are accepted, and values are written as
literals: neither can become code.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode

from jupyter_mlops import dataflow
from jupyter_mlops.dataflow import Literal
from jupyter_mlops.dataflow.configs import NAMESPACES, config_classes
from jupyter_mlops.dataflow.evaluation import is_literal
from jupyter_mlops.dataflow.source import PARSE_ERRORS, Span, with_spans
from jupyter_mlops.errors import (
    AmbiguousParameterError,
    BadValueError,
    UnknownParameterError,
    UsageError,
    nearest,
)
from jupyter_mlops.execution.code import TYPED, as_code
from jupyter_mlops.execution.expected import checked, value_of
from jupyter_mlops.metadata import OWN, section, tags
from jupyter_mlops.records import (
    NotebookParameter,
    Parameter,
    ParameterSource,
    Run,
)
from jupyter_mlops.redaction.marks import digest_of, mark

TAG = "parameters"

_SEQUENCES = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


@dataclass(frozen=True)
class Setting:
    """One parameter given for one execution.

    ``value`` is JSON, or a value of the literal's own type in place of one that JSON lacks.
    """

    name: str
    cell: int
    value: Any
    tagged: bool


@dataclass(frozen=True)
class Prepared:
    """A copy of a notebook that is ready to be executed with the given parameters.

    ``tagged`` holds those that papermill still has to inject, ``secrets`` the values that were
    put back where their marks stood: whatever is kept of the execution must be without them.
    So are those of ``variables``, which the kernel's environment lacks.
    """

    notebook: NotebookNode
    tagged: dict[str, Any]
    settings: tuple[Setting, ...] = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)


def parameters(notebook: NotebookNode) -> tuple[NotebookParameter, ...]:
    """List what can be set: the tagged cell's names, then literals of other cells."""
    tagged_at = tagged_cell(notebook)
    found: list[NotebookParameter] = []
    cells = list(_python_cells(notebook))
    classes = NAMESPACES.union(*(config_classes(source) for _, source in cells))
    for position, source in cells:
        literals = [one for one in dataflow.literals(source) if _is_offered(one, classes)]
        origin: ParameterSource = "tagged" if position == tagged_at else "literal"
        names = Counter(one.name for one in literals)
        found += [
            NotebookParameter(
                one.name,
                one.value,
                one.type,
                position,
                "declared" if one.owner == "declared" else origin,
                settable=names[one.name] == 1 and not one.is_conditional,
            )
            for one in {one.name: one for one in literals}.values()
        ]
        if position == tagged_at:
            other = dataflow.analyse(source).binds.difference(
                one.name.partition(".")[0] for one in literals
            )
            found += [
                NotebookParameter(name, None, "expression", position, "tagged")
                for name in sorted(other)
            ]
    return tuple(sorted(found, key=lambda one: (one.source != "tagged", one.cell)))


def _is_offered(literal: Literal, classes: Collection[str]) -> bool:
    """Tell whether a literal is a parameter by what the notebook says; `classes` are configs."""
    if literal.owner == "instance":
        return literal.of in classes
    return literal.owner != "options"


def with_parameters(notebook: NotebookNode, values: Mapping[str, Any]) -> Prepared:
    """Return a copy of `notebook` in which the parameters have the given values.

    Parameters
    ----------
    values
        By name, or by ``name@cell`` where several cells assign the name.

    Raises
    ------
    UnknownParameterError, AmbiguousParameterError, BadValueError
        If a name is not the notebook's, fits several cells, or has a value of another type.
    UsageError
        If a value is too large for the record of a run to show it.
    """
    offered = parameters(notebook)
    copied = copy.deepcopy(notebook)
    settings: list[Setting] = []
    for key, value in values.items():
        setting = _setting(key, value, offered)
        if any((one.name, one.cell) == (setting.name, setting.cell) for one in settings):
            raise given_twice(key, value)
        settings.append(setting)
    for position in sorted({one.cell for one in settings if not one.tagged}):
        cell = copied.cells[position]
        original = cell.source
        cell.source = _replaced(original, [one for one in settings if one.cell == position])
        cell.metadata[OWN] = {**section(cell.metadata, OWN), "source": original}
    tagged = {one.name: one.value for one in settings if one.tagged}
    return Prepared(copied, tagged, tuple(settings))


def as_recorded(settings: Iterable[Setting]) -> tuple[Parameter, ...]:
    """Return what was given as a record of it would list it."""
    found = []
    for one in settings:
        for literal in _recorded_as(one):
            source: ParameterSource = "injected" if one.tagged else "literal"
            cell = None if one.tagged else one.cell
            found.append(Parameter(one.name, literal.value, literal.type, cell, source))
    return tuple(found)


def _recorded_as(setting: Setting) -> tuple[Literal, ...]:
    """Return the value as capture reads it; an empty list is set, and no parameter."""
    return dataflow.literals(f"value = {as_code(setting.value)}")


def as_given(record: Run) -> dict[tuple[str, int], Any]:
    """Return the literals that a run without capture was given, by name and cell.

    They are as they can be given once more, since no source tells what was put into it. A secret
    is the mark that stands for it.
    """
    if record.environment is not None:
        return {}
    return {
        (one.name, one.cell): float(one.value)
        if one.type == "float" and type(one.value) is str  # as NaN is recorded
        else _with_marks(one.value)
        for one in record.parameters
        if one.source == "literal" and one.cell is not None
    }


def _with_marks(value: Any) -> Any:
    digest = digest_of(value)
    if digest is not None:
        return mark(digest)
    if isinstance(value, dict):
        return {key: _with_marks(item) for key, item in value.items()}
    return [_with_marks(item) for item in value] if isinstance(value, list) else value


def given_twice(key: str, value: Any) -> BadValueError:
    """Say that what `key` names was given a value already, by its other name."""
    return BadValueError(
        name=key, value=value_of(key, value), expected="the only value given for it"
    )


def not_in_effect(
    settings: Iterable[Setting], record: Run, kept: Callable[[Any], Any]
) -> tuple[str, ...]:
    """Compare what was asked for with what the run recorded; one sentence a mismatch.

    A parameter whose cell was not recorded (capture was off, or it did not run) is not judged,
    and neither is one that was redacted as a whole.

    Parameters
    ----------
    kept
        Makes of a value what a record keeps of it.
    """
    sentences = []
    for setting in settings:
        code = as_code(setting.value)
        literals = _recorded_as(setting)
        if not literals:
            continue
        fitting = [
            one
            for one in record.parameters
            if one.name == setting.name and one.source != "model" and not one.inherited
        ]
        if not setting.tagged:
            fitting = [one for one in fitting if one.cell == setting.cell]
        if not fitting:
            if _was_written(setting, record):
                told = value_of(setting.name, code)
                sentences.append(f"{setting.name} was set to {told}, but the notebook replaced it")
            continue
        if isinstance(fitting[-1].value, dict) and "redacted" in fitting[-1].value:
            continue
        effective = fitting[-1].value
        if literals[0].value != effective and kept(literals[0].value) != effective:
            sentences.append(f"{setting.name} was set to {code}, but {effective!r} was in effect")
    return tuple(sentences)


def _was_written(setting: Setting, record: Run) -> bool:
    return any(
        one.status == "ok"
        and setting.name.partition(".")[0] in one.writes
        and (one.injected if setting.tagged else one.cell == setting.cell)
        for one in record.cells
    )


def tagged_cell(notebook: NotebookNode) -> int | None:
    """Return the position of the cell that papermill takes the parameters from."""
    for position, cell in enumerate(notebook.cells):
        if TAG in tags(cell.metadata):
            return position
    return None


def is_python(notebook: NotebookNode) -> bool:
    """Tell whether the notebook's language is Python; one that says nothing is."""
    language = section(notebook.metadata, "kernelspec").get("language")
    language = language or section(notebook.metadata, "language_info").get("name")
    return str(language or "python").lower() in {"python", "ipython", "python3"}


def _python_cells(notebook: NotebookNode) -> Iterable[tuple[int, str]]:
    if not is_python(notebook):
        return
    for position, cell in enumerate(notebook.cells):
        # papermill replaces a cell that it injected in an earlier run.
        if cell.cell_type == "code" and "injected-parameters" not in tags(cell.metadata):
            yield position, cell.source


def _setting(key: str, value: Any, offered: Sequence[NotebookParameter]) -> Setting:
    name, _, where = key.partition("@")
    fitting = [one for one in offered if one.name == name and where in ("", str(one.cell))]
    if not fitting:
        known = [f"{one.name}@{one.cell}" if where else one.name for one in offered]
        raise UnknownParameterError(name=key, hint=nearest(key, sorted(set(known))))
    if len(fitting) > 1:
        examples = ", ".join(f"{name}@{one.cell}" for one in fitting)
        raise AmbiguousParameterError(name=name, examples=examples)
    one = fitting[0]
    if not one.settable:
        raise UsageError(
            message=f"{key}: cell {one.cell} assigns it in a branch, which may not run; set what "
            "the branch depends on, or assign it outside"
        )
    its_value = checked(key, value, one)
    if not _is_small(its_value):
        message = f"{key}: a value this large is data, not a parameter; write it into a file"
        raise UsageError(message=f"{message}, and give its path")
    # What papermill can't write, and what is part of an object, is replaced where it stands.
    tagged = one.source == "tagged" and one.type not in TYPED and "." not in one.name
    if not tagged and one.type in _SEQUENCES and its_value is not None:
        its_value = _SEQUENCES[one.type](its_value)
    return Setting(name, one.cell, its_value, tagged)


def _is_small(value: Any) -> bool:
    """Tell whether a literal of the value can be read back, as whoever records it does."""
    try:
        return is_literal(ast.parse(as_code(value), mode="eval").body)
    except PARSE_ERRORS:  # too long or too deep to be read back
        return False


def _replaced(source: str, settings: Sequence[Setting]) -> str:
    literals = {one.name: one for one in dataflow.literals(source)}
    texts: dict[Span, str] = {}
    for setting in settings:
        literal = literals[setting.name]
        _refuse_shared(literal, setting, literals.values(), settings)
        texts[literal.span] = as_code(setting.value, literal.callee)
    return with_spans(source, texts)


def _refuse_shared(
    literal: Literal, setting: Setting, others: Iterable[Literal], settings: Sequence[Setting]
) -> None:
    asked = {one.name: one.value for one in settings}
    for other in others:
        if other.name == literal.name or other.span != literal.span:
            continue
        if other.name not in asked or asked[other.name] != setting.value:
            raise BadValueError(
                name=setting.name,
                value=value_of(setting.name, setting.value),
                expected=f"possible for it alone: it shares its literal with {other.name!r}; "
                "set both to one value",
            )

"""What the verbs return in Python: the records, showing themselves in a REPL or notebook."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar, overload

from jupyter_mlops import text
from jupyter_mlops.frozen import dataclass
from jupyter_mlops.layout import duration, listed_value, local_time, number
from jupyter_mlops.records import (
    NOT_FINITE,
    Collection,
    Comparison,
    Diagnosis,
    Draft,
    Folder,
    Forgetting,
    Run,
    RunPage,
    RunSummary,
    Verdict,
    state_of,
)

if TYPE_CHECKING:
    import pandas
    import plotly.graph_objects

T = TypeVar("T")

# What is under way changes while one looks, and has no place in a frame.
_NOT_COLUMNS = ("parameters", "metrics", "executing")
_FLOATS = {word: float(word.replace("Infinity", "inf")) for word in NOT_FINITE.values()}


class Runs(Sequence[RunSummary]):
    """A list of runs, newest first unless it was sorted otherwise."""

    def __init__(self, page: RunPage) -> None:
        self.page = page

    @property
    def draft(self) -> Draft | None:
        """A change in an open session that has no result yet."""
        return self.page.draft

    @property
    def next(self) -> str | None:
        """The token for ``runs(after=…)``, ``None`` on the last page."""
        return self.page.next

    def to_frame(self) -> pandas.DataFrame:
        """Return one row a run.

        Returns
        -------
        pandas.DataFrame
            Indexed by the run's id, with ``notebook``, ``status``, ``trigger``, ``started``
            (UTC), ``duration_s``, ``user``, ``parent``, ``error``, ``verdict`` and a column for
            each parameter and metric, ``parameter.lr`` and ``metric.accuracy``; missing where a
            run has none. Of metrics that were only printed ``inferred`` has the names.
        """
        import pandas as pd

        fixed = [f.name for f in fields(RunSummary) if f.name not in _NOT_COLUMNS]
        rows = [
            {name: getattr(run, name) for name in fixed}
            | {"error": run.error and str(run.error)}
            | {f"parameter.{name}": value for name, value in run.parameters.items()}
            | {f"metric.{name}": _float(value) for name, value in run.measured.items()}
            for run in self
        ]
        frame = pd.DataFrame(rows, columns=None if rows else fixed)
        frame["started"] = pd.to_datetime(frame["started"], utc=True, format="ISO8601")
        values = [c for c in frame.columns if c not in fixed]
        return frame.set_index("id")[
            [
                *(c for c in fixed if c != "id"),
                *sorted(values, key=lambda c: c.startswith("metric.")),
            ]
        ]

    def __len__(self) -> int:
        return len(self.page.runs)

    def __iter__(self) -> Iterator[RunSummary]:
        return iter(self.page.runs)

    @overload
    def __getitem__(self, at: int) -> RunSummary: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[RunSummary]: ...
    def __getitem__(self, at: int | slice) -> RunSummary | Sequence[RunSummary]:
        return self.page.runs[at]

    def __repr__(self) -> str:
        return text.runs(self.page)

    def _repr_html_(self) -> str:
        names = list(dict.fromkeys(name for run in self for name in run.parameters))
        metrics = list(dict.fromkeys(name for run in self for name in run.measured))
        rows = [
            [
                run.id[: text.ID_SHOWN],
                state_of(run),
                *(number(run.measured[n]) if n in run.measured else "" for n in metrics),
                *(listed_value(run.parameters[n]) if n in run.parameters else "" for n in names),
                local_time(run.started),
                duration(run.duration_s),
            ]
            for run in self
        ]
        header = ["run", "status", *metrics, *names, "started", "took"]
        return _html_table(header, rows)


@dataclass(frozen=True)
class ShownRun(Run):
    """A whole record of a run."""

    def __repr__(self) -> str:
        return text.run(self)

    def to_frame(self) -> pandas.DataFrame:
        """Return the metrics, every step of them, one a row."""
        import pandas as pd

        columns = ["name", "value", "step", "cell", "source", "inherited"]
        rows = [
            [_float(m.value) if c == "value" else getattr(m, c) for c in columns]
            for m in self.metrics
        ]
        return pd.DataFrame(rows, columns=columns)


@dataclass(frozen=True)
class ShownVerdict(Verdict):
    """The verdict on a reproduction."""

    def __repr__(self) -> str:
        return text.verdict(self)


@dataclass(frozen=True)
class ShownComparison(Comparison):
    """What differs between runs."""

    def __repr__(self) -> str:
        return text.comparison(self)

    def to_frame(self) -> pandas.DataFrame:
        """Return one row a run with all parameters and metrics, as ``Runs.to_frame`` does."""
        import pandas as pd

        columns: dict[str, Sequence[Any]] = {
            **{f"parameter.{name}": values for name, values in self.parameters.items()},
            **{f"metric.{n}": [_float(v) for v in values] for n, values in self.measured.items()},
        }
        return pd.DataFrame(columns, index=pd.Index(self.runs, name="id"))

    def figure(self, name: str = "parallel_coordinates") -> plotly.graph_objects.Figure:
        """Return one of the figures, ready to be shown or changed.

        Raises
        ------
        KeyError
            If there is no such figure, because nothing that it would draw differs.
        """
        import plotly.graph_objects as go

        return go.Figure(self.figures[name])


@dataclass(frozen=True)
class ShownDiagnosis(Diagnosis):
    """What ``doctor`` found."""

    def __repr__(self) -> str:
        return text.diagnosis(self)


@dataclass(frozen=True)
class ShownFolder(Folder):
    """Whether the data that a folder's runs read is copied."""

    def __repr__(self) -> str:
        return text.folder(self)


@dataclass(frozen=True)
class ShownCollection(Collection):
    """What gc dropped, or would drop."""

    def __repr__(self) -> str:
        return text.collection(self)


@dataclass(frozen=True)
class ShownForgetting(Forgetting):
    """What was forgotten, or would be."""

    def __repr__(self) -> str:
        return text.forgetting(self)


def shown(record: Any, kind: type[T]) -> T:
    """Return `record` as the subclass of its class that shows itself."""
    return kind(**{f.name: getattr(record, f.name) for f in fields(record)})


def _float(value: Any) -> Any:
    return _FLOATS.get(value, value) if isinstance(value, str) else value


def _html_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(str(item))}</td>" for item in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

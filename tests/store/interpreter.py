"""A stand-in for kernel and capture: executes cells and tells their events.

What a cell read, bound and changed comes from the same analysis that capture uses and from
the namespace before and after; so segmentation is tried on thousands of sessions without a
kernel for each. A few of the golden sessions are executed in real kernels as well.
"""

from __future__ import annotations

import builtins
import hashlib
import io
import math
import pickle
import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jupyter_mlops import dataflow
from jupyter_mlops.events import CellFinished, CellStarted, Event, SessionEnded, SessionStarted
from jupyter_mlops.journal import now, sha256, this_process
from jupyter_mlops.records import (
    CellError,
    DataUse,
    Environment,
    Metric,
    ModelFit,
    Parameter,
    RandomUse,
)

ENVIRONMENT = Environment("3.11", "test", {"numpy": "2"}, "sha256:" + "0" * 64)


@dataclass
class Kernel:
    """One kernel's life; ``events`` is what its journal would hold.

    Parameters
    ----------
    folder
        Where relative files of the cells lie.
    has_ids
        Whether the kernel is told the cells' ids, as JupyterLab does.
    """

    folder: Path
    has_ids: bool = True
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    namespace: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})
    events: list[Event] = field(default_factory=list)
    context: dataflow.Context = field(default_factory=dataflow.Context)
    count: int = 0
    changed_outside: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._say(
            SessionStarted,
            process=this_process(),
            kernel_id=None,
            notebook=None,
            notebook_source=None,
            trigger="interactive",
            run=None,
            user="ada",
            cwd=str(self.folder),
            environment=ENVIRONMENT,
            listens=False,
        )

    def change_outside(self, source: str) -> None:
        """Change names while no cell is executed, as a widget's callback would."""
        before = dict(self.namespace)
        exec(source, self.namespace)
        changed = {name for name in self.namespace if self.namespace[name] is not before.get(name)}
        self.changed_outside = tuple(sorted(changed - {"__builtins__"}))

    def execute(self, cell: str, source: str, *, overlapping: bool = False) -> bool:
        """Execute a cell; return whether it succeeded.

        An `overlapping` one began before the one before it had ended, as far as is told.
        """
        number, self.count = self.count, self.count + 1
        under_way = self.events.pop() if overlapping and number else None
        self._say(
            CellStarted,
            execution=number,
            msg_id=f"{self.id}-{number}",
            cell_id=cell if self.has_ids else None,
            source=source,
            execution_count=number + 1,
            overlapping=under_way is not None,
            changed_before=() if under_way is not None else self.changed_outside,
        )
        self.changed_outside = ()
        if under_way is not None:
            self.events.append(replace(under_way, seq=len(self.events)))
        flow = dataflow.analyse(source, self.context)
        reads = {name for name in flow.reads if name in self.namespace}
        reads |= self._through_instances(reads)
        before = {name: id(value) for name, value in self.namespace.items()}
        contents = {name: _content(value) for name, value in self.namespace.items()}
        state = random.getstate()
        error = None
        with self._files() as files:
            try:
                with redirect_stdout(io.StringIO()):
                    exec(compile(source, cell, "exec"), self.namespace)
            except Exception as fault:  # noqa: BLE001 - a cell of a user's may raise anything
                error = CellError(type(fault).__name__, str(fault))
        writes = self._written(flow, before, contents, completed=error is None)
        self._say(
            CellFinished,
            execution=number,
            status="ok" if error is None else "error",
            duration_s=0.25,
            execution_count=number + 1,
            error=error,
            reads=tuple(sorted(reads)),
            writes=tuple(sorted(writes)),
            opaque=flow.opaque is not None,
            parameters=self._parameters(source),
            data=(*files, *self._made(writes)),
            models=self._models(flow, writes),
            randomness=_random_use(state, flow),
            **self._metrics(flow, writes),
        )
        self.context = self.context.after(flow)
        return error is None

    def end(self) -> None:
        """Shut down in order."""
        self._say(SessionEnded)

    def _say(self, kind: type[Any], **fields: Any) -> None:
        self.events.append(kind(writer=self.id, seq=len(self.events), at=now(), **fields))

    def _through_instances(self, names: set[str]) -> set[str]:
        found: set[str] = set()
        for name in names:
            made_by = self.context.functions.get(type(self.namespace[name]).__name__)
            if made_by is not None:
                found |= {type(self.namespace[name]).__name__, *made_by.reads}
        return {name for name in found if name in self.namespace}

    def _written(
        self,
        flow: dataflow.Flow,
        before: dict[str, int],
        contents: dict[str, bytes | None],
        *,
        completed: bool,
    ) -> set[str]:
        after = {name: id(value) for name, value in self.namespace.items()}
        moved = {name for name in after if after[name] != before.get(name)}
        moved |= {name for name in before if name not in after}
        again = flow.binds if completed else frozenset()
        changed = {
            name
            for name in flow.mutates | flow.maybe_mutates
            if name in after and not isinstance(self.namespace[name], (int, float, str, tuple))
        }
        # As capture does, where it can look at the content.
        changed -= {
            name
            for name in changed - flow.mutates
            if contents.get(name) is not None and contents[name] == _content(self.namespace[name])
        }
        same_object = {name for name in after if after[name] in {after[one] for one in changed}}
        return {
            name
            for name in (moved | again | changed | same_object)
            if name not in ("__builtins__", "__name__")
        }

    def _parameters(self, source: str) -> tuple[Parameter, ...]:
        return tuple(
            Parameter(one.name, one.value, one.type, None, "literal")
            for one in dataflow.literals(source)
            if self._has(one.name, one.value)
        )

    def _has(self, name: str, value: object) -> bool:
        whole, *parts = name.split(".")
        if whole not in self.namespace:
            return False
        now = self.namespace[whole]
        for part in parts:
            now = getattr(now, part, None)
        return not _is_number(now) or bool(now == value)

    def _metrics(self, flow: dataflow.Flow, writes: set[str]) -> dict[str, Any]:
        names = sorted(
            name
            for name in (flow.computed | set(flow.metric_calls)) - flow.loop_variables
            if name in writes and _is_number(self.namespace.get(name))
            if name in flow.metric_calls or name not in flow.in_loop
        )
        metrics = tuple(
            Metric(name, _json(self.namespace[name]), None, None, "variable") for name in names
        )
        minor = tuple(
            name
            for name in names
            if isinstance(self.namespace[name], int) and name not in flow.metric_calls
        )
        volatile = tuple(name for name in names if name in flow.volatile)
        return {"metrics": metrics, "minor": minor, "volatile": volatile}

    def _made(self, writes: set[str]) -> tuple[DataUse, ...]:
        return tuple(
            DataUse("frame", name, None, "made", None, sha256(pickle.dumps(self.namespace[name])))
            for name in sorted(writes)
            if _is_data(self.namespace.get(name))
        )

    def _models(self, flow: dataflow.Flow, writes: set[str]) -> tuple[ModelFit, ...]:
        return tuple(
            ModelFit(f"__main__.{type(self.namespace[name]).__name__}", name, None, {}, None)
            for name in sorted(flow.fits & writes)
        )

    @contextmanager
    def _files(self) -> Iterator[list[DataUse]]:
        used: dict[tuple[str, str], None] = {}
        real = builtins.open

        def opened(path: Any, mode: str = "r", *rest: Any, **named: Any) -> Any:
            place = self.folder / path
            used[str(place), "write" if set(mode) & set("wax+") else "read"] = None
            return real(place, mode, *rest, **named)

        found: list[DataUse] = []
        builtins.open = opened  # type: ignore[assignment]
        try:
            yield found
        finally:
            builtins.open = real
        for path, access in used:
            if not Path(path).exists():
                continue
            digest = "sha256:" + hashlib.sha256(Path(path).read_bytes()).hexdigest()
            found.append(DataUse("file", None, path, access, None, digest))  # type: ignore[arg-type]


def _content(value: Any) -> bytes | None:
    return pickle.dumps(value) if _is_data(value) else None


def _is_data(value: object) -> bool:
    """Tell whether a value is fingerprinted; lists are here, so that no cell needs a library."""
    return type(value) is list or type(value).__name__ == "ndarray"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _json(value: float) -> Any:
    value = value if isinstance(value, int) else float(value)
    return value if math.isfinite(value) else str(value)


def _random_use(before: Any, flow: dataflow.Flow) -> tuple[RandomUse, ...]:
    after = random.getstate()
    if after == before:
        return ()
    seeded = "random" in flow.seeds
    return (RandomUse(None, "random", seeded, _digest(before), _digest(after)),)


def _digest(state: Any) -> str:
    return sha256(repr(state).encode())

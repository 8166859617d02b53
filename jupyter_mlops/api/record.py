"""``runs``, ``show``, ``compare`` and ``restore``: the verbs that read the record."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlops import files
from jupyter_mlops.api.opening import PathLike, opened, shown_run
from jupyter_mlops.errors import BadValueError, NotebookError, UsageError

if TYPE_CHECKING:
    from jupyter_mlops.results import Runs, ShownComparison, ShownRun
    from jupyter_mlops.store import Store


def runs(
    notebook: PathLike | None = None,
    *,
    where: str | None = None,
    sort: str | None = None,
    limit: int = 100,
    after: str | None = None,
    store: Store | None = None,
) -> Runs:
    """List runs, newest first.

    Parameters
    ----------
    notebook
        Only the runs of this notebook.
    where
        A condition such as ``metric.accuracy > 0.9 and parameter.lr = 0.1``, over
        ``metric.``, ``parameter.``, ``status``, ``notebook`` and other keys of a run, with
        ``= != < <= > >= ~``, ``and``, ``or``, ``not`` and parentheses.
    sort
        A key to sort by; ``-metric.accuracy`` puts the greatest first.
    limit
        How many at most.
    after
        The ``next`` of the page before.

    Raises
    ------
    BadExpressionError
        If `where` does not parse.
    NotebookError
        If there is neither such a file nor a run of it.
    """
    from jupyter_mlops.results import Runs

    path = None if notebook is None else os.path.abspath(notebook)
    if limit < 1:
        raise BadValueError(name="limit", value=limit, expected="at least 1")
    with opened(store, lasting=False) as kept:
        kept.refresh()
        page = kept.runs(notebook=path, where=where, sort=sort, limit=limit, after=after)
    if path is not None and not page.runs and page.draft is None and not os.path.exists(path):
        raise NotebookError(path=notebook, reason="no such file, and no run of it is recorded")
    return Runs(page)


def show(run: str, *, store: Store | None = None) -> ShownRun:
    """Return the whole record of a run.

    Raises
    ------
    UnknownRunError, AmbiguousRunError
        If no run, or several, fit.
    """
    with opened(store, lasting=False) as kept:
        kept.refresh()
        return shown_run(kept.run(kept.find(run)))


def compare(
    *runs: str, html: PathLike | None = None, store: Store | None = None
) -> ShownComparison:
    """Tell what differs between runs, and which of it can have made a metric differ.

    Parameters
    ----------
    runs
        Two or more, in the order in which values are listed.
    html
        Where to write a page with the comparison and its figures; it needs no network.

    Raises
    ------
    UsageError
        If fewer than two different runs are given.
    UnknownRunError, AmbiguousRunError
        If no run, or several, fit.
    """
    from jupyter_mlops.comparison import diff
    from jupyter_mlops.results import ShownComparison, shown

    target = None if html is None else files.writable(html)
    with opened(store, lasting=False) as kept:
        kept.refresh()
        ids = list(dict.fromkeys(kept.find(name) for name in runs))
        if len(ids) < 2:
            raise UsageError(message="compare needs two different runs, such as @1 @2")
        records = [kept.run(name) for name in ids]
        cells = [kept.cells(name) for name in ids]
    comparison = diff.compare(records, cells)
    if target is not None:
        from jupyter_mlops.comparison import html as page

        files.write(target, page.render(comparison, records, cells).encode("utf-8", "replace"))
    return shown(comparison, ShownComparison)


def restore(
    run: str, path: PathLike, output: PathLike | None = None, *, store: Store | None = None
) -> Path:
    """Write out the data file that a run read, as the run read it.

    Parameters
    ----------
    path
        As the record names it, or the end of it that fits one file.
    output
        Where to write it; default: under its own name in the working folder, if there is none.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    UsageError
        If the run has no copy of such a file; see :func:`keep_data`.
    UnknownRunError, AmbiguousRunError
        If no run, or several, fit.
    """
    with opened(store, lasting=False) as kept:
        kept.refresh()
        record = kept.run(run)
        parts = Path(path).parts
        fitting = [
            one
            for one in record.kept
            if one.path is not None and Path(one.path).parts[-len(parts) :] == parts
        ]
        if len(fitting) != 1:
            names = ", ".join(str(one.path) for one in fitting or record.kept) or "none"
            raise UsageError(
                message=f"{os.fspath(path)!r} names {len(fitting)} of the files that the store "
                f"keeps of run {record.id[:8]}; it could be: {names}"
            )
        target = files.writable(output if output is not None else fitting[0].name)
        if output is None and target.exists():
            raise BadValueError(name="output", value=target.name, expected="new; name it with -o")
        files.write(target, kept.pieces(fitting[0].digest))
    return target

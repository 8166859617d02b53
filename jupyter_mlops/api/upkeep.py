"""``doctor``, ``gc``, ``forget``, ``keep_data``: the verbs that look after the product itself."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

from jupyter_mlops import settings
from jupyter_mlops.api.opening import PathLike, opened
from jupyter_mlops.errors import BadValueError
from jupyter_mlops.records import KeepData

if TYPE_CHECKING:
    from jupyter_mlops.results import ShownCollection, ShownDiagnosis, ShownFolder, ShownForgetting
    from jupyter_mlops.settings import Settings
    from jupyter_mlops.store import Store


def doctor(*, of: Settings | None = None) -> ShownDiagnosis:
    """Tell whether everything is recorded, whether the store is sound, and what mends it."""
    from jupyter_mlops import diagnosis
    from jupyter_mlops.results import ShownDiagnosis, shown

    return shown(diagnosis.diagnose(of or settings.read()), ShownDiagnosis)


def gc(
    *, dry_run: bool = False, quota: str | int | None = None, store: Store | None = None
) -> ShownCollection:
    """Drop waste, and above the quota (``MLOps.quota``) the content of the oldest runs.

    Temporary folders of processes that were killed go too; they are not in the figures.

    Rows are never dropped: a run stays in the list with its values and every digest, and says
    what of its content is gone. What a reproduction, another run or a live kernel needs stays.

    Parameters
    ----------
    dry_run
        Only tell what would go.
    quota
        Keep to this instead: bytes, or text such as ``2 GB``.

    Raises
    ------
    BadValueError
        If the quota is no size.
    """
    from jupyter_mlops import temporary
    from jupyter_mlops.results import ShownCollection, shown

    quota_bytes = None if quota is None else settings.size("quota", quota)
    with opened(store, lasting=not dry_run) as kept:
        found = kept.gc(dry_run=dry_run, quota_bytes=quota_bytes)
    left = 0 if dry_run else temporary.collect()
    if left:
        told = f"temporary folders of killed processes were removed as well: {left}"
        found = replace(found, notices=(*found.notices, told))
    return shown(found, ShownCollection)


def forget(
    *runs: str, with_dependents: bool = False, preview: bool = False, store: Store | None = None
) -> ShownForgetting:
    """Remove runs for good: from rows, blobs and journals, without a trace in the files.

    What another run needs as well stays with that one: executions of the same session, equal
    outputs, the same copied file.

    Parameters
    ----------
    with_dependents
        Forget the reproductions of these runs too; without it a run that has any is refused.
    preview
        Only tell what would go.

    Raises
    ------
    NotForgettableError
        If a run is still being executed, its kernel still runs, or others depend on it; a
        preview says so instead.
    UnknownRunError, AmbiguousRunError
        If no run, or several, fit.
    """
    from jupyter_mlops.results import ShownForgetting, shown

    with opened(store, lasting=not preview) as kept:
        kept.refresh()
        act = kept.forgetting if preview else kept.forget
        return shown(act(runs, with_dependents=with_dependents), ShownForgetting)


def keep_data(
    folder: PathLike,
    answer: KeepData | None = None,
    *,
    limit: str | int | None = None,
    store: Store | None = None,
) -> ShownFolder:
    """Tell, or change, whether the files that a folder's runs read are copied into the store.

    Unless somebody said *yes*, a file is never copied; its record has its digest.

    Parameters
    ----------
    folder
        That of the notebooks; the folders below it have answers of their own.
    answer
        ``yes``, ``no``, or ``ask`` to take the answer back; ``None`` changes nothing.
    limit
        Files above it are not copied: bytes, or text such as ``2 GB``; at first 1 GB.

    Raises
    ------
    BadValueError
        If the answer or the limit is none, or there neither is nor was such a folder.
    """
    from jupyter_mlops.results import ShownFolder, shown

    if answer is not None and answer not in get_args(KeepData):
        raise BadValueError(name="answer", value=answer, expected="yes, no or ask")
    limit_bytes = None if limit is None else settings.size("limit", limit)
    if limit_bytes == 0:
        raise BadValueError(name="limit", value=limit, expected="above 0; say no instead")
    path = os.path.abspath(folder)
    lasting = answer is not None or limit is not None
    with opened(store, lasting=lasting) as kept:
        kept.refresh()
        found = kept.keep_data(path)
        if not found.files and found.keep_data == "ask" and not os.path.isdir(path):
            raise BadValueError(name="folder", value=os.fspath(folder), expected="a folder")
        if lasting:
            found = kept.keep_data(path, answer, limit_bytes)
        if answer == "yes":
            kept.refresh()
            found = kept.keep_data(path)
    return shown(found, ShownFolder)

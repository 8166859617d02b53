"""``doctor`` and ``keep_data``: the verbs that look after the product itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, get_args

from jupyter_mlops import settings
from jupyter_mlops.api.opening import PathLike, opened
from jupyter_mlops.errors import BadValueError
from jupyter_mlops.records import KeepData

if TYPE_CHECKING:
    from jupyter_mlops.results import ShownDiagnosis, ShownFolder
    from jupyter_mlops.settings import Settings
    from jupyter_mlops.store import Store


def doctor(*, of: Settings | None = None) -> ShownDiagnosis:
    """Tell whether everything is recorded, whether the store is sound, and what mends it."""
    from jupyter_mlops import diagnosis
    from jupyter_mlops.results import ShownDiagnosis, shown

    return shown(diagnosis.diagnose(of or settings.read()), ShownDiagnosis)


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
        Files above it are not copied: bytes, or text such as ``2 GB``; at first 1 GiB.

    Raises
    ------
    BadValueError
        If the answer or the limit is none.
    """
    from jupyter_mlops.results import ShownFolder, shown

    if answer is not None and answer not in get_args(KeepData):
        raise BadValueError(name="answer", value=answer, expected="yes, no or ask")
    limit_bytes = None if limit is None else settings.size("limit", limit)
    if limit_bytes == 0:
        raise BadValueError(name="limit", value=limit, expected="above 0; say no instead")
    path = os.path.abspath(folder)
    with opened(store) as kept:
        kept.refresh()
        found = kept.keep_data(path, answer, limit_bytes)
        if answer == "yes":
            kept.refresh()
            found = kept.keep_data(path)
    return shown(found, ShownFolder)

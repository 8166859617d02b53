"""The texts of the user's own modules are blobs that go with the last run that names them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jupyter_mlops.errors import MissingBlobError
from jupyter_mlops.events import CellFinished
from jupyter_mlops.fingerprints.files import content
from jupyter_mlops.records import DataUse
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from jupyter_mlops.text import record
from tests.store.golden import write_journal
from tests.store.interpreter import Kernel

TEXT = "def double(x):\n    return 2 * x\n"


def test_a_text_that_was_told_once_is_every_use_s(
    home: Settings, store: Store, kernel: Kernel
) -> None:
    hashed = content("blake2b")
    assert hashed is not None
    hashed.bulk(TEXT.encode())
    use = DataUse("file", None, "tools.py", "import", None, hashed.text(), size_bytes=len(TEXT))
    finished = [at for at, one in enumerate(kernel.events) if isinstance(one, CellFinished)]
    for at, modules in zip(finished, ({use.digest: TEXT}, None), strict=True):
        kernel.events[at] = replace(kernel.events[at], data=(use,), modules=modules)
    kernel.end()
    write_journal(home, kernel.events)
    store.refresh()
    (row,) = store.runs().runs
    found = store.run(row.id)
    (kept,) = {one.kept for one in found.data}
    assert len(found.data) == 2
    assert kept is not None
    assert b"".join(store.pieces(kept)) == TEXT.encode()
    (artifact,) = (one for one in store.artifacts(row.id) if one.kind == "module")
    assert (artifact.digest, artifact.path, artifact.name) == (kept, "tools.py", "tools.py")
    assert "(text kept)" in record.run(found)
    store.forget([row.id])
    with pytest.raises(MissingBlobError):
        b"".join(store.pieces(kept))

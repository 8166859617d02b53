"""Golden sessions become the rows that a person expects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.store import golden


@pytest.mark.parametrize("session", golden.sessions(), ids=lambda session: session["name"])
def test_golden_session(session: dict[str, Any], home: Settings, tmp_path: Path) -> None:
    kernels = golden.interpreted(session, tmp_path)
    for kernel in kernels:
        golden.write_journal(home, kernel.events)
    with Store.open(home) as store:
        store.refresh()
        assert golden.differences(session["rows"], list(golden.rows(store))) == []
        draft = store.runs().draft
        assert (None if draft is None else draft.parameters) == session["draft"]

from __future__ import annotations

from typing import Any

import pytest

from jupyter_mlops.events import CellStarted
from jupyter_mlops.store.consoles import consoles


def asked(client: str | None, cell_id: str | None = None, **fields: Any) -> CellStarted:
    return CellStarted(
        "k", 1, "2026-01-01T00:00:00Z", 0, None, cell_id, "1", None, **{"client": client, **fields}
    )


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        # JupyterLab: both have ids, only the notebook names deleted cells.
        ([asked("n", "a", by_notebook=True), asked("c", "b")], {"c": "told"}),
        # A page that was loaded anew, and what an extension asked for through the notebook.
        (
            [asked(one, "a", by_notebook=True) for one in "nm"] + [asked("n"), asked("c")],
            {"c": "told"},
        ),
        # Other front ends.
        ([asked("n", "a"), asked("c")], {"c": "inferred"}),
        ([asked("n", "a"), asked("c", "b")], {}),
        # Nobody has ids: nothing tells the two apart.
        ([asked("n"), asked("c")], {}),
        # Journals of before, and programs that tell no session.
        ([asked(None, "a"), asked(None)], {}),
        ([asked("n", "a", by_notebook=True), asked(None, "b")], {}),
    ],
)
def test_a_console_is_a_client_that_never_asks_as_a_notebook_does(
    cells: list[CellStarted], expected: dict[str, str]
) -> None:
    assert consoles(cells) == expected

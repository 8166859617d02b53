"""Our own notebooks with capture and without it; all of them, and public ones, by command.

``python -m tests.differential.corpus`` executes each in every mode.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.differential.comparing import differences
from tests.differential.corpus import problems
from tests.differential.executed import MODES, Mode, execute, started
from tests.differential.ours import OURS

# Each is listened to in one of two ways here; which is decided by its place in the list.
_MODES: dict[str, Mode] = {name: MODES[place % 2] for place, name in enumerate(OURS)}


@pytest.mark.slow
@pytest.mark.parametrize("name", OURS)
def test_nothing_differs_with_capture(name: str, tmp_path: Path) -> None:
    mode, found = _MODES[name], []
    # What the clock decides, such as when a thread of the notebook's closes a pipe, differs now
    # and then without capture as well; what capture does differs each time.
    for _ in range(3):
        with started("off", tmp_path / "a") as one, started(mode, tmp_path / "b") as other:
            plain, executed = one.executed(OURS[name]), other.executed(OURS[name])
        found = list(problems(plain, executed, set(), mode))
        if not found:
            break
        again = execute(OURS[name], "off", tmp_path / "a")
        found = list(problems(plain, executed, set(differences(plain, again)), mode))
        if not found:
            break
    assert found == []

"""Secrets among the parts of objects, and in what a cell declares and logs."""

from __future__ import annotations

from jupyter_mlops.settings import Settings
from tests.capture.conftest import Kernel

SECRET = "hunter2-Zx9-quite-long"
CELLS = (
    "import argparse, types, datetime, jupyter_mlops as mlops",
    f"class CFG:\n    password = '{SECRET}a'\n    lr = 0.1",
    f"parser = argparse.ArgumentParser()\nparser.add_argument('--password', default='{SECRET}b')\n"
    "args = parser.parse_args([])",
    f"ns = types.SimpleNamespace(api_key='{SECRET}d')",
    f"x = mlops.param('api_key', '{SECRET}e')",
    "mlops.log(api_key=83610459)",
    f"if True:\n    password = '{SECRET}f'",
    f"password = 'hunter2-' + 'Zx9-quite-longh'\nz = f'{SECRET}h'",
)


def test_no_form_takes_a_secret_into_the_journal(kernel: Kernel, home: Settings) -> None:
    for source in CELLS:
        assert kernel.run(source) == []
    ends = kernel.finished()
    assert [one.name for one in ends[1].parameters] == ["CFG.password", "CFG.lr"]
    written = b"".join(path.read_bytes() for path in home.journals.iterdir() if path.is_file())
    assert b"CFG.password" in written
    for letter in "abdefh":
        assert f"{SECRET}{letter}".encode() not in written, letter
    assert not any(one.metrics or one.readings for one in ends)

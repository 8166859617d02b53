from __future__ import annotations

import pytest

from jupyter_mlops.dataflow.variables import variables_read


@pytest.mark.parametrize(
    "source",
    [
        'import os\nx = os.environ["API_KEY"]',
        'x = environ.get("API_KEY", "")',
        'x = os.getenv("API_KEY")',
        'def connect():\n    return login(password=os.environ["API_KEY"])',
        'x = {"key": config("API_KEY")}',
        'assert "API_KEY" in os.environ',
        'for name in ("HOME", "API_KEY"):\n    print(os.environ[name])',
        "x = %env API_KEY",
        "%env API_KEY",
        "!curl -H $API_KEY example.org",
        "%%bash\ncurl -u me:${API_KEY} example.org",
        "%%time\nx = os.environ['API_KEY']",
    ],
)
def test_what_reads_a_variable(source: str) -> None:
    assert variables_read(source, ["API_KEY", "HOME_KEY"]) == {"API_KEY"}


@pytest.mark.parametrize(
    "source",
    [
        'API_KEY = "abc"',
        'x = os.environ["API_KEYS"]',
        'os.environ["API_KEY"] = "abc"\nx = os.environ["API_KEY"]',
        'os.putenv("API_KEY", "abc")',
        "%env API_KEY=abc",
        'settings = {"API_KEY": 1}',
        '# os.environ["API_KEY"]',
        'print("set API_KEY first")',
        "this is no Python, and API_KEY is a word",
        "",
    ],
)
def test_what_reads_none(source: str) -> None:
    assert variables_read(source, ["API_KEY"]) == frozenset()

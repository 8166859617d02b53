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
        'NAME = "API_KEY"\nprint(os.environ[NAME])',
        'def read(name="API_KEY"):\n    return os.environ[name]',
        'ask({"token": "API_KEY"})',
        'settings = {"API_KEY": None}',
        'x = os.environb[b"API_KEY"]',
        'run("curl -H $API_KEY example.org", shell=True)',
        "!printenv API_KEY",
        "%%bash\npython train.py --token-from API_KEY",
        # Read before it is set, or set under a condition only.
        'if "API_KEY" not in os.environ:\n    os.environ["API_KEY"] = input("key")',
        'if not os.environ.get("API_KEY"):\n    os.environ["API_KEY"] = "abc"',
        'if in_colab:\n    os.environ["API_KEY"] = "abc"\nlog_in()',
        'os.environ["API_KEY"] = os.environ["API_KEY"].strip()',
        'os.environ["API_KEY"] += "abc"',
        'os.environ.update({"API_KEY": os.environ["API_KEY"].strip()})',
        'os.environ.setdefault("API_KEY", "abc")',
        'del os.environ["API_KEY"]',
        'x = os.environ["API_KEY"]\nos.environ["API_KEY"] = "abc"',
        "%env API_KEY=$API_KEY-abc",
        "if in_colab:\n    %env API_KEY=abc",
        # What this Python can't parse another one may.
        'match os.environ["API_KEY"]: oh',
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
        'os.environb[b"API_KEY"] = b"abc"\nx = os.environ["API_KEY"]',
        'x = os.environ["API_KEY"] = "abc"',
        'os.environ["HOME"], os.environ["API_KEY"] = "/", "abc"',
        'os.environ["API_KEY"]: str = "abc"',
        'os.environ |= {"API_KEY": "abc"}',
        'os.environ.update({"API_KEY": "abc"})\nx = os.environ["API_KEY"]',
        'os.environ.update(API_KEY="abc")\nx = os.environ["API_KEY"]',
        "%env API_KEY=abc",
        "%env API_KEY abc\nx = os.environ['API_KEY']",
        "%set_env API_KEY=abc",
        "!API_KEY=abc python train.py",
        '# os.environ["API_KEY"]',
        'print("set API_KEY first")',
        "this is no Python, and API_KEY is a word",
        "",
    ],
)
def test_what_reads_none(source: str) -> None:
    assert variables_read(source, ["API_KEY"]) == frozenset()

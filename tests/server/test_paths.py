"""Paths in URLs never lead out of the server's root."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_mlops.errors import BadValueError
from jupyter_mlops.server.paths import notebook_path
from tests.server.served import Fetch

HOSTILE = [
    "../../etc/passwd",
    "../../etc/passwd.ipynb",
    "../out.ipynb",
    "work/../../out.ipynb",
    "work/./train.ipynb",
    "work//train.ipynb",
    "/etc/passwd.ipynb",
    "//evil.test/x.ipynb",
    "C:\\x.ipynb",
    "C:/x.ipynb",
    "..\\..\\x.ipynb",
    "work\\train.ipynb",
    "x\0y.ipynb",
    "x\ny.ipynb",
    "file:///etc/passwd.ipynb",
    "http://127.0.0.1:1/x.ipynb",
    "s3://bucket/x.ipynb",
    "-",
    "#/../x.ipynb",
    "a" * 5000 + ".ipynb",
    "train.ipynb ",
    "train.ipynb.",
    "train.py",
    "\uff0e\uff0e\uff0fx.ipynb/../../y.ipynb",
    ".hidden/x.ipynb",
    ".x.ipynb",
    "%2e%2e%2fout.ipynb/../..",
    "linked/out.ipynb",
    "link.ipynb",
    "",
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a root with a sibling whose name begins alike, and links that lead there."""
    root = tmp_path / "root"
    (root / "work").mkdir(parents=True)
    (root / "work" / "train.ipynb").write_text("{}")
    evil = tmp_path / "root-evil"
    evil.mkdir()
    (evil / "out.ipynb").write_text("{}")
    (root / "linked").symlink_to(evil)
    (root / "link.ipynb").symlink_to(evil / "out.ipynb")
    return root


def _contents(root: Path) -> Any:
    return SimpleNamespace(root_dir=str(root), allow_hidden=False)


@pytest.mark.parametrize("path", [*HOSTILE, "../root-evil/out.ipynb"])
def test_refused(root: Path, path: str) -> None:
    with pytest.raises(BadValueError):
        notebook_path(_contents(root), path)


def test_found(root: Path) -> None:
    assert notebook_path(_contents(root), "work/train.ipynb") == root / "work" / "train.ipynb"
    assert notebook_path(_contents(root), "gone/old.ipynb") == root / "gone" / "old.ipynb"
    assert notebook_path(_contents(root), "한글 50%.ipynb") == root / "한글 50%.ipynb"


def test_a_link_inside_the_root_is_followed(root: Path) -> None:
    (root / "same.ipynb").symlink_to(root / "work" / "train.ipynb")
    assert notebook_path(_contents(root), "same.ipynb") == root / "same.ipynb"


def test_contents_that_are_no_files() -> None:
    with pytest.raises(BadValueError):
        notebook_path(SimpleNamespace(allow_hidden=False), "train.ipynb")


PART = st.one_of(
    st.sampled_from(["..", ".", "", "work", "linked", "~", "%2e%2e", "..;", "…", "link.ipynb"]),
    st.text(max_size=8),
)


@given(st.lists(PART, max_size=6), st.sampled_from(["/", "\\", "%2f", "//"]))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_leads_out(root: Path, parts: list[str], separator: str) -> None:
    try:
        found = notebook_path(_contents(root), separator.join(parts) + ".ipynb")
    except BadValueError:  # refused, so nothing is led out
        return
    assert found.resolve().is_relative_to(root.resolve())


@pytest.mark.parametrize("path", [";../x.ipynb", *filter(None, HOSTILE)])
async def test_refused_over_http(
    jp_serverapp: Any,
    jp_fetch: Fetch,
    jp_base_url: str,
    http_server_client: Any,
    jp_auth_header: dict[str, str],
    path: str,
) -> None:
    for encoded in (quote(path, safe=""), quote(quote(path, safe=""), safe=""), quote(path)):
        reply = await http_server_client.fetch(
            f"{jp_base_url}mlops/notebooks/{encoded}/parameters",
            headers=jp_auth_header,
            raise_error=False,
        )
        assert 400 <= reply.code < 500, encoded
        assert b"root:" not in reply.body

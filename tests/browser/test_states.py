"""What the front end says where something is off, missing or not allowed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import StartLab
from tests.browser.lab import Lab
from tests.browser.notebooks import write_cells, write_training
from tests.browser.sidebar import choose, detail, open_sidebar, runs

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_READ_ONLY = """
from jupyter_server.auth import Authorizer

class ReadOnly(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return action == "read"

c.ServerApp.authorizer_class = ReadOnly
"""


def test_capture_switched_off(page: Page, start_lab: StartLab) -> None:
    lab = start_lab(environ={"JUPYTER_MLOPS": "off"})
    notebook = write_training(lab.work, "off.ipynb")
    page.goto(lab.page(notebook.name))
    expect(page.get_by_role("button", name="MLOps: off")).to_be_visible()
    open_sidebar(page)
    expect(page.get_by_text("Capture is off.", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="No runs", exact=True)).to_be_visible()


def test_a_kernel_that_records_and_one_that_does_not(page: Page, lab: Lab) -> None:
    notebook = write_cells(lab.work, "states.ipynb", "1")
    page.goto(lab.page(notebook.name))
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
    expect(page.get_by_role("button", name="MLOps: ready")).to_be_visible()
    choose(page, "Run", "Run All Cells")
    expect(page.get_by_role("button", name="MLOps: recording")).to_be_visible()

    _specify_quiet(lab)
    write_cells(lab.work, "quiet.ipynb", "1", kernel="quiet")
    page.goto(lab.page("quiet.ipynb"))
    expect(page.get_by_text("Quiet | Idle")).to_be_visible()
    choose(page, "Run", "Run All Cells")
    expect(page.get_by_role("button", name="MLOps: not recording")).to_be_visible()
    open_sidebar(page)
    said = page.get_by_text("kernel is not being recorded.").locator("..")
    expect(said).to_contain_text("JUPYTER_MLOPS in its kernel specification")


def _specify_quiet(lab: Lab) -> None:
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Quiet",
        "language": "python",
        "env": {"JUPYTER_MLOPS": "off"},
    }
    folder = Path(lab.environ["JUPYTER_DATA_DIR"], "kernels", "quiet")
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec))


def test_the_server_part_is_missing(page: Page, start_lab: StartLab) -> None:
    lab = start_lab("--ServerApp.jpserver_extensions={'jupyter_mlops': False}")
    notebook = write_training(lab.work, "missing.ipynb")
    page.goto(lab.page(notebook.name))
    expect(page.get_by_role("button", name="MLOps: no server part")).to_be_visible()
    open_sidebar(page)
    expect(page.get_by_role("alert")).to_contain_text("jupyter server extension list")


@pytest.fixture
def read_only(start_lab: StartLab, tmp_path: Path) -> Iterator[Lab]:
    """Give a JupyterLab whose user may read and nothing else."""
    config = tmp_path / "read_only.py"
    config.write_text(_READ_ONLY)
    return start_lab(f"--config={config}")


def test_a_role_that_may_only_read(page: Page, read_only: Lab) -> None:
    notebook = write_training(read_only.work, "read.ipynb")
    page.goto(read_only.page(notebook.name))
    # JupyterLab itself says that it may start no kernel, then asks for another.
    page.get_by_role("dialog").get_by_role("button", name="Ok").click()
    page.get_by_role("dialog").get_by_role("button", name="No Kernel").click()
    open_sidebar(page)
    expect(page.get_by_role("heading", name="No runs yet")).to_be_visible()
    # The event stream is refused to this role: what others do is fetched all the same.
    _run(notebook, read_only)
    expect(runs(page)).to_have_count(1)
    _run(notebook, read_only)
    expect(runs(page)).to_have_count(2)
    expect(page.get_by_text("No live updates from this server")).to_be_visible()
    detail(page).get_by_role("button", name="Reproduce", exact=True).click()
    expect(page.get_by_text("your role on this server does not allow it")).to_be_visible()


def test_no_notebook_is_active(page: Page, lab: Lab) -> None:
    page.goto(f"{lab.url}lab/workspaces/empty?token={lab.token}")
    page.get_by_role("tab", name="MLOps").click()
    expect(page.get_by_role("heading", name="No notebook is active")).to_be_visible()
    expect(page.get_by_role("button", name="MLOps: ")).to_have_count(0)


def _run(notebook: Path, lab: Lab) -> None:
    subprocess.run(
        [sys.executable, "-m", "jupyter_mlops.cli", "run", str(notebook)],
        env=lab.environ,
        check=True,
        capture_output=True,
        timeout=120,
    )

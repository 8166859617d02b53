"""The documents are true: what they name is there, and what is there stands in them."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import nbformat
import pytest

from jupyter_mlops import settings, verbs

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")})
# Made when the front end is built or the demo is run, and not part of a checkout.
GENERATED = ("jupyter_mlops/labextension", ".demo", ".venv")
TOP = {path.name for path in ROOT.iterdir()}

_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
_CODE = re.compile(r"`([^`\n]+)`")
_COMMAND = re.compile(r"^\s*(?:\$ )?jupyter mlops (.+?)(?:\s+#.*)?$", re.MULTILINE)


def paths_of(document: Path) -> set[str]:
    text = document.read_text(encoding="utf-8")
    linked = {str((document.parent / link).relative_to(ROOT)) for link in _LINK.findall(text)}
    # In running text a path is what has a folder of the checkout in front, or names a file of it.
    quoted = {
        code
        for code in _CODE.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL))
        if re.fullmatch(r"[\w.\-]+(/[\w.\-]+)*/?", code)
        and code.partition("/")[0] in TOP
        and "/" in code
    }
    return linked | quoted


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_that_a_document_names_exists(document: Path) -> None:
    missing = {
        path
        for path in paths_of(document)
        if not path.startswith(GENERATED) and not (ROOT / path).exists()
    }
    assert missing == set()


def test_paths_are_found_in_documents() -> None:
    assert "jupyter_mlops/records" in {
        p.rstrip("/").removesuffix(".py") for p in paths_of(ROOT / "ARCHITECTURE.md")
    }
    assert "ARCHITECTURE.md" in paths_of(ROOT / "README.md")


def test_the_table_of_imports_is_the_contract() -> None:
    rules = (ROOT / "pyproject.toml").read_text("utf-8").partition("\nrooms = [\n")[2]
    lines = re.findall(r'^  "(\w+): ?(.*)",$', rules.partition("\n]\n")[0], re.M)
    contract = {
        room: ({*ours.split()}, {*others.split()})
        for room, (ours, _, others) in ((room, rule.partition("|")) for room, rule in lines)
    }
    table = {}
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8").partition("## Who may import whom")[2]
    for row in re.findall(r"^\| (`.*) \|$", text, re.M):
        who, ours, others = row.split(" | ")
        named = {"*"} if others == "everything" else {*_CODE.findall(others)}
        table |= {room: ({*_CODE.findall(ours)}, named) for room in _CODE.findall(who)}
    assert "api" in contract and table == contract


@pytest.mark.parametrize("verb", verbs.VERBS)
def test_every_verb_stands_in_the_readme(verb: str) -> None:
    assert re.search(
        rf"^jupyter mlops {verb}\b", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE
    )


def commands() -> list[str]:
    texts = [document.read_text("utf-8") for document in DOCUMENTS]
    tour = nbformat.read(ROOT / "binder" / "tour.ipynb", 4)
    texts += [
        "\n".join(_CODE.findall(cell.source)) for cell in tour.cells if cell.cell_type == "markdown"
    ]
    return sorted({command for text in texts for command in _COMMAND.findall(text)})


@pytest.mark.parametrize("command", commands())
def test_every_command_in_the_documents_is_one(command: str) -> None:
    if not command.endswith("--help"):
        assert verbs.parse(shlex.split(command)).verb.name == command.split()[0]


def test_the_variables_in_the_readme_are_read() -> None:
    named = set(re.findall(r"JUPYTER_MLOPS\w*", (ROOT / "README.md").read_text("utf-8")))
    assert named <= {
        settings.HOME_VARIABLE,
        settings.STORE_VARIABLE,
        settings.SWITCH_VARIABLE,
        settings.SECRET_NAMES_VARIABLE,
        settings.NOT_SECRET_NAMES_VARIABLE,
    }


def test_the_tour_is_valid_whole_and_without_outputs() -> None:
    path = ROOT / "binder" / "tour.ipynb"
    tour = nbformat.read(path, 4)
    nbformat.validate(tour)
    ids = [cell["id"] for cell in tour.cells]
    assert len(set(ids)) == len(ids)
    for cell in tour.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
            assert not cell.metadata.get("tags")
    assert json.loads(path.read_text("utf-8"))["metadata"]["kernelspec"]["name"] == "python3"

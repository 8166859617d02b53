"""The labelled notebooks: ours, and those public ones whose repositories are there."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
OURS = HERE.parent / "notebooks"


@dataclass(frozen=True)
class Labelled:
    """A notebook with its labels (``README.md`` has their form).

    ``source`` is the folder that is copied for a run, ``path`` the notebook's place in it.
    """

    name: str
    source: Path
    path: str
    parameters: list[dict[str, Any]]
    metrics: list[dict[str, Any]]
    data: list[dict[str, Any]]
    models: list[dict[str, Any]]

    def copied(self, scratch: Path) -> Path:
        """Copy the folder, so that a run finds it as its author left it; return the copy."""
        folder = scratch / "corpus"
        shutil.copytree(self.source, folder, symlinks=True, ignore=shutil.ignore_patterns(".git"))
        return folder


def labelled(folder: Path | None = None) -> Iterator[Labelled]:
    """Yield our notebooks, then the public ones of which `folder` holds the repositories.

    Those held out come last: capture has not been mended by what it missed there.

    Raises
    ------
    SystemExit
        If a public notebook isn't the one that was labelled.
    """
    for file in sorted((HERE / "own").glob("*.json")):
        found = json.loads(file.read_text())
        yield _labelled(f"own/{file.stem}", OURS, found["notebook"], found)
    public = [
        *sorted((HERE / "public").glob("*.json")),
        *sorted((HERE / "held_out").glob("*.json")),
    ]
    for file in public if folder is not None else ():
        found = json.loads(file.read_text())
        source = Path(folder or "") / found["repository"].rpartition("/")[2]
        notebook = source / found["path"]
        if not notebook.exists():
            print(f"{file.stem}: no {notebook}; clone {found['repository']}", file=sys.stderr)
            continue
        if hashlib.sha256(notebook.read_bytes()).hexdigest() != found["sha256"]:
            raise SystemExit(f"{notebook} isn't that of commit {found['commit']}")
        yield _labelled(f"{file.parent.name}/{file.stem}", source, found["path"], found)


def _labelled(name: str, source: Path, path: str, found: dict[str, Any]) -> Labelled:
    kinds = (found[kind] for kind in ("parameters", "metrics", "data", "models"))
    return Labelled(name, source, path, *kinds)

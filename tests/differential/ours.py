"""Notebooks of our own, each a text whose cells are parted by lines ``# ---``."""

from __future__ import annotations

from tests.differential.notebooks import calls, ipython, libraries, observers, processes, python

OURS: dict[str, tuple[str, ...]] = {
    name: tuple(cell.strip("\n") for cell in text.split("# ---\n"))
    for module in (python, observers, ipython, libraries, processes, calls)
    for name, text in module.NOTEBOOKS.items()
}

"""Which cell of the notebook as it is now was which cell of the notebook then."""

from __future__ import annotations

from collections import Counter
from difflib import SequenceMatcher

from nbformat import NotebookNode


def aligned(then: NotebookNode, now: NotebookNode) -> dict[int, int]:
    """Match code cells by id, then by source, then by their place between matched ones.

    Returns
    -------
    dict
        Positions in `now` to positions in `then`; a cell that is new is not among them.
    """
    by_id = _by_id(then, now)
    matched = dict(by_id)
    left_then = [i for i in _code(then) if i not in matched.values()]
    left_now = [i for i in _code(now) if i not in matched]
    sources = [
        [notebook.cells[i].source for i in left]
        for notebook, left in ((then, left_then), (now, left_now))
    ]
    matcher = SequenceMatcher(None, sources[0], sources[1], autojunk=False)
    for tag, a, a_end, b, b_end in matcher.get_opcodes():
        # As many cells replaced by as many were edited, most likely, and not written anew;
        # where ids were kept, they would say so.
        edited = tag == "replace" and a_end - a == b_end - b and not by_id
        if tag == "equal" or edited:
            matched |= dict(zip(left_now[b:b_end], left_then[a:a_end], strict=True))
    return matched


def _code(notebook: NotebookNode) -> list[int]:
    return [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]


def _by_id(then: NotebookNode, now: NotebookNode) -> dict[int, int]:
    first, second = _ids(then), _ids(now)
    return {second[name]: first[name] for name in second if name in first}


def _ids(notebook: NotebookNode) -> dict[str, int]:
    ids = {i: notebook.cells[i].get("id") for i in _code(notebook)}
    counts = Counter(ids.values())
    return {name: i for i, name in ids.items() if name is not None and counts[name] == 1}

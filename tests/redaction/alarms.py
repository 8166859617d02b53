"""Counts what is redacted in files that should hold no secrets, and times it.

``python -m tests.redaction.alarms FOLDER…`` reads every notebook and Python file below the
folders, prints each value that would be redacted (for a person to judge), and how many a
megabyte that is. Pictures in outputs count for nothing.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from jupyter_mlops.redaction import Names, Redactor
from jupyter_mlops.redaction.documents import notebook_of, source_of


def files(folders: Sequence[str]) -> Iterator[Path]:
    """Yield the notebooks and Python files below `folders`, in order."""
    for folder in folders:
        for place, below, names in os.walk(folder):
            below.sort()
            yield from (Path(place, n) for n in sorted(names) if n.endswith((".py", ".ipynb")))


def texts(path: Path) -> tuple[int, list[str]]:
    """Return the length of a file's texts, and the values in it that would be redacted."""
    redactor, removed = Redactor(b"k" * 32, Names()).collecting()
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        redactor.source(text)
        return len(text), list(removed.values())
    notebook: dict[str, Any] = json.loads(text)
    notebook_of(redactor, notebook)
    length = 0
    for cell in notebook.get("cells", []):
        length += len(source_of(cell))
        for output in cell.get("outputs", []):
            data = output.get("data", output)
            length += sum(len(json.dumps(data[key])) for key in data if key[:6] != "image/")
    return length, list(removed.values())


def main(folders: Sequence[str]) -> int:
    """Print what was found, by kind of file."""
    for suffix in (".ipynb", ".py"):
        count, length, found = 0, 0, 0
        began = time.process_time()
        for path in files(folders):
            if path.suffix != suffix:
                continue
            try:
                size, values = texts(path)
            except (OSError, ValueError, AttributeError, RecursionError):  # not what its name says
                continue
            count, length, found = count + 1, length + size, found + len(values)
            for value in values:
                print(f"  {path.name}: {value[:80]!r}")
        spent = time.process_time() - began
        megabytes = length / 1e6
        if count:
            print(
                f"{suffix}: {count} files, {megabytes:.1f} MB, {found} values redacted, "
                f"{found / megabytes:.2f} a MB, {spent:.1f} s CPU"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

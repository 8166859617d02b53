"""Which files a notebook opens, as the kernel of the operating system sees it.

``python -m tests.labels.traced FOLDER [--only NAME]`` executes the labelled notebooks through
papermill below ``strace``, without capture, and prints where their labels for data differ from
what was opened. ``FOLDER`` holds the repositories of the public ones. It knows nothing of us.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.labels.corpus import Labelled, labelled

LIMIT_S = 300
_CALL = re.compile(
    r"\b(?:openat\((?:AT_FDCWD|\d+)(?:<[^>]*>)?, |open\(|creat\()"
    r'"[^"]*", (?P<flags>[A-Z0-9_|]+).* = \d+<(?P<real>[^>]*)>'
)
_RENAME = re.compile(r'\brename(?:at2?)?\(.*"([^"]*)".*, .*"(?P<path>[^"]*)".* = 0')
# What is opened below a notebook's folder and isn't its data.
_ASIDE = re.compile(r"__pycache__|\.ipynb|/\.|-journal$|-wal$|-shm$|\.pyc")


def opened(label: Labelled, folder: Path) -> set[tuple[str, str]]:
    """Return (access, path) of the files below the corpus that executing a notebook opened."""
    trace = folder.parent / "trace.txt"
    notebook = folder / label.path
    command = [
        *("strace", "-f", "-y", "-qq", "-o", str(trace)),
        *("-e", "trace=open,openat,creat,rename,renameat,renameat2"),
        *(sys.executable, "-m", "papermill", "--no-progress-bar", "-k", "python3"),
        *(notebook.name, os.devnull),
    ]
    environment = os.environ | {"JUPYTER_MLOPS": "off"}
    subprocess.run(command, cwd=notebook.parent, env=environment, timeout=LIMIT_S, check=False,
                   stdin=subprocess.DEVNULL, capture_output=True)  # fmt: skip
    changed = _changed(label.source, folder)
    return set(_seen(trace, folder.resolve(), notebook.parent.resolve(), changed))


def _changed(before: Path, after: Path) -> set[str]:
    """Return the files of a folder that are new or not what they were."""
    found = set()
    for path in after.rglob("*"):
        old = before / path.relative_to(after)
        if path.is_file() and not (old.is_file() and filecmp.cmp(old, path, shallow=False)):
            found.add(str(path.resolve()))
    return found


def _seen(trace: Path, root: Path, start: Path, changed: set[str]) -> Iterator[tuple[str, str]]:
    for line in trace.read_text(errors="replace").splitlines():
        found = _CALL.search(line)
        moved = _RENAME.search(line) if found is None else None
        if found is None and moved is None:
            continue
        path = found["real"] if found is not None else os.path.join(start, moved["path"])
        if not path.startswith(f"{root}/") or _ASIDE.search(path) or not os.path.isfile(path):
            continue
        # A database is opened for both, whatever is asked of it.
        writes = found is None or "WRONLY" in found["flags"]
        writes = writes or ("RDWR" in found["flags"] and path in changed)
        access = "write" if writes else "import" if path.endswith(".py") else "read"
        yield access, os.path.relpath(path, start)


def main() -> int:
    """Compare, and return how many notebooks differ from their labels."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    wrong = 0
    for label in labelled(asked.folder):
        if asked.only not in label.name:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            found = opened(label, label.copied(Path(scratch)))
        every = {(one["access"], one["path"]) for one in label.data}
        needed = {(one["access"], one["path"]) for one in label.data if not one.get("optional")}
        told = [f"not opened: {one}" for one in sorted(needed - found)]
        told += [f"not labelled: {one}" for one in sorted(found - every)]
        wrong += bool(told)
        print(f"{label.name}: {len(found)} opened", *told, sep="\n  ", flush=True)
    return wrong


if __name__ == "__main__":
    sys.exit(min(1, main()))

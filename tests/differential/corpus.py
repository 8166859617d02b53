"""Notebooks with capture and without it, in real kernels: nothing may differ.

``python -m tests.differential.corpus FOLDER`` executes the public ones of ``public.json``, found
below ``FOLDER`` in the folders of their repositories, and checks what they gave against the
digests kept there; ``--write`` writes the digests again. Without ``FOLDER`` it executes ours.
Each is executed twice without capture, which shows what differs by itself and is left out, and
then with capture, with somebody listening to the kernel, and, ours, without the package.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.differential.comparing import differences, digest
from tests.differential.executed import MODES, Executed, Mode, execute
from tests.differential.ours import OURS

PUBLIC = Path(__file__).parent / "public.json"
# Loaded beside the standard library's and our own: the faster hash.
_MODULES = frozenset({*sys.stdlib_module_names, "xxhash"})


@dataclass
class Compared:
    """A notebook in several modes; ``problems`` must be empty."""

    digest: str
    cells: int
    masked: int
    took_s: float
    problems: list[str] = field(default_factory=list)


def compare(
    sources: Sequence[str], folder: Path, modes: Sequence[Mode] = MODES, data: Path | None = None
) -> Compared:
    """Execute a notebook without capture, twice, and in each of these modes."""
    plain, again = (execute(sources, "off", folder, data=data) for _ in range(2))
    masked = set(differences(plain, again))
    found = Compared(digest(plain, masked), len(plain.cells), len(masked), plain.took_s)
    for mode in modes:
        executed = execute(sources, mode, folder, data=data)
        found.problems += [f"{mode}: {one}" for one in problems(plain, executed, masked, mode)]
    return found


def problems(plain: Executed, executed: Executed, masked: set[str], mode: Mode) -> Iterator[str]:
    """Yield what differs with capture, but for what also differs without it."""
    for path, (without, there) in differences(plain, executed).items():
        if path not in masked:
            yield f"{path}: {str(without)[:300]} became {str(there)[:300]}"
    more = {name.partition(".")[0] for name in executed.modules - plain.modules} - _MODULES
    if more and executed.state is not None:
        yield f"loaded {sorted(more)}"
    if executed.state is not None:
        expected = 0 if mode in ("off", "absent") else 1
        if len(executed.journals) > expected or not all(executed.journals):
            yield f"open journals, and whether each is closed in children: {executed.journals}"


def public(folder: Path, record: dict[str, Any], scratch: Path) -> Compared:
    """Compare one public notebook."""
    path = folder / record["repository"].rpartition("/")[2] / record["path"]
    content = path.read_bytes()
    record["notebook"] = "sha256:" + hashlib.sha256(content).hexdigest()
    cells = json.loads(content)["cells"]
    sources = ["".join(one["source"]) for one in cells if one["cell_type"] == "code"]
    return compare(sources, scratch, MODES[:2], data=path.parent)


def main(arguments: Sequence[str]) -> int:
    """Run the corpus; return how many notebooks differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", default="")
    asked = parser.parse_args(arguments)
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        if asked.folder is None:
            for name, sources in OURS.items():
                if asked.only in name:
                    failed += _told(name, compare(sources, Path(scratch) / "one"))
            return failed
        records: list[dict[str, Any]] = json.loads(PUBLIC.read_text())
        for record in records:
            name = f"{record['repository']}/{record['path']}"
            if asked.only not in name:
                continue
            known = record.get("notebook"), record.get("results")
            found = public(asked.folder, record, Path(scratch) / "one")
            record |= {"cells": found.cells, "masked": found.masked, "results": found.digest}
            if not asked.write and known != (record["notebook"], record["results"]):
                print(f"{name}: its digests are others than those kept")
            failed += _told(name, found)
            if asked.write:
                PUBLIC.write_text(json.dumps(records, indent=1) + "\n")
    return failed


def _told(name: str, found: Compared) -> bool:
    state = "DIFFERS" if found.problems else "equal"
    cells = f"{found.cells} cells, {found.masked} values differ without capture as well"
    print(
        f"{state}  {name}  ({cells}, {found.took_s:.1f} s)", *found.problems, sep="\n  ", flush=True
    )
    return bool(found.problems)


if __name__ == "__main__":
    sys.exit(min(1, main(sys.argv[1:])))

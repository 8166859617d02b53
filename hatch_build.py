"""Builds the front end, and lets no package be made with one that is missing, broken or stale.

hatchling runs the hook for every wheel, sdist and editable install. The output carries a digest
of the sources it was built from, and one of each of its files: while they match, nothing is
built and Node.js is not needed, so an sdist and a prebuilt checkout install anywhere.
jupyter-builder's own hook would reuse an output of any age, and installs none at all, without a
word, where SKIP_JUPYTER_BUILDER is set.

``python hatch_build.py`` does the same by hand, with the progress in sight.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OUTPUT = Path("jupyter_mlops/labextension")
COMPILED = Path("labextension/lib")
RECORD = OUTPUT / "sources.sha256"
# In the form of `sha256sum --check`.
OUTPUT_RECORD = OUTPUT / "outputs.sha256"
# Everything that decides what the output is. Tests and development tools do not.
SOURCES = (
    "labextension/src",
    "labextension/style",
    "labextension/schema",
    "package.json",
    "yarn.lock",
    "tsconfig.json",
    "install.json",
)
NODE_AT_LEAST = 20


class FrontEndError(Exception):
    """The front end cannot be packaged; the message is one line that says why and what to do."""


class FrontEndHook(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        try:
            ensure_front_end(Path(self.root))
        except FrontEndError as error:
            self.app.abort(f"jupyter-mlops: {error}")


def ensure_front_end(root: Path) -> bool:
    """Build the front end of the checkout at `root` if its output does not match; True if built.

    Raises
    ------
    FrontEndError
        If it is needed and Node.js or jlpm is missing, or if the build fails.
    """
    why = mismatch(root)
    if why is None:
        return False
    print(f"jupyter-mlops: {why}: building it", flush=True)
    _require_node(why)
    # Left-overs of deleted sources must not be bundled. The output itself jupyter-builder empties,
    # record included, so until then an older one stays in use.
    shutil.rmtree(root / COMPILED, ignore_errors=True)
    _run(root, "jlpm", "install", "--immutable")
    # Taken first: an edit during the build makes the output stale, not falsely current.
    digest = sources_digest(root)
    _run(root, "jlpm", "run", "build")
    shutil.copy(root / "install.json", root / OUTPUT)
    (root / RECORD).write_text(digest + "\n", encoding="ascii")
    _record_outputs(root)
    why = mismatch(root)
    if why is not None:
        raise FrontEndError(f"{why}, right after it was built; run `jlpm run build` to see more")
    return True


def mismatch(root: Path) -> str | None:
    """Say why the built front end at `root` cannot be packaged as it is; None if it can."""
    try:
        recorded = (root / RECORD).read_text(encoding="ascii").strip()
    except FileNotFoundError:  # told as the answer
        return "the front end is not built"
    if recorded != sources_digest(root):
        return "the built front end does not match its sources"
    missing = [name for name in _built_files(root) if not (root / OUTPUT / name).is_file()]
    if missing:
        return f"the built front end lacks {', '.join(missing)}"
    changed = _changed_outputs(root)
    return f"the built front end was changed: {', '.join(changed)}" if changed else None


def sources_digest(root: Path) -> str:
    """Return the digest of every source of the front end at `root`, as `sha256:hex`."""
    total = hashlib.sha256()
    for path in _source_files(root):
        name = path.relative_to(root).as_posix()
        total.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return f"sha256:{total.hexdigest()}"


def _source_files(root: Path) -> Iterator[Path]:
    for source in SOURCES:
        top = root / source
        if top.is_file():
            yield top
        for path in sorted(top.rglob("*")):
            parts = path.relative_to(top).parts
            aside = any(part.startswith(".") or part == "__tests__" for part in parts)
            if path.is_file() and not aside:
                yield path


def _outputs(root: Path) -> dict[str, str]:
    """Return the digest of each file of the output at `root`, by its name; not of the record."""
    top = root / OUTPUT
    found = (path for path in sorted(top.rglob("*")) if path.is_file())
    return {
        path.relative_to(top).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in found
        if path != root / OUTPUT_RECORD
    }


def _record_outputs(root: Path) -> None:
    lines = [f"{digest}  {name}\n" for name, digest in _outputs(root).items()]
    (root / OUTPUT_RECORD).write_text("".join(lines), encoding="utf-8", newline="\n")


def _changed_outputs(root: Path) -> list[str]:
    """Return the names of files that are missing, other than they were built, or too many."""
    try:
        lines = (root / OUTPUT_RECORD).read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, UnicodeDecodeError):  # without the record nothing is known as built
        return [OUTPUT_RECORD.name]
    recorded = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    found = _outputs(root)
    return sorted({name for name, _ in recorded.items() ^ found.items()})


def _built_files(root: Path) -> list[str]:
    try:
        built = json.loads((root / OUTPUT / "package.json").read_bytes())
        entry = str(built["jupyterlab"]["_build"]["load"])
    except (OSError, ValueError, KeyError, TypeError):  # named as what is missing
        return ["a readable package.json"]
    return ["install.json", "static/style.js", entry]


def _require_node(why: str) -> None:
    needs = f"Node.js {NODE_AT_LEAST} or newer, which builds it"
    node = shutil.which("node", path=_search_path())
    if node is None:
        raise FrontEndError(f"{why}, and {needs}, was not found: install Node.js and try again")
    found = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = re.match(r"v(\d+)\.", found)
    if major is None or int(major[1]) < NODE_AT_LEAST:
        raise FrontEndError(f"{why}, and {needs}, is needed; {node} is {found.strip() or 'broken'}")


def _search_path() -> str:
    # jlpm and jupyter-builder stand beside the interpreter when its environment is not activated.
    beside = os.path.dirname(sys.executable)
    return os.pathsep.join(filter(None, (os.environ.get("PATH", os.defpath), beside)))


def _run(root: Path, program: str, *arguments: str) -> None:
    command = shutil.which(program, path=_search_path())
    if command is None:
        raise FrontEndError(f"{program} was not found: `pip install jupyter-builder` brings it")
    environment = {**os.environ, "PATH": _search_path()}
    done = subprocess.run([command, *arguments], cwd=root, env=environment, check=False)
    if done.returncode:
        failed = " ".join((program, *arguments))
        raise FrontEndError(f"`{failed}` failed with exit status {done.returncode}, see above")


if __name__ == "__main__":
    try:
        if not ensure_front_end(Path(__file__).resolve().parent):
            print("jupyter-mlops: the built front end matches its sources")
    except FrontEndError as error:
        sys.exit(f"jupyter-mlops: {error}")

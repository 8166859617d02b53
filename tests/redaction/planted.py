"""Plants secrets in every place, then looks for them in every byte that was written.

``python -m tests.redaction.planted [SEED …]`` executes a notebook of them through the command
line and in a kernel of a real server, reproduces and compares the runs, and prints what was
found where. A kernel tells some values to nobody but through its own memory.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.blocking.client import BlockingKernelClient

from jupyter_mlops.redaction import Redactor
from tests.polling import until
from tests.redaction.made import ALNUM, NAMED, Maker, Planted, planted

ROOT = Path(__file__).resolve().parent.parent.parent
TOKEN = "a-token-of-the-test"
DEADLINE_S = 120.0
_SHOW = """
import json, sys
from IPython.display import HTML, JSON, SVG, Markdown, display
given = json.load(open("given.json"))
print("\\n".join(given.values()))
print(*given.values(), file=sys.stderr)
display(HTML("<p>" + "</p><p>".join(given.values()) + "</p>"))
display(Markdown("- " + "\\n- ".join(given.values())))
display(JSON({"found": list(given.values())}))
display({"image/svg+xml": "<svg><text>" + "</text><text>".join(given.values()) + "</text></svg>"},
        raw=True)
sorted(given.values())
"""
_KNOWN_TO_THE_KERNEL = """
import base64, os
session_password = base64.b64decode({encoded!r}).decode()
print("typed in:", session_password, os.environ["PLANTED_API_KEY"])
"""
_RAISES = 'raise ValueError("refused: " + " ".join(map(repr, given.values())) + session_password)'


@dataclass
class Place:
    """The folders of one campaign, and the environment of what it starts."""

    root: Path
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        folders = {
            "JUPYTER_MLOPS_HOME": "home",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTER_CONFIG_DIR": "config",
            "TMPDIR": "tmp",
            "IPYTHONDIR": "ipython",
        }
        for name in (*folders.values(), "work", "out"):
            (self.root / name).mkdir()
        own = {variable: str(self.root / name) for variable, name in folders.items()}
        self.environ = {**os.environ, **own, "PYTHONPATH": str(ROOT)}
        for variable in ("JUPYTER_MLOPS", "JUPYTER_MLOPS_STARTER", "PYTHONSTARTUP"):
            self.environ.pop(variable, None)

    def command(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        """Run ``jupyter mlops``; what it says is kept to be searched."""
        done = subprocess.run(
            [sys.executable, "-m", "jupyter_mlops.cli", *words],
            env=self.environ,
            cwd=self.root / "work",
            capture_output=True,
            timeout=DEADLINE_S * 3,
            check=False,
        )
        number = len(list((self.root / "out").iterdir()))
        (self.root / "out" / f"said-{number}.txt").write_bytes(done.stdout + done.stderr)
        return done

    def files(self) -> Iterator[Path]:
        """Yield what was written by us; inputs, and IPython's own history, are the user's."""
        for name in ("home", "tmp", "out", "runtime", "config"):
            yield from (path for path in (self.root / name).rglob("*") if path.is_file())


def forms(value: str) -> Iterator[bytes]:
    """Yield the forms in which a value may stand in a file."""
    for text in {value, json.dumps(value)[1:-1], value.replace("/", "\\/")}:
        yield text.encode()
        yield text.encode("utf-16-le")
        yield base64.b64encode(text.encode()).rstrip(b"=")


def search(place: Place, secrets: Sequence[Planted]) -> list[str]:
    """Return where which kinds of secrets were found."""
    needles = [
        (one.kind, form)
        for one in secrets
        for line in one.value.splitlines()
        if not line.startswith("-----")
        for form in forms(line)
    ]
    found = []
    for path in place.files():
        content = path.read_bytes()
        where = path.relative_to(place.root)
        found += [f"{kind} in {where}" for kind, needle in needles if needle in content]
    return sorted(set(found))


def cells(secrets: Sequence[Planted], kernel_only: str) -> list[str]:
    """Return the cells of a notebook that has them all."""
    encoded = base64.b64encode(kernel_only[::-1].encode())
    typed = _KNOWN_TO_THE_KERNEL.format(encoded=encoded).replace(".decode()", ".decode()[::-1]", 1)
    # The shell's own commands would only cost time; their text is what counts.
    sources = [
        one.source.replace("!export", "!true") if one.source.startswith("!") else one.source
        for one in secrets
    ]
    shapes = [f"f = lambda *values: None\nf({one.value!r})" for one in secrets[:3]]
    return ["lr = 0.1\naccuracy = 0.5", *sources, *shapes, typed, _SHOW, _RAISES]


def campaign(place: Place, seed: int) -> tuple[list[Planted], list[str]]:
    """Execute everything with the secrets of `seed`; return them and what was found."""
    secrets = planted(seed)
    maker = Maker(seed + 1)
    kernel_only, environment, parameter = (maker.of(ALNUM, 16) for _ in range(3))
    place.environ["PLANTED_API_KEY"] = environment
    named = [one for one in secrets if one.kind in NAMED]
    # What a cell reads from elsewhere, and by no name: found by shape, or learned from cells.
    given = {one.kind: one.value for one in secrets if one in named or "{" not in one.value}
    work = place.root / "work"
    (work / "given.json").write_text(json.dumps(_by_shape(given, secrets)))
    (work / "parameters.yaml").write_text(f"password@0: {parameter}\n")
    sources = cells(secrets, kernel_only)
    write(work / "train.ipynb", sources)
    secrets += [
        Planted("known to the kernel alone", kernel_only, ""),
        Planted("in the environment", environment, ""),
        Planted("parameter of a batch", parameter, ""),
    ]
    interactive(place, sources)
    out = place.root / "out"
    file = str(work / "parameters.yaml")
    place.command("run", "train.ipynb", "-f", file, "-o", str(out / "executed.ipynb"))
    place.environ["PASSWORD"] = parameter
    place.command("reproduce", "@1", "--json", "-o", str(out / "again.ipynb"))
    place.command("runs", "--json")
    place.command("show", "@1", "--json")
    place.command("compare", "@1", "@2", "--html", str(out / "compared.html"))
    place.command("run", "train.ipynb", "-p", "password@0", f"[{parameter}]", "--json")
    return secrets, search(place, secrets)


def unmarked(place: Place, secrets: Sequence[Planted]) -> list[str]:
    """Return the kinds of which no mark was written: they were never in danger."""
    redactor = Redactor.of_home(place.root / "home")
    written = b"".join(path.read_bytes() for path in place.files())
    return [one.kind for one in secrets if redactor.digest(one.value).encode() not in written]


def _by_shape(given: dict[str, str], secrets: Sequence[Planted]) -> dict[str, str]:
    """Return what is shown: a value with what stands around it, where that tells."""
    around = {one.kind: one.source.partition('"')[2].rpartition('"')[0] for one in secrets}
    shown = (value if kind in NAMED else around[kind].strip('"') for kind, value in given.items())
    # Keys that say nothing of the values.
    return {f"v{number}": value for number, value in enumerate(shown)}


def write(path: Path, sources: Sequence[str]) -> None:
    """Write a notebook with a tagged cell, and secrets in its words and metadata."""
    document: Any = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
    tagged: Any = nbformat.v4.new_code_cell('password = ""')  # type: ignore[no-untyped-call]
    tagged.metadata["tags"] = ["parameters"]
    words = "\n\n".join(source for source in sources if source.startswith(("x =", "address")))
    document.cells = [tagged, nbformat.v4.new_markdown_cell(words)]  # type: ignore[no-untyped-call]
    document.cells += [nbformat.v4.new_code_cell(one) for one in sources]  # type: ignore[no-untyped-call]
    nbformat.write(document, path)  # type: ignore[no-untyped-call]


def interactive(place: Place, sources: Sequence[str]) -> None:
    """Execute cells in a kernel that a real server started, and let the server record them."""
    log = place.root / "out" / "server.log"
    command = [sys.executable, "-m", "jupyter_server", "--allow-root", "--no-browser", "--debug"]
    command += ["--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"]
    command += [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={place.root / 'work'}"]
    command += ['--ServerApp.jpserver_extensions={"jupyter_mlops": True}']
    with log.open("wb") as file:
        server = subprocess.Popen(command, env=place.environ, stdout=file, stderr=file)
    try:
        address = until(lambda: _address(log), DEADLINE_S)
        body = {"path": "train.ipynb", "name": "train.ipynb", "type": "notebook"}
        session = _ask(address, "api/sessions", {**body, "kernel": {"name": "python3"}})
        ident = session["kernel"]["id"]
        connection = place.root / "runtime" / f"kernel-{ident}.json"
        there = until(lambda: _there(connection), DEADLINE_S)
        client = BlockingKernelClient(connection_file=str(there))
        client.load_connection_file()
        client.start_channels()
        client.wait_for_ready(timeout=DEADLINE_S)
        for source in sources:
            client.execute(source, reply=True, timeout=DEADLINE_S, stop_on_error=False)
        executed = len(sources)
        until(lambda: _count(place, b'"outputs_seen"') >= executed - 1, DEADLINE_S)
        client.stop_channels()
        _ask(address, "mlops/runs")
        _ask(address, f"api/sessions/{session['id']}", method="DELETE")
    finally:
        server.terminate()
        server.wait(timeout=DEADLINE_S)


def _count(place: Place, what: bytes) -> int:
    journals = (place.root / "home" / "journals").glob("server-*")
    return sum(path.read_bytes().count(what) for path in journals)


def _there(path: Path) -> Path | None:
    return path if path.exists() else None


def _address(log: Path) -> str | None:
    told = re.search(rb"http://127\.0\.0\.1:(\d+)/", log.read_bytes())
    if told is None or told[1] == b"0":
        return None
    address = f"http://127.0.0.1:{int(told[1])}/"
    try:
        _ask(address, "mlops/status")
    except OSError:  # it has told where it will be, and is not there yet
        return None
    return address


def _ask(address: str, path: str, body: Any = None, method: str | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"}
    request = urllib.request.Request(address + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
        content = answer.read()
    return json.loads(content) if content else None


def main(seeds: Sequence[int]) -> int:
    """Run the campaigns and print what was found."""
    missed = 0
    for seed in seeds:
        with tempfile.TemporaryDirectory(prefix="planted-") as folder:
            place = Place(Path(folder))
            secrets, found = campaign(place, seed)
            size = sum(path.stat().st_size for path in place.files())
            print(f"seed {seed}: {len(secrets)} secrets, {size} bytes searched")
            never = unmarked(place, secrets)
            print(f"  {len(found)} found, {len(never)} never met", *found, *never, sep="\n  ")
            missed += len(found)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main([int(word) for word in sys.argv[1:]] or [1]))

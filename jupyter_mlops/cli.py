"""``jupyter mlops VERB``: a skin over :mod:`jupyter_mlops.verbs`.

Standard output holds the answer and nothing else, standard error the progress, and an
error is one line. ``--MLOps.home=FOLDER`` and the other traits, ``--config=FILE``,
``--generate-config``, ``--help-all`` and ``--debug`` are those of every Jupyter application.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from types import FrameType
from typing import Any

from jupyter_core.application import JupyterApp
from traitlets import Bool, Integer, List, TraitError, Unicode, Union
from traitlets.config import Configurable

from jupyter_mlops import layout, settings, verbs
from jupyter_mlops.errors import MlopsError, UnwritableWarning, UsageError
from jupyter_mlops.records import Progress

_OF_JUPYTER = re.compile(r"--([A-Z]\w*\.\w+|config)=.*|--debug|--generate-config|--help-all")
_STARTS_KERNELS = frozenset({"run", "reproduce"})
# Seconds between two lines of progress where there is no terminal to draw a bar on.
_LINES_APART_S = 1.0


class MLOps(Configurable):
    """Our section of Jupyter's configuration files."""

    home = Unicode(
        help="Folder of everything that is kept; the variable JUPYTER_MLOPS_HOME overrides it."
    ).tag(config=True)
    store_url = Unicode(
        help="Database URL of the store; the variable JUPYTER_MLOPS_STORE overrides it."
    ).tag(config=True)
    capture = Bool(
        True, help="Whether kernels record; the variable JUPYTER_MLOPS=off overrides it."
    ).tag(config=True)
    secret_names = List(Unicode(), help="Further names whose values are secrets.").tag(config=True)
    not_secret_names = List(Unicode(), help="Names whose values are none.").tag(config=True)
    quota = Union(
        [Integer(), Unicode()],
        default_value=settings.QUOTA,
        help="What blobs and journals may take, such as '10 GB'; `jupyter mlops gc` keeps to it.",
    ).tag(config=True)


class MlopsApp(JupyterApp):
    """Jupyter's part of the application: configuration and its options."""

    name = "jupyter-mlops"
    description = (
        "Every notebook run becomes an experiment; `jupyter mlops --help` lists the verbs."
    )
    classes = [MLOps]  # noqa: RUF012 - traitlets reads this plain list
    raise_config_file_errors = True

    def read_settings(self, words: Sequence[str]) -> settings.Settings:
        """Read the configuration files, overridden by the traits among `words`.

        Raises
        ------
        UsageError
            If a file or a value can't be used.
        """
        for word in words:
            name, _, path = word.partition("=")
            if name == "--config" and not os.path.isfile(path):
                raise UsageError(message=f"configuration: no file {path!r}")
        try:
            self.parse_command_line(list(words))
            given = deepcopy(self.config)
            self.load_config_file()
            self.update_config(given)
            section = MLOps(parent=self)
        except SystemExit as error:  # traitlets has said why and would end the process
            raise UsageError(message="configuration: see the line above") from error
        except TraitError as error:
            raise UsageError(message=f"configuration: {error}") from error
        except Exception as error:  # configuration files are Python: anything can go wrong
            raise UsageError(
                message=f"configuration: {type(error).__name__}: {error}; the files are listed by: "
                "jupyter --paths"
            ) from error
        return settings.read(
            {"MLOps": {name: getattr(section, name) for name in MLOps.class_own_traits()}}
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``jupyter mlops`` and return the exit code.

    Parameters
    ----------
    argv
        The words after ``jupyter mlops``; default: those of this process.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in words
    try:
        return _run(words)
    except MlopsError as error:
        return _refused(str(error), type(error).__name__, as_json, error.exit_code)
    except KeyboardInterrupt:
        return _refused("interrupted", "KeyboardInterrupt", as_json, 1)
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough; Python would complain of it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except Exception as error:  # noqa: BLE001 - a fault of ours is one line too, not a traceback
        if "--debug" in words:
            traceback.print_exc()
        message = f"unexpected {type(error).__name__}: {error} (--debug shows where)"
        return _refused(message, type(error).__name__, as_json, 2)


def _run(words: Sequence[str]) -> int:
    ours = [word for word in words if not _OF_JUPYTER.fullmatch(word)]
    of_jupyter = [word for word in words if _OF_JUPYTER.fullmatch(word)]
    if ours == ["--version"]:
        from importlib.metadata import version

        print(version("jupyter-mlops"))
        return 0
    app = MlopsApp()
    if "--generate-config" in of_jupyter:
        app.write_default_config()
        return 0
    if "--help-all" in of_jupyter:
        app.print_help(classes=True)
        return 0
    request = verbs.parse(ours)
    # Whatever a library prints must not come between the answer and its reader.
    with contextlib.redirect_stdout(sys.stderr):
        found = app.read_settings(of_jupyter)
        if request.verb.name in _STARTS_KERNELS:
            _export(found)
        with _warned(request), _progress(request) as progress, _cancellable(request) as cancel:
            ask = _asker(request)
            ask_secret = None if ask is None else _ask_secret
            answer = request(verbs.Context(found, progress, cancel, ask, ask_secret))
    _print(_json(answer.document) if request.json else _text(answer))
    return answer.exit_code


def _export(found: settings.Settings) -> None:
    """Tell the kernels that this process starts what the configuration files say."""
    os.environ[settings.HOME_VARIABLE] = str(found.home)
    os.environ.update(found.named())
    if not found.capture:
        os.environ[settings.SWITCH_VARIABLE] = "off"


def _text(answer: verbs.Answer) -> bytes:
    text = answer.text(layout.terminal_columns(sys.stdout)) + "\n"
    return text.encode(sys.stdout.encoding or "utf-8", "replace")


def _json(document: Any) -> bytes:
    from jupyter_mlops import schema

    return schema.encode(document) + b"\n"


def _print(content: bytes) -> None:
    sys.stdout.flush()
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(content.decode())
    else:
        buffer.write(content)
    sys.stdout.flush()


def _refused(message: str, reason: str, as_json: bool, exit_code: int) -> int:
    print(f"jupyter mlops: {layout.clean(message)}", file=sys.stderr)
    if as_json:
        _print(_json({"message": layout.printable(message), "reason": reason}))
    return exit_code


def _asker(request: verbs.Request) -> Callable[[str], bool | None] | None:
    """Return what asks the person at the terminal, if there is one."""
    nobody = request.json or os.environ.get("CI")
    if nobody or sys.stdin is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None

    def ask(question: str) -> bool | None:
        try:
            with _interruptible():
                lines = "\n".join(map(layout.clean, question.splitlines()))
                print(f"{lines} [y/N] ", end="", file=sys.stderr, flush=True)
                answer = sys.stdin.readline().strip().lower()
        except KeyboardInterrupt:
            print(file=sys.stderr)
            return None  # no answer; what was done so far is told all the same
        return {"y": True, "yes": True, "n": False, "no": False}.get(answer)

    return ask


def _ask_secret(name: str) -> str | None:
    """Ask the person at the terminal for a secret, which is not shown."""
    try:
        with _interruptible():
            return getpass.getpass(f"{layout.clean(name)}: ", stream=sys.stderr) or None
    except EOFError:  # nobody answers
        return None
    except KeyboardInterrupt:
        print(file=sys.stderr)
        raise


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end a question: a handler that only takes note would have it asked on."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handled(interrupt) if _in_main_thread() else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Handle the signals that ask for an end, and put back what handled them before."""
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


@contextlib.contextmanager
def _cancellable(request: verbs.Request) -> Iterator[threading.Event]:
    """Let the first Ctrl-C end an execution in order, and the second one at once."""
    cancel = threading.Event()
    if request.verb.name not in _STARTS_KERNELS or not _in_main_thread():
        yield cancel
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if cancel.is_set():
            raise KeyboardInterrupt
        cancel.set()
        print("\nstopping (Ctrl-C again to stop at once)", file=sys.stderr)

    with _handled(stop):
        yield cancel


@contextlib.contextmanager
def _warned(request: verbs.Request) -> Iterator[None]:
    """Tell a person on one line that nothing is kept; the record of a run says it itself."""
    as_usual = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *others: Any, **more: Any) -> None:
        if category is not UnwritableWarning:
            as_usual(message, category, *others, **more)
        elif request.verb.name != "run":
            print(f"jupyter mlops: {layout.clean(str(message))}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UnwritableWarning)
        warnings.showwarning = show
        yield


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


@contextlib.contextmanager
def _progress(request: verbs.Request) -> Iterator[Callable[[Progress], None]]:
    """Give a listener that shows the progress by cell: a bar, or lines without a terminal."""
    name = str(getattr(request.options, "notebook", None) or getattr(request.options, "run", ""))
    title = f"{request.verb.name} {layout.cut(os.path.basename(name), 24)}"
    if sys.stderr.isatty():
        with _bar(title) as draw:
            yield draw
        return
    last = float("-inf")

    def tell(progress: Progress) -> None:
        nonlocal last
        if progress.done < progress.total and time.monotonic() - last < _LINES_APART_S:
            return
        last = time.monotonic()
        where = "" if progress.cell is None else f", now cell {progress.cell}"
        print(
            f"{title}: {progress.done} of {layout.plural(progress.total, 'cell')}{where}",
            file=sys.stderr,
            flush=True,
        )

    yield tell


@contextlib.contextmanager
def _bar(title: str) -> Iterator[Callable[[Progress], None]]:
    from tqdm import tqdm

    bar: tqdm[Any] | None = None
    # A terminal that does not tell its size would get no bar at all.
    columns, lines = layout.terminal_columns(sys.stderr) or 80, 24

    def draw(progress: Progress) -> None:
        nonlocal bar
        if bar is None:
            bar = tqdm(
                desc=title,
                total=progress.total,
                unit="cell",
                leave=False,
                ncols=columns,
                nrows=lines,
            )
        bar.n = progress.done
        bar.set_postfix_str("" if progress.cell is None else f"cell {progress.cell}")

    try:
        yield draw
    finally:
        if bar is not None:
            bar.close()


if __name__ == "__main__":
    sys.exit(main())

"""Options that several verbs share, and how their values are read."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from jupyter_mlops.errors import UsageError

# Options whose values may begin with a dash (-1e-3, -metric.accuracy), and how many they take.
_VERBATIM = {"-p": 2, "--parameter": 2, "--sort": 1}
# Keeps argparse from taking such a value for an option; it is cut off again.
_SHIELD = " "


class Parser(argparse.ArgumentParser):
    """Raises where argparse would end the process."""

    def error(self, message: str) -> NoReturn:
        # argparse shows the shield of a refused value.
        raise UsageError(message=f"{' '.join(message.split())}; see: {self.prog} --help")


def shielded(words: Sequence[str]) -> list[str]:
    shielded: list[str] = []
    left = 0
    for word in words:
        shielded.append(_SHIELD + word if left else word)
        left = left - 1 if left else _VERBATIM.get(word, 0)
    return shielded


class Unshield(argparse.Action):
    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, values.removeprefix(_SHIELD))


class ParameterValue(argparse.Action):
    """Collects ``-p NAME VALUE``, the value read as YAML 1.2."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        from jupyter_mlops.values import parse as parse_value

        name, text = (value.removeprefix(_SHIELD) for value in values)
        given = dict(getattr(namespace, self.dest) or {})
        setattr(namespace, self.dest, {**given, name: parse_value(name, text)})


def number(minimum: float, kind: type[int] | type[float] = float, above: bool = False) -> Any:
    def read(text: str) -> float:
        bound = f"above {minimum}" if above else f"from {minimum}"
        try:
            value = kind(text)
        except ValueError:
            value = kind(minimum) - 1
        if not minimum <= value < float("inf") or (above and value == minimum):
            word = "whole number" if kind is int else "number"
            raise argparse.ArgumentTypeError(f"{text!r} is not a {word} {bound}")
        return value

    return read


def parameter_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-p",
        "--parameter",
        nargs=2,
        action=ParameterValue,
        default={},
        dest="parameters",
        metavar=("NAME", "VALUE"),
        help="set a parameter, tagged or not; VALUE is YAML 1.2 (0.1, true, [1, 2], text); "
        "NAME@CELL where several cells assign it; may be repeated",
    )

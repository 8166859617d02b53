from __future__ import annotations

import pickle
import re
import string

import pytest

from jupyter_mlops import errors
from jupyter_mlops.errors import MlopsError


def _tree() -> list[type[MlopsError]]:
    found, todo = [], [MlopsError]
    while todo:
        kind = todo.pop()
        found.append(kind)
        todo.extend(kind.__subclasses__())
    return found


def _filled(kind: type[MlopsError]) -> MlopsError:
    names = [name for _, name, _, _ in string.Formatter().parse(kind.template) if name]
    return kind(**dict.fromkeys(names, "given"))


@pytest.mark.parametrize("kind", _tree(), ids=lambda kind: kind.__name__)
def test_every_error_is_one_line_pickles_and_stands_in_the_drawn_tree(
    kind: type[MlopsError],
) -> None:
    error = _filled(kind)
    assert "\n" not in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind and str(again) == str(error) and again.values == error.values
    assert re.search(rf"\b{kind.__name__}\b", errors.__doc__ or "")


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("leraning_rate", ["learning_rate", "n"], "did you mean 'learning_rate'?"),
        ("zzz", ["b", "a"], "it has a, b"),
        ("zzz", [], "it has none"),
    ],
)
def test_nearest_offers_the_close_name_or_all_of_them(
    name: str, known: list[str], hint: str
) -> None:
    assert errors.nearest(name, known) == hint

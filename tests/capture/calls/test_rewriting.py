"""A cell whose calls tell of themselves does what it did before."""

from __future__ import annotations

import ast
import marshal
import pickle
import subprocess
import sys
import traceback
import warnings
from typing import Any

import pytest

from jupyter_mlops.capture.calls.rewriting import telling
from tests.capture.calls.conftest import Hear

pytest.importorskip("sklearn")
import sklearn  # noqa: F401 - without it nothing is listened to

_ODD = """
class Model:
    def fit(self, *args, **options):
        return self
    def score(self, value=None, **options):
        return 0.5
    async def evaluate(self):
        return 0.25
model = Model()
made = [model.fit(n).score(n) for n in range(3)]
def generate():
    got = yield model.score((yield 1))
    yield got
class Child(Model):
    def fit(self, *args, **options):
        return super().fit(*args, **options)
    scored = Model().score(1)
child = Child().fit(*[1, 2], **{"a": 1}).fit((n := 3))
import asyncio
async def main():
    return await model.evaluate(), [await Model().evaluate() for _ in range(2)]
text = f"{model.score(1):.2f} {model.score(value=2)!r:>5}"
def nested(depth=model.score(1), *, key=model.score(2)):
    return depth + key if depth else nested(model.score(depth))
result = (made, list(generate()), child.scored, n, asyncio.run(main()), text, nested())
"""


def _executed(source: str, *, told: bool) -> dict[str, Any]:
    space: dict[str, Any] = {"__name__": "__main__"}
    tree = ast.parse(source)
    exec(compile(telling(tree, {}) if told else tree, "<cell>", "exec"), space)
    return space


def test_every_kind_of_place_gives_what_it_gave() -> None:
    assert _executed(_ODD, told=True)["result"] == _executed(_ODD, told=False)["result"]


def test_the_tree_that_was_given_is_not_changed() -> None:
    tree = ast.parse(_ODD)
    before = ast.dump(tree, include_attributes=True)
    assert telling(tree, {}) is not tree
    assert ast.dump(tree, include_attributes=True) == before


def test_a_cell_without_such_calls_is_compiled_as_it_is() -> None:
    tree = ast.parse("x = 1\nprint(x.fitted)")
    assert telling(tree, {}) is tree


@pytest.mark.parametrize(
    "source",
    [
        "model.score(1 / 0)",
        "class M:\n  def fit(self, x): raise ValueError(x)\nM().fit(\n  [1,\n   2])",
        "class M:\n  def score(self): return self.missing\nprint('a', M().score())",
        "class M: pass\nM().fit(1)",
        "def f(m):\n  return [m.score(x) for x in (1, 0)]\nf(3)",
    ],
)
def test_errors_are_shown_as_they_were(source: str) -> None:
    shown = []
    for told in (False, True):
        try:
            _executed(source, told=told)
        except Exception:  # noqa: BLE001 - what is compared is how any of them is shown
            shown.append(traceback.format_exc().partition('"<cell>"')[2])
    assert len(shown) == 2 and shown[0]
    assert shown[0] == shown[1]


def test_warnings_name_the_line_they_named() -> None:
    source = (
        "import warnings\nclass M:\n  def score(self):\n"
        "    warnings.warn('w', UserWarning, stacklevel=2)\n    return 1.0\n\nM().score()"
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _executed(source, told=True)
    assert [(one.filename, one.lineno) for one in caught] == [("<cell>", 7)]


def test_a_function_works_where_nobody_listens() -> None:
    """As in a worker that gets its code by value."""
    code = _executed("def f(m): return m.score(2)", told=True)["f"].__code__
    worker = (
        "import marshal, sys, types\n"
        "code = marshal.loads(sys.stdin.buffer.read())\n"
        "f = types.FunctionType(code, {'__builtins__': __builtins__})\n"
        "class M:\n  def score(self, x): return x\n"
        "print(f(M()))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", worker],
        input=marshal.dumps(code),
        capture_output=True,
        check=True,
    )
    assert done.stdout.strip() == b"2"


def test_deep_nesting_is_no_obstacle() -> None:
    source = "model.score(" * 60 + "1" + ")" * 60
    space: dict[str, Any] = {"model": _Identity()}
    exec(compile(telling(ast.parse(f"x = {source}"), {}), "<cell>", "exec"), space)
    assert space["x"] == 1


class _Identity:
    def score(self, value: Any) -> Any:
        return value


def test_nobody_is_told_while_the_cell_is_traced(hear: Hear) -> None:
    source = "class M:\n  def score(self): return 0.5\nx = M().score()"
    assert hear(source) is not None
    before = sys.gettrace()
    sys.settrace(lambda *_: None)
    try:
        assert hear(source) is None
    finally:
        sys.settrace(before)


def test_results_are_not_kept_alive(hear: Hear) -> None:
    space: dict[str, Any] = {"__name__": "__main__"}
    source = (
        "import gc, weakref\nfrom sklearn.linear_model import LinearRegression\n"
        "gone = []\n"
        "def f():\n"
        "  m = LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])\n"
        "  gone.append(weakref.ref(m))\n"
        "f()\n"
        "class M:\n"
        "  def fit(self, x): raise ValueError\n"
        "try: M().fit(LinearRegression())\n"
        "except ValueError: pass\n"
        "alive = gone[0]()"
    )
    assert hear(source, space) is not None
    assert space["alive"] is None
    assert pickle.loads(pickle.dumps(space["alive"])) is None


def test_the_same_source_is_compiled_to_the_same_code() -> None:
    codes = [compile(telling(ast.parse(_ODD), {}), "<cell>", "exec") for _ in range(2)]
    assert codes[0] == codes[1]

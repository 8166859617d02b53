"""Literal assignments: found, valued and placed exactly."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops.dataflow import literals, literals_of_tree


def found(source: str) -> dict[str, Any]:
    return {literal.name: literal.value for literal in literals(source)}


def text_at(source: str, name: str) -> str:
    """Cut a literal's text out of its source by the position that it gives."""
    (literal,) = (one for one in literals(source) if one.name == name)
    lines = source.split("\n")[literal.lineno - 1 : literal.end_lineno]
    lines[-1] = lines[-1][: literal.end_col]
    lines[0] = lines[0][literal.col :]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("lr = 0.1", {"lr": 0.1}),
        ("lr: float = 0.1", {"lr": 0.1}),
        ("lr = -1e-3", {"lr": -0.001}),
        ("x, y = 1, 2", {"x": 1, "y": 2}),
        ("(x, [y, z]) = (1, ('a', None))", {"x": 1, "y": "a", "z": None}),
        ("a = b = 'both'", {"a": "both", "b": "both"}),
        ("layers = [1, (2, 3), {'k': [4]}]", {"layers": [1, [2, 3], {"k": [4]}]}),
        ("p = dict(a=1, b=[2])", {"p": {"a": 1, "b": [2]}}),
        ("p = {'a': 1, 2: 3}", {"p": {"a": 1, "2": 3}}),
        ("s = {3, 1}", {"s": [1, 3]}),
        ("t = tuple([1, 2])", {"t": [1, 2]}),
        ("n = 2 ** 10", {"n": 1024}),
        ("f = 1 / 4", {"f": 0.25}),
        ("on = True", {"on": True}),
        ("worst = float('inf')", {"worst": "Infinity"}),
        ("w = float('nan')", {"w": "NaN"}),
        ("w = -float('inf')", {"w": "-Infinity"}),
        ("x, *y = 1, 2", {"x": 1}),
        ("lr = 0.1\nlr = 0.2", {"lr": 0.2}),
        ("lr = 0.1; batch = 32", {"lr": 0.1, "batch": 32}),
        ("def f():\n    lr = 3\nlr = 0.1", {"lr": 0.1}),
        ("lr = 0.1\nprint([lr for lr in range(3)])", {"lr": 0.1}),
        ("*y, x = 1, 2, 3", {"x": 3}),
        ("a, *b, (c, d) = 1, 2, 3, (4, 5)", {"a": 1, "c": 4, "d": 5}),
        ("x = 1\n(x := 2)", {"x": 2}),
        ("z = 1 + 2j", {"z": "(1+2j)"}),
        ("n = int(1e5)", {"n": 100_000}),
        ("s = 'a' + 'b'", {"s": "ab"}),
        ("s = f'{1}-{\"b\"}'", {"s": "1-b"}),
        ("d = datetime.date(2024, 1, 31)", {"d": "2024-01-31"}),
        ("d = dt.datetime(2024, 1, 31, 8)", {"d": "2024-01-31T08:00:00"}),
        ("d = dt.time(8, 30)", {"d": "08:30:00"}),
        ("w = timedelta(days=7)", {"w": "7 days, 0:00:00"}),
        ("t = pd.Timestamp('2024-01-31')", {"t": "2024-01-31T00:00:00"}),
        ("t = np.datetime64('2024-01-31')", {"t": "2024-01-31"}),
        ("p = Path('data') / 'raw' / 'x.csv'", {"p": "data/raw/x.csv"}),
        ("p = os.path.join('data', 'x.csv')", {"p": "data/x.csv"}),
        (
            "window = dict(start=date(2024, 1, 31), n=3)",
            {"window": {"start": "2024-01-31", "n": 3}},
        ),
        ("if __name__ == '__main__':\n    n = 10", {"n": 10}),
        ("try:\n    n = 10\nfinally:\n    f()", {"n": 10}),
        ("with f() as g:\n    n = 10", {"n": 10}),
    ],
)
def test_values(source: str, expected: dict[str, Any]) -> None:
    values = found(source)
    assert values == expected
    assert {name: type(value) for name, value in values.items()} == {
        name: type(value) for name, value in expected.items()
    }


@pytest.mark.parametrize(
    "source",
    [
        "i = 0\nfor k in range(3):\n    i += 1",
        "total = 0\ntotal += 1",
        "x = 1\nx = f()",
        "x = 1\nfor x in range(3): pass",
        "x = 1\nwith open('f') as x: pass",
        "x = 1\ndel x",
        "x = 1\nimport x",
        "x = 1\ndef x(): pass",
        "x = 1\ndef f():\n    global x\n    x = 2",
        "losses = []",
        "cache = {}",
        "losses = [1]\nlosses.append(2)",
        "d = {'a': 1}\nd['b'] = 2",
        "d = {'a': 1}\nd['b'] += 2",
        "x = y",
        "x = b'bytes'",
        "x = ...",
        "x = False\nif y:\n    x = True",
        "x = 1\nif y:\n    x = f()",
        "if y:\n    for x in z: pass",
        "while y:\n    x = 2",
        "x = f'{y}'",
        "x = f'{1:>3}'",
        "print((x := 2))",
        "x, y = 1, *z",
        "x = time()",
        "x = time.time()",
        "x = date.today()",
        "x = Path.cwd() / 'data'",
        "x = ', '.join(['a', 'b'])",
        "x = pd.Timestamp('now')",
        "x = datetime.date(2024, 2, 30)",
        "x = [0] * 10",
        "x = int('1' * 5000)",
        "x = Path('a') + 'b'",
        "_ = 5",
        "x = {**{}}",
        "x, y = 1, 2, 3\nx = g",
        "x = list(range(3))",
        "x = 10 ** 10 ** 10",
        "x = 'a' * 10**9",
        "x = 1 / 0",
        "x = [[]] * 3",
        "x = " + repr("a" * 20_000),
        "x = " + repr(list(range(20_000))),
    ],
)
def test_not_parameters(source: str) -> None:
    assert "x" not in found(source)
    assert set(found(source)) <= {"y"}


@pytest.mark.parametrize(
    ("source", "name", "text"),
    [
        ("lr = 0.1", "lr", "0.1"),
        ("é = 'ü'; lr = -0.1 # ½", "lr", "-0.1"),
        ("x, y = 1, (2)", "y", "2"),
        ("a = (\n  'one'\n  'two'\n)", "a", "'one'\n  'two'"),
        ("p = {\n 'é': 1,\n}", "p", "{\n 'é': 1,\n}"),
        ("%matplotlib inline\nlr = 0.1", "lr", "0.1"),
        ("!pip install x \\\n  y\nlr = 0.1", "lr", "0.1"),
        ("lr = 0.1\nlr?", "lr", "0.1"),
        ("%%time\nlr = 0.1", "lr", "0.1"),
        ("\n\n%%capture out\nlr = 0.1", "lr", "0.1"),
        ("    lr = 0.1\n    n = 2", "n", "2"),
        ("a = b = 1", "b", "1"),
        ("n: int = 7", "n", "7"),
        ("s = '''\n%not a magic\n'''\n!ls\nlr = 5", "lr", "5"),
        ("s = '''\n%not a magic\n'''\n!ls", "s", "'''\n%not a magic\n'''"),
        ("a = 1\r\nlr = 2", "lr", "2"),
    ],
)
def test_positions(source: str, name: str, text: str) -> None:
    assert text_at(source.replace("\r\n", "\n"), name) == text
    positions = [(one.lineno, one.col, one.end_lineno, one.end_col) for one in literals(source)]
    assert positions == [
        (one.lineno, one.col, one.end_lineno, one.end_col)
        for one in literals(source.replace("\r\n", "\n"))
    ]


@pytest.mark.parametrize(
    ("source", "type_", "callee"),
    [
        ("x = 1", "int", ""),
        ("x: date = None", "NoneType", ""),
        ("x = frozenset({1})", "frozenset", ""),
        ("x = 1j", "complex", ""),
        ("x = dt.date(2024, 1, 31)", "datetime.date", "dt.date"),
        ("x = datetime(2024, 1, 31)", "datetime.datetime", "datetime"),
        ("x = pathlib.Path('a') / 'b'", "pathlib.Path", "pathlib.Path"),
        ("x = pd.to_datetime('2024-01-31')", "pandas.Timestamp", "pd.to_datetime"),
    ],
)
def test_types(source: str, type_: str, callee: str) -> None:
    (one,) = literals(source)
    assert (one.type, one.callee) == (type_, callee)


def test_of_branches_all_are_told() -> None:
    found = literals("n = 10\nif fast:\n    n = 1\nelif slow:\n    n = 100")
    assert [(one.value, one.is_conditional) for one in found] == [
        (10, False),
        (1, True),
        (100, True),
    ]


@pytest.mark.parametrize("source", ["", "x = (", "%%bash\nx=1", "a\x00b", "x = 1 +", "\ud800 = 1"])
def test_what_is_no_python_has_none(source: str) -> None:
    assert literals(source) == ()


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, min_size=1) | st.dictionaries(st.text(), inner, min_size=1),
    max_leaves=8,
)


@given(PLAIN, st.text(alphabet="abcé½ #=", max_size=5))
def test_what_is_written_is_read_back_and_stands_where_it_is_said(value: Any, note: str) -> None:
    text = repr(value).replace("nan", "float('nan')").replace("inf", "float('inf')")
    source = f"before = {note!r}; name = {text}"
    try:
        expected = eval(text)
    except SyntaxError:  # repr of text that holds "nan" or "inf"
        return
    names = {literal.name: literal for literal in literals(source)}
    literal = names["name"]
    assert literal.type == type(expected).__name__
    assert repr(eval(source[literal.col : literal.end_col])) == repr(expected)


def test_a_tree_gives_the_same_as_its_source() -> None:
    source = "lr = 0.1\nx, y = 1, [2]\nfor i in x: pass"
    by_tree = literals_of_tree(ast.parse(source))
    assert by_tree == literals(source)


def test_a_tree_of_a_timed_cell_is_unwrapped() -> None:
    tree = ast.parse("get_ipython().run_cell_magic('time', '', 'lr = 0.1\\n')")
    assert [(one.name, one.value) for one in literals_of_tree(tree)] == [("lr", 0.1)]

"""Sources that nobody would write, and programs that are executed to see what they do."""

from __future__ import annotations

import ast
import sys
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mlops.dataflow import analyse, analyse_tree


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


HOSTILE = [
    "x = " + "(" * 500 + ")" * 500,
    "x = " + "-" * 50_000 + "1",
    "x = " + "+".join(["a"] * 20_000),
    "x = " + "[" * 90 + "]" * 90,
    "x" + ".a" * 5_000 + " = 1",
    "x = f" + "(1)" * 3_000,
    "\n".join(" " * depth + "if a:" for depth in range(95)) + "\n" + " " * 95 + "x = 1",
    "x = '" + "a" * 10**6 + "'",
    "%" * 1000,
    "!" * 1000,
    "?\n" * 500,
    "%a\n" * 300,
    "x = 9" + "9" * 5_000,
    "\x00",
    "\ud800",
    "def f(): return f()\nf()",
    "def f(): return g()\ndef g(): return f()\nf()",
    "class A(A): pass\nA()",
    "".join(f"def f{n}(): return f{n + 1}()\n" for n in range(2_000)) + "f0()",
]


@pytest.mark.parametrize("source", HOSTILE, ids=lambda source: source[:12].strip())
def test_hostile_sources_neither_raise_nor_hang(source: str) -> None:
    limit = sys.getrecursionlimit()
    flow = analyse(source)
    assert sys.getrecursionlimit() == limit
    # What it is about is told one way or the other, unless it is a shell's business.
    assert flow.opaque or flow.writes or flow.functions or source[0] in "!?"


def test_a_flow_too_deep_to_follow_still_has_its_names() -> None:
    depth = sys.getrecursionlimit()
    tree: ast.expr = ast.Name("a", ast.Load())
    for _ in range(depth):
        tree = ast.UnaryOp(ast.USub(), tree)
    flow = analyse_tree(ast.Module([ast.Assign([ast.Name("x", ast.Store())], tree)], []))
    assert flow.opaque
    assert "a" in flow.reads
    assert "x" in flow.writes


def test_what_libraries_hang_on_nodes_is_not_followed() -> None:
    tree = ast.parse("a == b\nc = -d")
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            child.parent = node  # type: ignore[attr-defined]
    try:
        assert analyse_tree(ast.parse("x == y\nz = -w")).reads == names("x y w")
        assert analyse_tree(tree).reads == names("a b d")
    finally:
        for node in ast.walk(tree):
            vars(node).pop("parent", None)


def test_warnings_of_a_source_stay_its_own() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        analyse("x = '\\d'")
    assert caught == []


@settings(max_examples=300)
@given(st.text(alphabet="abx=()[]{}:,.\n %!?'\"\\+*#_ifdeor1é", max_size=60))
def test_any_text_has_a_flow(source: str) -> None:
    flow = analyse(source)
    assert flow.binds.isdisjoint(flow.maybe_binds)
    assert flow.mutates.isdisjoint(flow.maybe_mutates)


STATEMENTS = st.sampled_from(
    [
        "{0} = {1}",
        "{0} = {1} + {2}",
        "{0} += 1",
        "if {0}:\n    {1} = {2}",
        "if {0}:\n    {1} = {2}\nelse:\n    {1} = {0}",
        "for {0} in [0, 1]:\n    {1} = {2}",
        "while {0} < 0:\n    {1} = {2}\n    break",
        "try:\n    {0} = {1}\nexcept NameError:\n    {0} = 0",
        "def f(): return {0}\n{1} = f()",
    ]
)
LETTERS = st.sampled_from("abcd")


@settings(max_examples=400)
@given(st.lists(st.tuples(STATEMENTS, LETTERS, LETTERS, LETTERS), min_size=1, max_size=5))
def test_what_is_said_covers_what_happens(program: list[tuple[str, str, str, str]]) -> None:
    """Execute programs: no read and no store that really happens is missing."""
    source = "\n".join(form.format(*letters) for form, *letters in program)
    read: set[str] = set()
    stored: set[str] = set()

    class Watched(dict[str, object]):
        def __getitem__(self, name: str) -> object:
            if name in "abcd" and name not in stored:
                read.add(name)
            return super().__getitem__(name)

        def __setitem__(self, name: str, value: object) -> None:
            stored.add(name)
            super().__setitem__(name, value)

    namespace = Watched(a=0, b=1, c=2, d=3)
    # A function looks its globals up in the real dictionary, past the watch.
    inlined = source.replace("def f(): return ", "f = ").replace("= f()", "= f")
    exec(compile(inlined, "<cell>", "exec"), {}, namespace)
    flow = analyse(source)
    assert read <= flow.reads
    assert stored <= flow.binds | flow.maybe_binds
    assert flow.binds - {"f"} <= stored

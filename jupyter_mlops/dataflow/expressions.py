"""Follow the expressions of a scope: loads, calls and what they may change."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from jupyter_mlops.dataflow import calls, scopes
from jupyter_mlops.dataflow.evaluation import declared, is_literal
from jupyter_mlops.dataflow.names import Names
from jupyter_mlops.dataflow.source import (
    TRANSPARENT_CELL_MAGICS,
    is_skip,
    magic_call,
    parse_quietly,
)

if TYPE_CHECKING:
    from jupyter_mlops.dataflow.statements import Statements

# `{name}` and `$name` in the line of a magic or a shell command.
_EXPANDED = re.compile(r"\{\s*([A-Za-z_]\w*)|\$([A-Za-z_]\w*)")
_OUTPUT_OPTION = re.compile(r"--out\s+(\w+)")


class Value:
    """What is known of an expression's value.

    ``metric`` names the metric call that it comes from, ``timed`` says that it depends on a
    clock; ``items`` are those of a tuple or a list.
    """

    __slots__ = ("items", "literal", "metric", "timed")

    def __init__(
        self, metric: str | None, timed: bool, literal: bool, items: tuple[Value, ...] = ()
    ) -> None:
        self.metric = metric
        self.timed = timed
        self.literal = literal
        self.items = items


class Expressions:
    """Follows expressions and keeps what they do in `names`."""

    def __init__(self, names: Names, statements: Statements) -> None:
        self.names = names
        self.statements = statements
        self._metric: str | None = None
        self._timed = False

    def evaluate(self, node: ast.expr) -> Value:
        """Follow an expression and return what is known of its value."""
        metric, timed = self._metric, self._timed
        self._metric, self._timed = None, False
        items: tuple[Value, ...] = ()
        if isinstance(node, (ast.Tuple, ast.List)):
            items = tuple(self.evaluate(item) for item in node.elts)
        else:
            self.follow(node)
        value = Value(
            self._metric, self._timed, is_literal(node) or declared(node) is not None, items
        )
        self._metric, self._timed = self._metric or metric, self._timed or timed
        return value

    def follow(self, node: ast.expr) -> None:
        """Follow one expression with all its parts."""
        kind = type(node)
        if kind is ast.Constant:
            return
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                self.names.load(node.id)
                self._timed = self._timed or node.id in self.names.volatile
        elif isinstance(node, ast.Attribute):
            self.follow(node.value)
        elif isinstance(node, ast.Call):
            self._call(node)
        elif isinstance(node, ast.Lambda):
            self._lambda(node)
        elif isinstance(node, scopes.COMPREHENSIONS):
            self._comprehension(node)
        elif isinstance(node, ast.NamedExpr):
            self.statements.describe([node.target.id], self.evaluate(node.value))
        else:
            self._parts(node)

    def _parts(self, node: ast.AST) -> None:
        for child in scopes.children(node):
            if isinstance(child, ast.expr):
                self.follow(child)
            elif isinstance(child, ast.keyword):
                self.follow(child.value)

    def _lambda(self, node: ast.Lambda) -> None:
        for default in [*node.args.defaults, *node.args.kw_defaults]:
            if default is not None:
                self.follow(default)
        # It is as good as called: most are handed to somebody who calls them at once.
        before = self.names.local
        metric, timed = self._metric, self._timed
        self.names.local = before | frozenset(scopes.parameters(node))
        self.follow(node.body)
        self.names.local = before
        # A function that measures is not yet a measurement.
        self._metric, self._timed = metric, timed

    def _comprehension(self, node: ast.expr) -> None:
        before = self.names.local
        generators: list[ast.comprehension] = getattr(node, "generators", [])
        for generator in generators:
            self.follow(generator.iter)
            self.names.local |= frozenset(scopes.targets(generator.target))
            for condition in generator.ifs:
                self.follow(condition)
        self._parts(node)
        self.names.local = before

    # --- calls ---

    def _call(self, node: ast.Call) -> None:
        magic = magic_call(node)
        if magic is not None:
            self._magic(*magic)
            return
        self.follow(node.func)
        for argument in node.args:
            self.follow(argument)
        for keyword in node.keywords:
            self.follow(keyword.value)
        name = calls.dotted(node.func, self.names.aliases) or ""
        self.names.calls.add(name)
        self._metric = self._metric or calls.metric(node, name or None, self.names.aliases)
        self._timed = self._timed or calls.is_clock(name)
        self.names.seeds.update(calls.seeds(name, node))
        entropy = calls.entropy(name, node)
        if entropy is not None:
            self.names.entropy.add(entropy)
        shadowed = frozenset({name}) if self._is_own(name) else frozenset()
        reason = calls.opaque_reason(name, node, shadowed)
        if reason is not None:
            self.names.hide(reason)
        self._change_by_keywords(node)
        if name in calls.ARGUMENT_MUTATORS and node.args:
            self.names.change(calls.root(node.args[0]), surely=True)
        elif isinstance(node.func, ast.Name):
            self._change_by_function(node, node.func.id, name)
        elif isinstance(node.func, ast.Attribute):
            self._change_by_method(node, node.func, name)
        else:
            self._maybe_change_arguments(node)

    def _is_own(self, name: str) -> bool:
        return name in self.names.local or self.names.is_shadowed(name)

    def _change_by_keywords(self, node: ast.Call) -> None:
        for keyword in node.keywords:
            if keyword.arg == "inplace" and isinstance(node.func, ast.Attribute):
                if not (isinstance(keyword.value, ast.Constant) and not keyword.value.value):
                    self.names.change(calls.root(node.func.value), surely=True)
            elif keyword.arg == "out":
                self.names.change(calls.root(keyword.value), surely=True)

    def _change_by_function(self, node: ast.Call, called: str, name: str) -> None:
        if called in calls.PURE_BUILTINS and not self._is_own(called):
            return
        if self.names.is_import(called):
            if calls.is_below(name, calls.PURE_MODULES):
                return
        elif called not in self.names.local:
            function = self.names.function(called)
            if function is not None and not function.touches_arguments:
                return
        self._maybe_change_arguments(node)

    def _change_by_method(self, node: ast.Call, func: ast.Attribute, name: str) -> None:
        receiver = calls.root(func.value)
        if self.names.is_import(receiver):
            if not calls.is_below(name, calls.PURE_MODULES):
                self.names.change(receiver, surely=False)
                self._maybe_change_arguments(node)
            return
        if func.attr in calls.MUTATORS:
            self.names.change(receiver, surely=True)
            if func.attr in calls.FITTERS and receiver and receiver not in self.names.local:
                self.names.fits.add(receiver)
            if func.attr == "shuffle":
                self._maybe_change_arguments(node)
        elif func.attr not in calls.PURE_METHODS:
            self.names.change(receiver, surely=False)
            self._maybe_change_arguments(node)

    def _maybe_change_arguments(self, node: ast.Call) -> None:
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
            for name in _given(argument):
                self.names.change(name, surely=False)

    # --- IPython's own syntax, as the calls it becomes ---

    def _magic(self, method: str, texts: list[str]) -> None:
        for text in texts[:2]:
            for match in _EXPANDED.finditer(text):
                self.names.load(match[1] or match[2])
        if method == "run_line_magic" and len(texts) == 2:
            self._line_magic(*texts)
        elif method == "run_cell_magic" and len(texts) == 3:
            self._cell_magic(*texts)
        elif method not in ("system", "getoutput"):
            self.names.hide(f"get_ipython().{method}()")

    def _line_magic(self, name: str, line: str) -> None:
        if name in ("time", "prun", "memit"):
            self._inner(line)
        elif name == "timeit":
            self._inner(re.sub(r"^(-\w+\s*\d*\s+)*", "", line), reads_only=True)
        reason = calls.magic_reason(name, line)
        if reason is not None:
            self.names.hide(reason)

    def _cell_magic(self, name: str, line: str, body: str) -> None:
        if is_skip(name, line):
            self.names.hide("%%mlops skip")
        elif name in calls.FOREIGN_CELL_MAGICS:
            for match in _OUTPUT_OPTION.finditer(line):
                self.names.store(match[1])
        elif name == "timeit":
            self._inner(body, reads_only=True)
        else:
            self._inner(body)
            if name not in TRANSPARENT_CELL_MAGICS:
                self.names.hide(f"%%{name}")

    def _inner(self, source: str, reads_only: bool = False) -> None:
        tree = parse_quietly(source)
        if tree is None:
            self.names.hide("a magic's code that is not Python")
        elif reads_only:
            before, bound = set(self.names.stored), set(self.names.bound)
            self.statements.block(tree.body)
            self.names.stored, self.names.bound = before, bound
        else:
            self.statements.block(tree.body)


def _given(argument: ast.expr) -> Iterator[str]:
    """Yield the names whose objects a call gets hold of by one argument."""
    if isinstance(argument, (ast.List, ast.Tuple, ast.Set)):
        for item in argument.elts:
            yield from _given(item)
    elif isinstance(argument, ast.Dict):
        for item in argument.values:
            yield from _given(item)
    else:
        name = calls.root(argument)
        if name is not None:
            yield name

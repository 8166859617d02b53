"""Follow the statements of a scope in order, branch by branch."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from jupyter_mlops.dataflow import scopes
from jupyter_mlops.dataflow.calls import root
from jupyter_mlops.dataflow.expressions import Expressions, Value
from jupyter_mlops.dataflow.flow import Function
from jupyter_mlops.dataflow.names import Names

_JUMPS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


class Statements:
    """Follows statements and keeps what they do in `names`."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.expressions = Expressions(names, self)
        # For each loop around: what was bound where a `continue` or `break` leaves it.
        self._jumps: list[list[frozenset[str]]] = []

    def block(self, body: Iterable[ast.stmt]) -> None:
        """Follow a list of statements."""
        for statement in body:
            handler: Callable[[Any], None] | None = getattr(
                self, "_" + type(statement).__name__.lower(), None
            )
            if handler is not None:
                handler(statement)
            else:
                self._other(statement)

    def _other(self, statement: ast.stmt) -> None:
        for child in scopes.children(statement):
            if isinstance(child, ast.expr):
                self.expressions.follow(child)
        for name in scopes.stores([statement]):
            self.names.store(name)

    def _expr(self, statement: ast.Expr) -> None:
        self.expressions.follow(statement.value)

    # --- assignments ---

    def _assign(self, node: ast.Assign) -> None:
        value = self.expressions.evaluate(node.value)
        for target in node.targets:
            self._bind(target, value, node.value)

    def _annassign(self, node: ast.AnnAssign) -> None:
        self.expressions.follow(node.annotation)
        if node.value is not None:
            self._bind(node.target, self.expressions.evaluate(node.value), node.value)

    def _augassign(self, node: ast.AugAssign) -> None:
        value = self.expressions.evaluate(node.value)
        if isinstance(node.target, ast.Name):
            name = node.target.id
            self.names.load(name)
            # `x += [1]` changes the list that other names may stand for as well.
            self.names.change(name, surely=False)
            timed = value.timed or name in self.names.volatile
            self.describe([name], Value(value.metric, timed, False, value.items))
        else:
            self._store_into(node.target)

    def _bind(self, target: ast.expr, value: Value | None, node: ast.expr | None = None) -> None:
        if isinstance(target, ast.Name):
            if value is None:
                self._bind_plainly(target)
            else:
                self.describe([target.id], value, node)
            return
        if isinstance(target, (ast.Tuple, ast.List)):
            parts = value.items if value is not None else ()
            if len(parts) == len(target.elts):
                for one, its_value in zip(target.elts, parts, strict=True):
                    self._bind(one, its_value)
                return
        if value is not None:
            self.describe(scopes.targets(target), value, node)
        else:
            self._bind_plainly(target)
        for part in ast.walk(target):
            if isinstance(part, (ast.Attribute, ast.Subscript)) and not _is_loaded(part):
                self._store_into(part)

    def describe(self, names: Iterable[str], value: Value, node: ast.expr | None = None) -> None:
        """Bind `names` to the value of an expression, and note what kind of value it is."""
        for name in names:
            self.names.store(name)
            if name in self.names.local:
                continue
            if value.metric is not None:
                self.names.metric_calls[name] = value.metric
            if value.timed:
                self.names.volatile.add(name)
            if isinstance(node, ast.Lambda):
                self.names.functions[name] = self.function(node)
            if self._jumps:
                self.names.in_loop.add(name)
            elif not value.literal and not isinstance(node, ast.Lambda):
                self.names.computed.add(name)

    def _store_into(self, target: ast.expr) -> None:
        self.names.change(root(target), surely=True)
        for child in scopes.children(target):
            if isinstance(child, ast.expr):
                self.expressions.follow(child)

    def _bind_plainly(self, target: ast.expr) -> None:
        for name in scopes.targets(target):
            self.names.store(name)
            if self._jumps:
                self.names.in_loop.add(name)

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, (ast.Attribute, ast.Subscript)):
                self._store_into(target)
            else:
                self._bind_plainly(target)

    # --- definitions and imports ---

    def _functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for expression in node.decorator_list:
            self.expressions.follow(expression)
        self._signature(node)
        self.names.define(node.name, self.function(node))

    _asyncfunctiondef = _functiondef

    def _signature(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        annotations = [one.annotation for one in every]
        for expression in [*arguments.defaults, *arguments.kw_defaults, *annotations, node.returns]:
            if expression is not None:
                self.expressions.follow(expression)

    def function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, method: bool = False
    ) -> Function:
        """Return what calling a function does; its body is followed here, not run."""
        body: Sequence[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else node.body
        whole, outer = scopes.declared(body)
        parameters = list(scopes.parameters(node))
        own = (set(scopes.stores(body)) | set(parameters)) - whole - outer
        names = Names(self.names.context, (self.names.local - whole) | own, deferred=True)
        names.aliases.update(self.names.aliases)
        for name in own:
            names.aliases.pop(name, None)
        names.functions.update(self.names.functions)
        inside = Statements(names)
        if isinstance(node, ast.Lambda):
            inside.expressions.follow(node.body)
        else:
            inside.block(node.body)
        self.names.local_changed |= names.local_changed & self.names.local
        given = own - _fresh(body, parameters)
        # `self` is no argument of the class's call.
        return names.as_function(given - set(parameters[:1]) if method else given)

    def _classdef(self, node: ast.ClassDef) -> None:
        for expression in [*node.decorator_list, *node.bases, *(k.value for k in node.keywords)]:
            self.expressions.follow(expression)
        outer = self.names
        own = frozenset(scopes.stores(node.body))
        parts = [outer.function(base.id) for base in node.bases if isinstance(base, ast.Name)]
        plain: list[ast.stmt] = []
        for statement in node.body:
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                for expression in statement.decorator_list:
                    self.expressions.follow(expression)
                self._signature(statement)
                parts.append(self.function(statement, method=True))
            else:
                plain.append(statement)
        before, outer.local = outer.local, outer.local | own
        self.block(plain)
        outer.local = before
        outer.define(node.name, _union([part for part in parts if part is not None]))

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            self.names.bring(name, alias.name if alias.asname else name)

    def _importfrom(self, node: ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            if alias.name == "*":
                self.names.hide(f"from {module} import *")
            else:
                self.names.bring(alias.asname or alias.name, f"{module}.{alias.name}")

    # --- branches and loops ---

    def _branches(self, blocks: list[list[ast.stmt]]) -> None:
        """Follow blocks of which one is executed; bound is what every way binds."""
        before = set(self.names.bound)
        ends: list[set[str]] = []
        for body in blocks:
            self.names.bound = set(before)
            self.block(body)
            if not (body and isinstance(body[-1], _JUMPS)):
                ends.append(self.names.bound)
        self.names.bound = set.intersection(*ends) if ends else before

    def _if(self, node: ast.If) -> None:
        self.expressions.follow(node.test)
        if _is_main_guard(node.test):
            self.block(node.body)
        else:
            self._branches([node.body, node.orelse])

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        self.expressions.follow(node.iter)
        self._jumps.append([])
        self._bind(node.target, None)
        self.names.loop_variables.update(
            name for name in scopes.targets(node.target) if name not in self.names.local
        )
        # A loop over nothing is rare, and to take it for one that may bind nothing would
        # make each execution of a training cell depend on the one before.
        self.block(node.body)
        self._leave_loop()
        self.block(node.orelse)

    _asyncfor = _for

    def _while(self, node: ast.While) -> None:
        self.expressions.follow(node.test)
        before = set(self.names.bound)
        self._jumps.append([])
        self.block(node.body)
        self._leave_loop()
        if not (isinstance(node.test, ast.Constant) and node.test.value):
            self.names.bound = before
        self.block(node.orelse)

    def _leave_loop(self) -> None:
        for bound in self._jumps.pop():
            self.names.bound &= bound

    def _continue(self, node: ast.Continue | ast.Break) -> None:
        if self._jumps:
            self._jumps[-1].append(frozenset(self.names.bound))

    _break = _continue

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.expressions.follow(item.context_expr)
            if item.optional_vars is not None:
                self._bind(item.optional_vars, None)
        self.block(node.body)

    _asyncwith = _with

    def _try(self, node: ast.Try) -> None:
        before = set(self.names.bound)
        self.block(node.body)
        self.block(node.orelse)
        ends = [] if node.body and isinstance(node.body[-1], _JUMPS) else [self.names.bound]
        for handler in node.handlers:
            self.names.bound = set(before)
            if handler.type is not None:
                self.expressions.follow(handler.type)
            if handler.name is not None:
                self.names.store(handler.name)
            self.block(handler.body)
            if not isinstance(handler.body[-1], _JUMPS):
                ends.append(self.names.bound)
        self.names.bound = set.intersection(*ends) if ends else before
        self.block(node.finalbody)

    _trystar = _try

    def _match(self, node: ast.Match) -> None:
        self.expressions.follow(node.subject)
        before = set(self.names.bound)
        for case in node.cases:
            self.names.bound = set(before)
            for part in ast.walk(case.pattern):
                if isinstance(part, ast.expr):
                    self.expressions.follow(part)
                for name in scopes.stored_by(part):
                    self.names.store(name)
            if case.guard is not None:
                self.expressions.follow(case.guard)
            self.block(case.body)
        self.names.bound = before


def _is_loaded(node: ast.Attribute | ast.Subscript) -> bool:
    return isinstance(node.ctx, ast.Load)


def _is_main_guard(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and "__name__" in (
        getattr(test.left, "id", None),
        *(getattr(one, "id", None) for one in test.comparators),
    )


def _fresh(body: Sequence[ast.AST], parameters: list[str]) -> set[str]:
    """Return local names that only ever stand for objects made in this body."""
    fresh: set[str] = set()
    stale = set(parameters)
    for node in scopes.own_nodes(body):
        if isinstance(node, ast.Assign):
            made = not isinstance(
                node.value, (ast.Name, ast.Attribute, ast.Subscript, ast.IfExp, ast.BoolOp)
            ) and not isinstance(node.value, (ast.Tuple, ast.Starred, ast.Await))
            for target in node.targets:
                (fresh if made else stale).update(scopes.targets(target))
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.NamedExpr)):
            stale.update(scopes.targets(node.target))
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            stale.update(scopes.targets(node.optional_vars))
    return fresh - stale


def _union(parts: list[Function]) -> Function:
    none: frozenset[str] = frozenset()
    return Function(
        reads=none.union(*(part.reads for part in parts)),
        binds=none.union(*(part.binds for part in parts)),
        mutates=none.union(*(part.mutates for part in parts)),
        maybe_mutates=none.union(*(part.maybe_mutates for part in parts)),
        seeds=none.union(*(part.seeds for part in parts)),
        entropy=none.union(*(part.entropy for part in parts)),
        touches_arguments=any(part.touches_arguments for part in parts),
        opaque=next((part.opaque for part in parts if part.opaque), None),
    )

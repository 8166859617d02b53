"""Breaks capture at any one of its statements; loaded in a kernel before capture is.

Every statement in the functions of capture, and of what it calls, is preceded by a step that
may raise. Statements of the guards themselves are left out: what stands before a ``try`` can't
be guarded, so nothing stands there but a name and a comparison.
"""

from __future__ import annotations

import ast
import builtins
import importlib.abc
import importlib.machinery
import os
import sys
from types import CodeType
from typing import Any

ROOMS = (
    "capture",
    "dataflow",
    "fingerprints",
    "records",
    "journal",
    "outputs",
    "metadata",
    "redaction",
)
# The outermost functions, by file: those that the shell, the protocol and Python call.
GUARDS = {
    "hooks.py": {"pre_run_cell", "post_run_cell", "_ast_parse", "_guard", "_hand_on"},
    "outputs.py": {"_hear"},
    "reads.py": {"_hook", "_note"},
    "interrupts.py": {"hand_on", "again", "_interrupt_main"},
    "extension.py": {"autoload", "without_skip_line"},
}
# To hook in, before any cell, and to unhook: what could not be unhooked does nothing when off.
HOOKING = {"register", "close"}


class Injected(BaseException):
    """Nobody expects it."""


KINDS: dict[str, type[BaseException]] = {
    "Exception": ValueError,
    "BaseException": Injected,
    "KeyboardInterrupt": KeyboardInterrupt,
    "SystemExit": SystemExit,
    "GeneratorExit": GeneratorExit,
    "MemoryError": MemoryError,
    "RecursionError": RecursionError,
}


class Injector:
    """Counts the steps that are reached, and raises at one of them."""

    def __init__(self) -> None:
        self.reached: dict[str, int] = {}
        self.at = ""
        self.kind: type[BaseException] = ValueError
        self.left = 0
        self.raised = 0

    def arm(self, at: str, kind: str, times: int) -> None:
        self.at, self.kind, self.left, self.raised = at, KINDS[kind], times, 0

    def step(self, at: str) -> None:
        self.reached[at] = self.reached.get(at, 0) + 1
        if at == self.at and self.left:
            self.left -= 1
            self.raised += 1
            raise self.kind("injected")

    def names(self) -> str:
        return " ".join(self.reached)

    def state(self) -> dict[str, Any]:
        """Return where capture is hooked in, and what was raised."""
        from IPython import get_ipython

        shell: Any = get_ipython()
        hooks = shell._jupyter_mlops_hooks
        callbacks = shell.events.callbacks
        return {
            "raised": self.raised,
            "off": hooks._off,
            "hooked": [
                hooks.pre_run_cell in callbacks["pre_run_cell"],
                hooks.post_run_cell in callbacks["post_run_cell"],
                "ast_parse" in vars(shell.compile),
            ],
            "listens": "serialize" in vars(shell.kernel.session),
        }

    def renew(self) -> None:
        """Let capture begin anew, as in another kernel."""
        from IPython import get_ipython

        from jupyter_mlops import settings
        from jupyter_mlops.capture.hooks import Hooks
        from jupyter_mlops.capture.session import Session

        self.left = 0
        shell: Any = get_ipython()
        shell._jupyter_mlops_hooks.unregister()
        vars(shell.compile).pop("ast_parse", None)
        vars(shell.kernel.session).pop("serialize", None)
        for found in shell.events.callbacks.values():
            found[:] = [one for one in found if "mlops" not in str(one.__module__)]
        shell._jupyter_mlops_hooks = Hooks(shell, Session(settings.read(), None, ""))
        shell._jupyter_mlops_hooks.register()


class _Steps(ast.NodeTransformer):
    def __init__(self, file: str) -> None:
        self._file = file
        self._left_out = GUARDS.get(file, set()) | HOOKING

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if node.name in self._left_out:
            return node
        self.generic_visit(node)
        node.body = self._stepped(node.body)
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            for name in ("body", "orelse", "finalbody"):
                block = getattr(node, name, None)
                if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                    setattr(node, name, self._stepped(block))
        return node

    def _stepped(self, block: list[ast.stmt]) -> list[ast.stmt]:
        stepped: list[ast.stmt] = []
        for statement in block:
            call = ast.parse(f"__injected_step__({f'{self._file}:{statement.lineno}'!r})").body[0]
            for one in ast.walk(call):
                ast.copy_location(one, statement)
            stepped += [call, statement]
        return stepped


class _Loader(importlib.machinery.SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        tree = ast.parse(self.get_data(path))
        stepped = ast.fix_missing_locations(_Steps(os.path.basename(path)).visit(tree))
        code: CodeType = compile(stepped, path, "exec", dont_inherit=True)
        return code


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        parts = fullname.split(".")
        if parts[0] != "jupyter_mlops" or len(parts) < 2 or parts[1] not in ROOMS:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(fullname, spec.origin)
        return spec


injector = Injector()


def install() -> None:
    """Let every module of capture that is imported from now on be breakable."""
    vars(builtins)["__injected_step__"] = injector.step
    sys.meta_path.insert(0, _Finder())

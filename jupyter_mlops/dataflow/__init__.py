"""What a cell reads, writes and sets, from its source alone.

Pure and standard library only: used by capture in the kernel, by the store, by the
search for causes and by whoever replaces a literal in a copy of a notebook.

``account(finished, source, flow)`` puts together what the source says with what the kernel saw.
``literals(source)`` finds the literal assignments with their exact positions,
``analyse(source, context)`` the flow of names; ``Context`` is what earlier cells of the
session told (imports, functions, clock values). Neither ever raises on a source: what
can't be parsed has no literals, and its flow is *opaque*.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from jupyter_mlops.dataflow.flow import Context, Flow, Function
from jupyter_mlops.dataflow.names import is_history

if TYPE_CHECKING:
    from jupyter_mlops.dataflow.accounts import account
    from jupyter_mlops.dataflow.analysis import analyse, analyse_tree, telling
    from jupyter_mlops.dataflow.constants import literals, literals_of_tree
    from jupyter_mlops.dataflow.literal import Literal

__all__ = [
    "Context",
    "Flow",
    "Function",
    "Literal",
    "account",
    "analyse",
    "analyse_tree",
    "is_history",
    "literals",
    "literals_of_tree",
    "telling",
]

# Loaded on first use (PEP 562): a kernel that idles has no use for them.
_HOME_OF_NAME = {
    "Literal": "literal",
    "account": "accounts",
    "analyse": "analysis",
    "analyse_tree": "analysis",
    "literals": "constants",
    "literals_of_tree": "constants",
    "telling": "analysis",
}


def __getattr__(name: str) -> Any:
    home = _HOME_OF_NAME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
    return found

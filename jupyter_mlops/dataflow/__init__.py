"""What a cell reads, writes and sets, from its source alone.

Pure and standard library only: used by capture in the kernel, by the store, by the
search for causes and by whoever replaces a literal in a copy of a notebook.

``account(finished, source, flow)`` puts together what the source says with what the kernel saw.
``literals(source)`` finds the literal assignments with their exact positions,
``analyse(source, context)`` the flow of names; ``Context`` is what earlier cells of the
session told (imports, functions, clock values). Neither ever raises on a source: what
can't be parsed has no literals, and its flow is *opaque*.
"""

from jupyter_mlops.dataflow.accounts import account
from jupyter_mlops.dataflow.analysis import analyse, analyse_tree, telling
from jupyter_mlops.dataflow.constants import literals, literals_of_tree
from jupyter_mlops.dataflow.flow import Context, Flow, Function
from jupyter_mlops.dataflow.literal import Literal
from jupyter_mlops.dataflow.names import is_history

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

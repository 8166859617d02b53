"""What a cell reads, writes and sets, from its source alone.

Pure and standard library only: used by capture in the kernel, by segmentation, by the
search for causes and by whoever replaces a literal in a copy of a notebook.

``literals(source)`` finds the literal assignments with their exact positions,
``analyse(source, context)`` the flow of names; ``Context`` is what earlier cells of the
session told (imports, functions, clock values). Neither ever raises on a source: what
can't be parsed has no literals, and its flow is *opaque*.
"""

from jupyter_mlops.dataflow.analysis import analyse, analyse_tree
from jupyter_mlops.dataflow.constants import Literal, literals, literals_of_tree
from jupyter_mlops.dataflow.flow import Context, Flow, Function
from jupyter_mlops.dataflow.names import is_history

__all__ = [
    "Context",
    "Flow",
    "Function",
    "Literal",
    "analyse",
    "analyse_tree",
    "is_history",
    "literals",
    "literals_of_tree",
]

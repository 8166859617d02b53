"""Records as plain text: what the command line prints and what a REPL shows of a result."""

from jupyter_mlops.text.checks import diagnosis
from jupyter_mlops.text.comparing import comparison
from jupyter_mlops.text.judgement import verdict
from jupyter_mlops.text.listing import runs
from jupyter_mlops.text.manners import cannot_be_forgotten, collection, folder, forgetting, question
from jupyter_mlops.text.parts import ID_SHOWN
from jupyter_mlops.text.record import outcome, run

__all__ = [
    "ID_SHOWN",
    "cannot_be_forgotten",
    "collection",
    "comparison",
    "diagnosis",
    "folder",
    "forgetting",
    "outcome",
    "question",
    "run",
    "runs",
    "verdict",
]

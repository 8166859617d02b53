"""Execution of a notebook in a clean kernel, through papermill, with limits and an end.

Light on purpose: papermill imports this package whenever it is imported itself, because
our engine is one of its entry points.
"""

from jupyter_mlops.execution.process import Job, execute

__all__ = ["Job", "execute"]

"""The papermill engine ``jupyter_mlops``: our own limits, and states from evidence.

papermill imports every registered engine when it is imported itself, and ours while it is
still importing: this module stays light and borrows nothing from papermill at its top.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_mlops.metadata import section

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from jupyter_mlops.execution.client import Conduct

NAME = "jupyter_mlops"


class Engine:
    """What papermill asks of an engine; the work is done in :mod:`~jupyter_mlops.execution.client`.

    Also usable as ``papermill --engine jupyter_mlops``; it then has no run id, and the
    kernel's own record becomes a session like any other.
    """

    @classmethod
    def execute_notebook(
        cls,
        nb: NotebookNode,
        kernel_name: str,
        output_path: str | None = None,
        progress_bar: bool | dict[str, Any] = True,
        log_output: bool = False,
        autosave_cell_every: int = 30,
        *,
        conduct: Conduct | None = None,
        input_path: str | None = None,
        start_timeout: int = 60,
        execution_timeout: float | None = None,
        **_other_engines: Any,
    ) -> NotebookNode:
        """Execute `nb` in a kernel of its own and return it with its outputs."""
        from papermill.engines import NotebookExecutionManager

        from jupyter_mlops.execution.client import Conduct, run

        manager = NotebookExecutionManager(
            nb,
            output_path=output_path,
            progress_bar=progress_bar,
            log_output=log_output,
            autosave_cell_every=autosave_cell_every,
        )
        if conduct is None:
            conduct = Conduct(
                cwd=Path.cwd(),
                notebook=_absolute(input_path),
                start_timeout_s=start_timeout,
                cell_timeout_s=execution_timeout,
            )
        nb.metadata.papermill["input_path"] = conduct.notebook
        nb.metadata.papermill["kernel_name"] = kernel_name
        manager.notebook_start()
        try:
            run(manager, kernel_name, conduct)
        except Exception as error:
            reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
            conduct.evidence.end("failed", reason)
            raise
        finally:
            manager.cleanup_pbar()
            manager.notebook_complete()
            # notebook_complete turns every cell that never ran into a completed one.
            conduct.evidence.correct(nb)
            manager.save()
            # Judged here: papermill adds cells of its own to a notebook that holds an error.
            conduct.outcome = conduct.evidence.outcome(nb)
        return nb

    @classmethod
    def nb_kernel_name(cls, nb: NotebookNode, name: str | None = None) -> str:
        """Return the kernel's name: the one asked for, the notebook's, or the native one."""
        return str(name or section(nb.metadata, "kernelspec").get("name") or "python3")

    @classmethod
    def nb_language(cls, nb: NotebookNode, language: str | None = None) -> str:
        """Return the notebook's language, from which papermill chooses its translator."""
        named = section(nb.metadata, "language_info").get("name")
        fallback = section(nb.metadata, "kernelspec").get("language") or "python"
        return str(language or named or fallback)


def _absolute(path: str | None) -> str | None:
    if not isinstance(path, str) or "://" in path or path == "-":
        return None
    return os.path.abspath(path)

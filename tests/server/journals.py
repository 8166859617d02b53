"""A session as a kernel writes it down, without a kernel, and what a store makes of it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from uuid import uuid4

from jupyter_mlops.events import CellFinished, CellStarted, SessionEnded, SessionStarted
from jupyter_mlops.journal import Journal, this_process
from jupyter_mlops.outputs import seen
from jupyter_mlops.records import Environment, Metric, Parameter
from jupyter_mlops.settings import Settings, make_private

ENVIRONMENT = Environment("3.11.7", "Linux", {"numpy": "2.4.6"}, "sha256:" + "0" * 64)


def record(
    home: Settings,
    notebook: Path | None = None,
    *,
    accuracy: float = 0.9,
    rate: float = 0.1,
    text: str = "done\n",
    user: str = "ada",
) -> str:
    """Write the journal of a session with one cell, one parameter and one metric; return its id.

    It appears whole, so that a server that looks meanwhile does not take in the half of it.
    """
    session = uuid4().hex
    make_private(home.journals)
    unseen = Path(tempfile.mkdtemp(dir=home.home))
    book = Journal(unseen, session)
    book.append(
        SessionStarted,
        process=this_process(),
        kernel_id=None,
        notebook=None if notebook is None else str(notebook),
        notebook_source=None if notebook is None else "told",
        trigger="interactive",
        run=None,
        user=user,
        cwd="/",
        environment=ENVIRONMENT,
        listens=False,
    )
    book.append(
        CellStarted,
        execution=0,
        msg_id=uuid4().hex,
        cell_id="c0",
        source=f"lr = {rate}\naccuracy = model.score(X, y)",
        execution_count=1,
    )
    book.append(
        CellFinished,
        execution=0,
        status="ok",
        duration_s=0.5,
        execution_count=1,
        writes=("lr", "accuracy"),
        parameters=(Parameter("lr", rate, "float", None, "literal"),),
        metrics=(Metric("accuracy", accuracy, None, None, "variable"),),
        outputs=(seen({"output_type": "stream", "name": "stdout", "text": text}),),
    )
    book.append(SessionEnded)
    book.close()
    book.path.rename(home.journals / book.path.name)
    unseen.rmdir()
    return session

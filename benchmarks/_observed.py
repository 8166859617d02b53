"""Run by the peers' interpreter: what one of them sees of a notebook, as JSON on standard output.

``_observed.py TOOL NOTEBOOK FOLDER``; the notebook stands in a copy of its folder, ``FOLDER`` is
the tool's own. Only kinds that the tool claims are keys of the answer.
"""

import contextlib
import io
import json
import sqlite3
import sys
from pathlib import Path

MLFLOW = """
import logging as _logging, mlflow as _mlflow
_logging.getLogger("mlflow").setLevel(_logging.CRITICAL)
_mlflow.set_tracking_uri("sqlite:///{folder}/mlflow.db")
_mlflow.set_experiment("seen")
_mlflow.autolog(log_models=False, log_datasets=False, silent=True)
"""
# Metrics of these it reads off the fitted model, whether the notebook does or not.
OWN = "statsmodels"


def execute(notebook, first):
    """Execute a copy that begins with one more cell."""
    import nbclient
    import nbformat

    document = nbformat.read(notebook, 4)
    document.cells.insert(0, nbformat.v4.new_code_cell(first))
    path = {"metadata": {"path": str(notebook.parent)}}
    nbclient.NotebookClient(
        document, timeout=300, resources=path, allow_errors=False, kernel_name="python3"
    ).execute()


def exptrack(notebook, _folder):
    execute(notebook, "%load_ext exptrack")
    (database,) = notebook.parent.glob("**/.exptrack/*.db")
    with contextlib.closing(sqlite3.connect(database)) as store:
        parameters = store.execute("select key, value from params").fetchall()
        metrics = store.execute("select key, value, step from metrics order by id").fetchall()
        artifacts = store.execute("select path from artifacts").fetchall()
    return {
        # What begins with _ is its own record of the code; arrays and frames are summaries.
        "parameters": [{"name": k, "value": v} for k, v in parameters if not k.startswith("_")],
        "metrics": series((key, value) for key, value, _ in metrics),
        # A plot is copied into a folder of its own; its name there is that of the plot.
        "data": [
            {"path": Path(path).name, "access": "write"}
            for (path,) in artifacts
            if Path(path).is_file()
        ],
    }


def mlflow(notebook, folder):
    execute(notebook, MLFLOW.format(folder=folder))
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    experiment = client.get_experiment_by_name("seen")
    found = {"parameters": [], "metrics": [], "models": []}
    for run in client.search_runs([experiment.experiment_id]):
        tags = run.data.tags
        name, flavor = tags.get("estimator_name"), tags.get("mlflow.autologging")
        # A run for each point of a search, which is one fit of the notebook.
        child = "mlflow.parentRunId" in tags
        if (name or flavor) and not child:
            # Of most libraries it tells no class: that answers for whatever was fitted.
            found["models"].append({"classes": [name or "*"]})
        found["parameters"] += [
            {"name": key, "value": value, "of": name or flavor or "model"}
            for key, value in run.data.params.items()
        ]
        for key in run.data.metrics:
            values = [one.value for one in client.get_metric_history(run.info.run_id, key)]
            # It computes these of the training data, whether the notebook does or not.
            own = key.startswith("training_") or flavor == OWN or child
            found["metrics"] += series(((key, value) for value in values), own)
    return found


def ploomber(notebook, folder):
    from ploomber_engine.tracking import track_execution

    track_execution(str(notebook), database=f"{folder}/ploomber.db", quiet=True)
    with contextlib.closing(sqlite3.connect(f"{folder}/ploomber.db")) as store:
        ((found,),) = store.execute("select parameters from experiments").fetchall()
    numbers = {k: v for k, v in json.loads(found).items() if isinstance(v, (int, float))}
    return {"metrics": series(numbers.items())}


def guild(notebook, _folder):
    from guild.plugins.ipynb import _flags_data_for_notebook

    flags = _flags_data_for_notebook(str(notebook))
    return {"parameters": [{"name": k, "value": flag["default"]} for k, flag in flags.items()]}


def papermill(notebook, _folder):
    from papermill import inspect_notebook

    found = inspect_notebook(str(notebook))
    return {"parameters": [{"name": k, "value": one["default"]} for k, one in found.items()]}


def series(pairs, own=False):
    """One metric a name, with its last value and the number of its values."""
    values = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return [
        {"name": name, "value": some[-1], "steps": len(some), "own": own}
        for name, some in values.items()
    ]


TOOLS = {one.__name__: one for one in (exptrack, mlflow, ploomber, guild, papermill)}

if __name__ == "__main__":
    with contextlib.redirect_stdout(io.StringIO()):
        seen = TOOLS[sys.argv[1]](Path(sys.argv[2]).resolve(), Path(sys.argv[3]).resolve())
    json.dump(seen, sys.stdout, default=str)

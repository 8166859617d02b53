"""Run by the peers' interpreter: one digest of MLflow's for each line of input.

The folder's name says of what, as ``floats-800``; before it begins it writes to the folder
which of the changes that we make its digest notices.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from _data import KINDS
from _mutations import MUTATIONS
from mlflow.data.digest_utils import compute_numpy_digest, compute_pandas_digest


def digest(value: object) -> str:
    """Return MLflow's digest of a frame or an array."""
    compute = compute_numpy_digest if isinstance(value, np.ndarray) else compute_pandas_digest
    return str(compute(value))


folder = Path(sys.argv[1])
noticed = {
    name: digest(make()) != digest(change(make())) for name, (make, change) in MUTATIONS.items()
}
(folder / "noticed.json").write_text(json.dumps(noticed))
kind, _, megabytes = folder.name.partition("-")
value = KINDS[kind](int(megabytes))
print("ready", flush=True)
for _ in sys.stdin:
    began = time.process_time()
    digest(value)
    print(time.process_time() - began, flush=True)

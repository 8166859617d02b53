"""Models of other libraries: equal when they learned the same, different when not.

In processes of their own, since what these libraries load is said in cells of other tests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

_DATA = "X = numpy.arange(80.0).reshape(40, 2); y = numpy.arange(40) % 2\n"
_MADE = {
    "xgboost": "import xgboost\ndef made(X, y):\n"
    "  return xgboost.train({'max_depth': 2}, xgboost.DMatrix(X, label=y), 3)\n",
    "xgboost for sklearn": "import xgboost\ndef made(X, y):\n"
    "  return xgboost.XGBClassifier(n_estimators=3).fit(X, y)\n",
    "lightgbm": "import lightgbm\ndef made(X, y):\n"
    "  data = lightgbm.Dataset(X, label=y)\n"
    "  return lightgbm.train({'verbose': -1, 'min_data_in_leaf': 2}, data, 3)\n",
    "catboost": "import catboost\ndef made(X, y):\n"
    "  settings = dict(iterations=3, verbose=False, allow_writing_files=False)\n"
    "  return catboost.CatBoostClassifier(**settings).fit(X, y)\n",
    "keras": "import keras\ndef made(X, y):\n"
    "  keras.utils.set_random_seed(1)\n"
    "  model = keras.Sequential([keras.layers.Dense(1)])\n"
    "  model.compile(loss='mse')\n"
    "  model.fit(X, y, epochs=1, verbose=0)\n"
    "  return model\n",
    "statsmodels": "import statsmodels.api as sm\ndef made(X, y):\n"
    "  return sm.OLS(y, sm.add_constant(X[:, :1])).fit()\n",
}
_TOLD = (
    "import json, numpy\nfrom jupyter_mlops import fingerprints\n"
    "found = [fingerprints.fingerprint(m) for m in (made(X, y), made(X, y), made(X, 1 - y))]\n"
    "print(json.dumps([[one.digest, one.complete] for one in found]))"
)


@pytest.mark.parametrize("library", list(_MADE))
def test_what_was_learned_is_the_content(library: str) -> None:
    source = f"import numpy\n{_MADE[library]}{_DATA}{_TOLD}"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", source],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    first, again, other = json.loads(done.stdout.splitlines()[-1])
    assert first[1] and again[1] and other[1]
    assert first == again
    assert first != other

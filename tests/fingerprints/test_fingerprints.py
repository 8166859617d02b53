from __future__ import annotations

import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from jupyter_mlops.fingerprints import fingerprint, kind


def test_kinds_are_told_by_class() -> None:
    assert kind(pd.DataFrame()) == "frame"
    assert kind(pd.Series(dtype=float)) == "frame"
    assert kind(np.zeros(1)) == "array"
    assert kind(np.ma.MaskedArray([1])) == "array"
    assert kind(Ridge()) == "model"
    for value in (1, "x", None, [1], {}, np.float64(1), Ridge, object(), type, kind):
        assert kind(value) is None
        assert fingerprint(value) is None


def test_whoever_calls_itself_a_frame_is_none(hostile: type, calls: list[str]) -> None:
    fake = type("DataFrame", (), {"__module__": "pandas"})
    meta_fake = type(hostile)("DataFrame", (hostile,), {"__module__": "pandas"})
    values = [fake(), hostile(), meta_fake(), hostile, meta_fake]
    calls.clear()
    assert [kind(value) for value in values] == [None] * 5
    assert [fingerprint(value) for value in values] == [None] * 5
    assert calls == []


def test_a_lazy_module_is_not_loaded_by_looking(
    monkeypatch: pytest.MonkeyPatch, calls: list[str]
) -> None:
    class Lazy(types.ModuleType):
        def __getattribute__(self, name: str) -> Any:
            calls.append(name)
            return super().__getattribute__(name)

    lazy = Lazy("sklearn.base")
    monkeypatch.setitem(sys.modules, "sklearn.base", lazy)
    calls.clear()
    assert kind(object.__new__(type("Thing", (), {}))) is None
    assert calls == []


SCRIPT = """
import sys
import jupyter_mlops.fingerprints as f
class Thing: pass
assert f.kind(Thing()) is None and f.fingerprint([1]) is None
print(sorted({m.partition(".")[0] for m in sys.modules}
             & {"numpy", "pandas", "sklearn", "pyarrow", "scipy", "xxhash", "hashlib", "msgspec"}))
"""


def test_looking_at_values_imports_no_library(in_another_process: Callable[..., str]) -> None:
    assert in_another_process(SCRIPT) == "[]"

"""The data that fingerprints are measured on; made alike in our process and in the peers'."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def floats(megabytes: int) -> Any:
    """Return a frame of 10 float columns."""
    generator = np.random.default_rng(0)
    length = megabytes * 10**6 // 80
    return pd.DataFrame({f"c{i}": generator.normal(size=length) for i in range(10)})


def strings(megabytes: int) -> Any:
    """Return a frame of 2 columns of Arrow strings."""
    import pyarrow as pa
    import pyarrow.compute as pc

    length = megabytes * 10**6 // 50
    numbers = pa.array(np.random.default_rng(0).integers(0, 10**12, length)).cast(pa.large_string())
    name, dash = (pa.scalar(text, pa.large_string()) for text in ("customer", "-"))
    texts = pc.binary_join_element_wise(name, numbers, dash)
    return pd.DataFrame({"a": texts.to_pandas(), "b": numbers.to_pandas()})


def array(megabytes: int) -> Any:
    """Return an array of floats."""
    return np.random.default_rng(0).normal(size=(megabytes * 10**6 // 80, 10))


def polars(megabytes: int) -> Any:
    """Return the frame of floats as one of polars."""
    import polars

    return polars.from_pandas(floats(megabytes))


def polars_strings(megabytes: int) -> Any:
    """Return the frame of strings as one of polars."""
    import polars

    return polars.from_pandas(strings(megabytes))


def tensor(megabytes: int) -> Any:
    """Return the array as a tensor of torch."""
    import torch

    return torch.from_numpy(array(megabytes))


KINDS = {"floats": floats, "strings": strings, "array": array}
# Which joblib and MLflow have no digest of, or another one at each run.
OTHERS = {"polars floats": polars, "polars strings": polars_strings, "torch tensor": tensor}

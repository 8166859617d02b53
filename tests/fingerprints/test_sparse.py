from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from jupyter_mlops.fingerprints import fingerprint, kind
from jupyter_mlops.fingerprints.outline import outline
from jupyter_mlops.records import Fingerprint

DENSE = np.array([[1.0, 0.0, 2.0], [0.0, 0.0, 3.0]])
FORMATS = ["csr", "csc", "coo", "dia", "bsr", "lil", "dok"]


def of(value: Any) -> Fingerprint:
    found = fingerprint(value)
    assert found is not None
    return found


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kind_of", ["array", "matrix"])
def test_shape_and_every_entry_are_content(name: str, kind_of: str) -> None:
    make = getattr(sparse, f"{name}_{kind_of}")
    found = of(make(DENSE))
    assert kind(make(DENSE)) == "array"
    assert found.complete and found.shape == (2, 3) and found.dtype == "float64"
    assert of(pickle.loads(pickle.dumps(make(DENSE)))) == found
    moved, changed = DENSE.copy(), DENSE.copy()
    moved[0, 1], moved[0, 0] = 1, 0
    changed[1, 2] = 4
    wider = np.pad(DENSE, ((0, 0), (0, 1)))
    others = [moved, changed, wider, DENSE.astype("f4")]
    assert len({found.digest, *(of(make(other)).digest for other in others)}) == 5


def test_formats_differ() -> None:
    digests = {of(getattr(sparse, f"{name}_array")(DENSE)).digest for name in FORMATS}
    assert len(digests) == len(FORMATS)


def test_what_a_matrix_remembers_of_itself_does_not_count() -> None:
    matrix = sparse.csr_array(DENSE)
    before = of(matrix)
    assert matrix.has_canonical_format
    assert of(matrix) == before


def test_an_entry_that_is_the_users_is_not_looked_into(hostile: type, calls: list[str]) -> None:
    lists, entries = sparse.lil_array(DENSE), sparse.dok_array(DENSE)
    lists.data[0][0] = hostile()
    entries._dict[0, 0] = hostile()
    calls.clear()
    for matrix in (lists, entries):
        assert not of(matrix).complete
        assert outline(matrix) is not None
    assert calls == []

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops.fingerprints.hashing import ALGORITHM, Content, Strings
from jupyter_mlops.fingerprints.steps import finish

PIECES = st.lists(st.text(max_size=3) | st.binary(max_size=3) | st.integers(-5, 5), max_size=4)


def pieces(values: list[str | bytes | int]) -> bytes:
    content = Content("test")
    content.piece(*values)
    return content.digest()


@given(PIECES, PIECES)
def test_the_layout_is_unambiguous(
    one: list[str | bytes | int], other: list[str | bytes | int]
) -> None:
    assert (pieces(one) == pieces(other)) == (repr(one) == repr(other))


@given(st.lists(st.binary(max_size=4), max_size=6), st.data())
def test_strings_in_lists_and_in_buffers_of_any_offset_are_the_same(
    strings: list[bytes], data: st.DataObject
) -> None:
    dtype = data.draw(st.sampled_from(["<i4", "<i8"]))
    before = data.draw(st.binary(max_size=3))
    cut = data.draw(st.integers(0, len(strings)))
    ends = np.cumsum([len(before), *map(len, strings[cut:])]).astype(dtype)
    mixed, listed = Strings(), Strings()
    mixed.add(strings[:cut])
    finish(mixed.add_buffers(before + b"".join(strings[cut:]), ends))
    listed.add(strings)
    contents = []
    for one in (mixed, listed):
        contents.append(Content("parent"))
        one.into(contents[-1])
    assert contents[0].digest() == contents[1].digest()
    assert contents[0].size_bytes == contents[1].size_bytes


def test_a_digest_names_its_algorithm_and_is_whole() -> None:
    assert ALGORITHM == "xxh3"
    algorithm, _, digits = Content("x").text().partition(":")
    assert (algorithm, len(digits)) == ("xxh3", 32)


SCRIPT = """
import sys
sys.modules["xxhash"] = None
import numpy as np
from jupyter_mlops.fingerprints import fingerprint
print(fingerprint(np.arange(3)).digest)
"""


def test_without_xxhash_the_standard_library_is_used(
    in_another_process: Callable[..., str],
) -> None:
    algorithm, _, digits = in_another_process(SCRIPT).partition(":")
    assert (algorithm, len(digits)) == ("blake2b", 64)

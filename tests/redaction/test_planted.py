"""Secrets in every place: none is found in what was written, and each left its mark."""

from __future__ import annotations

import json

import pytest

from tests.redaction.planted import Place, campaign, search, unmarked


@pytest.mark.slow
def test_no_byte_of_a_secret_is_written(tmp_path_factory: pytest.TempPathFactory) -> None:
    place = Place(tmp_path_factory.mktemp("p"))

    secrets, found = campaign(place, seed=11)

    assert len(secrets) >= 60
    assert found == []
    assert unmarked(place, secrets) == []
    reports = [text for text in _said(place) if text.startswith(b'{"run":')]
    said = [json.loads(text.splitlines()[0]) for text in reports]
    assert [one["verdict"] for one in said] == ["identical"]
    # The search itself finds what is there.
    (place.root / "out" / "leak.txt").write_text(f"so: {secrets[0].value}")
    assert search(place, secrets) == [f"{secrets[0].kind} in out/leak.txt"]


def _said(place: Place) -> list[bytes]:
    return [path.read_bytes() for path in sorted((place.root / "out").glob("said-*.txt"))]

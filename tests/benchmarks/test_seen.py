"""What capture sees of labelled notebooks; `python benchmarks/seen.py` compares all of them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import seen
from _matching import KINDS, score

from tests.labels.corpus import OURS, labelled

LABELS = {label.name: label for label in labelled()}


@pytest.mark.parametrize("name", ["own/settings", "own/orders"])
def test_a_notebook_gives_the_record_that_a_reader_would_write(name: str, tmp_path: Path) -> None:
    label = LABELS[name]
    found = seen.ours(label, label.copied(tmp_path), tmp_path)
    assert sum(len(getattr(label, kind)) for kind in KINDS) > 0
    for kind in KINDS:
        made = score(kind, getattr(label, kind), found[kind])
        assert (made.missed, made.extra) == ([], []), kind


def test_every_notebook_of_ours_is_labelled_and_every_label_has_its_notebook() -> None:
    assert {label.path for label in LABELS.values()} == {path.name for path in OURS.glob("*.ipynb")}


def test_a_public_notebook_that_is_not_the_labelled_one_is_refused(tmp_path: Path) -> None:
    assert {label.name for label in labelled(tmp_path)} == set(LABELS)
    changed = tmp_path / "CFDPython" / "lessons" / "01_Step_1.ipynb"
    changed.parent.mkdir(parents=True)
    changed.write_text("{}")
    with pytest.raises(SystemExit, match="isn't that of commit"):
        list(labelled(tmp_path))


@pytest.mark.parametrize(
    ("part", "counted"), [("names", {"lr": "missed"}), ("arguments", {"C": "found"})]
)
def test_a_peer_is_compared_only_on_the_parameters_that_it_claims(
    part: str, counted: dict[str, str]
) -> None:
    labels = [
        {"cell": 1, "name": "lr", "value": 0.1},
        {"cell": 2, "name": "C", "value": 1, "of": "SVC"},
    ]
    found = [{"name": "C", "value": "1", "of": "SVC"}]
    made = score("parameters", *seen.of_part(part, labels, found))
    assert {one["name"]: "found" for one in made.found} | {
        one["name"]: "missed" for one in made.missed
    } == counted
    assert made.extra == []

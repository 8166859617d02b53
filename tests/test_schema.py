from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops import records, schema
from jupyter_mlops.records import ModelFit, Parameter, Run

RUN = Run(
    id="a" * 32,
    session="b" * 32,
    notebook=None,
    notebook_digest=None,
    status="completed",
    trigger="interactive",
    user="ada",
    started="2026-01-01T00:00:00Z",
    duration_s=1.5,
    parameters=(Parameter("class_", {"models": [{"class_": 1}]}, "dict", 3, "literal"),),
    models=(ModelFit("sklearn.svm.SVC", "svc", 4, {"class_": 1, "C": 0.5}, None),),
)


def test_a_run_survives_json_and_a_model_says_class() -> None:
    content = schema.encode(RUN)
    document = json.loads(content)
    assert document["schema"] == 1
    assert document["models"][0]["class"] == "sklearn.svm.SVC"
    assert document["models"][0]["parameters"] == {"class_": 1, "C": 0.5}
    assert document["parameters"][0]["name"] == "class_"
    assert schema.decode(content, Run) == RUN


def test_a_wrong_document_is_refused_with_the_place() -> None:
    document = schema.to_builtins(RUN) | {"status": "splendid"}
    with pytest.raises(msgspec.ValidationError, match=r"\$\.status"):
        schema.from_builtins(document, Run)


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), st.lists))
def test_any_json_value_of_a_parameter_survives(value: object) -> None:
    run = Run(**{**vars(RUN), "parameters": (Parameter("p", value, "x", 0, "literal"),)})
    assert schema.decode(schema.encode(run), Run) == run


def test_the_json_schema_has_every_document_with_all_its_keys() -> None:
    definitions = schema.json_schema()["definitions"]
    for kind in schema.DOCUMENTS:
        properties = definitions[kind.__name__]["properties"]
        assert len(properties) == len(kind.__dataclass_fields__)
        assert sorted(properties) == definitions[kind.__name__]["required"]
    assert "class" in definitions["ModelFit"]["properties"]


def test_the_words_of_the_contract_are_the_words_of_the_records() -> None:
    def words(definition: str, key: str) -> set[str]:
        return set(schema.json_schema()["definitions"][definition]["properties"][key]["enum"])

    assert words("Run", "status") == {"running", "completed", "failed", "interrupted", "lost"}
    assert words("Verdict", "verdict") == {
        "identical",
        "within tolerance",
        "differs",
        "could not run",
    }
    assert words("OutputJudgement", "verdict") == {
        "identical",
        "within tolerance",
        "differs",
        "missing",
        "extra",
        "unverifiable",
    }
    assert words("Cause", "kind") == set(records.CauseKind.__args__)  # type: ignore[attr-defined]

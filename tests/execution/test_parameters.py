from __future__ import annotations

import ast
import datetime
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops import dataflow
from jupyter_mlops.errors import (
    AmbiguousParameterError,
    BadValueError,
    UnknownParameterError,
    UsageError,
)
from jupyter_mlops.execution.notebook import not_in_effect, parameters, with_parameters
from jupyter_mlops.execution.parameters import Setting, as_code, as_recorded
from jupyter_mlops.records import CellExecution, Parameter, Run
from jupyter_mlops.redaction import Redactor
from tests.execution.documents import document

PLAIN = document("lr = 0.1  # rate\nn, deep = 3, True", "n = 4\nname = 'é'; depth = None")
TAGGED = document("lr = 0.1\nbatch = 32\nroot = str(1)", "k = 5", tags={1: ["parameters"]})


def _source(values: dict[str, Any], cell: int = 1) -> str:
    return str(with_parameters(PLAIN, values).notebook.cells[cell].source)


def test_parameters_are_listed_with_type_cell_and_kind() -> None:
    listed = [(one.name, one.value, one.type, one.cell, one.source) for one in parameters(TAGGED)]
    assert listed == [
        ("lr", 0.1, "float", 1, "tagged"),
        ("batch", 32, "int", 1, "tagged"),
        ("root", None, "expression", 1, "tagged"),
        ("k", 5, "int", 2, "literal"),
    ]
    assert [(one.name, one.cell) for one in parameters(PLAIN)] == [
        ("lr", 1),
        ("n", 1),
        ("deep", 1),
        ("n", 2),
        ("name", 2),
        ("depth", 2),
    ]


def test_a_notebook_in_another_language_offers_none() -> None:
    other = document("x = 1")
    other.metadata["kernelspec"] = {"name": "ir", "display_name": "R", "language": "R"}
    assert parameters(other) == ()


def test_a_cell_that_papermill_injected_before_offers_none() -> None:
    assert parameters(document("x = 1", tags={1: ["injected-parameters"]})) == ()


def test_a_literal_is_replaced_where_it_stands_and_the_original_source_is_kept() -> None:
    prepared = with_parameters(PLAIN, {"lr": 1, "n@1": 7, "name": "ü\n'\"", "depth": [1, {"a": 2}]})
    cells = prepared.notebook.cells
    assert cells[1].source == "lr = 1.0  # rate\nn, deep = 7, True"
    assert cells[2].source == "n = 4\nname = 'ü\\n\\'\"'; depth = [1, {'a': 2}]"
    assert cells[1].metadata["jupyter_mlops"]["source"] == PLAIN.cells[1].source
    assert prepared.tagged == {}
    assert (
        PLAIN.cells[1].source.startswith("lr = 0.1")
        and "jupyter_mlops" not in PLAIN.cells[1].metadata
    )


def test_positions_hold_with_magics_other_alphabets_and_several_lines() -> None:
    given_ = document('%matplotlib inline\nñ = "ü"; value = [\n  1,\n  2]; after = 3\n!ls')
    prepared = with_parameters(given_, {"value": [9], "after": 4, "ñ": "x"})
    expected = "%matplotlib inline\nñ = 'x'; value = [9]; after = 4\n!ls"
    assert prepared.notebook.cells[1].source == expected


def test_newlines_of_every_kind_stay_as_they_are() -> None:
    given_ = document("lr = 0.1\rbatch = 2\r\ntext = '\u2028'; n = 3\n")
    prepared = with_parameters(given_, {"batch": 4, "n": 5})
    expected = "lr = 0.1\rbatch = 4\r\ntext = '\u2028'; n = 5\n"
    assert prepared.notebook.cells[1].source == expected


def test_a_tagged_parameter_is_left_to_papermill() -> None:
    prepared = with_parameters(TAGGED, {"lr": 0.5, "root": "here"})
    assert prepared.tagged == {"lr": 0.5, "root": "here"}
    assert prepared.notebook == TAGGED


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownParameterError, match="did you mean 'depth'"):
        with_parameters(PLAIN, {"dept": 1})
    code = "x=1\nimport os\nos.system('true')\ny"
    for name in (code, "", "a b", "lr.x", "n@9", "@1"):
        with pytest.raises(UnknownParameterError):
            with_parameters(PLAIN, {name: 1})


def test_a_name_of_several_cells_needs_its_cell() -> None:
    with pytest.raises(AmbiguousParameterError, match="n@1, n@2"):
        with_parameters(PLAIN, {"n": 1})
    assert "n, deep = 5, True" in _source({"n@1": 5})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lr", "0.1"),
        ("lr", True),
        ("lr", [0.1]),
        ("n@1", 1.0),
        ("n@1", True),
        ("n@1", "3"),
        ("deep", 1),
        ("deep", "yes"),
        ("name", 3),
        ("name", {"a": 1}),
        ("lr", object()),
        ("depth", {1: 2}),
        ("depth", [object()]),
    ],
)
def test_a_value_of_another_type_is_refused(name: str, value: object) -> None:
    with pytest.raises(BadValueError, match=name):
        with_parameters(PLAIN, {name: value})


def test_what_allows_fractions_keeps_the_value() -> None:
    with pytest.raises(BadValueError, match=r"\(write batch = 32\.0 there to allow others\)"):
        with_parameters(TAGGED, {"batch@1": 2.5})


def test_no_value_and_numbers_that_are_not_finite_can_be_given() -> None:
    assert "lr = None" in _source({"lr": None})
    assert "lr = float('inf')" in _source({"lr": math.inf})
    assert "lr = float('nan')" in _source({"lr": "NaN"})


def test_sequences_keep_their_type() -> None:
    given_ = document("a = (1, 2)\nb = {1, 2}\nc = [1]")
    prepared = with_parameters(given_, {"a": [3], "b": [4, 4], "c": [5, 6]})
    assert prepared.notebook.cells[1].source == "a = (3,)\nb = {4}\nc = [5, 6]"
    with pytest.raises(BadValueError, match="is not"):
        with_parameters(given_, {"b": [[1]]})


@pytest.mark.parametrize("where", ["text", "root"])
@pytest.mark.parametrize(
    "value",
    ["a" * 10_001, [1] * 10_001, {str(n): n for n in range(10_001)}, 10**5000],
    ids=["text", "list", "mapping", "integer"],
)
def test_a_value_too_large_to_be_recorded_is_refused(where: str, value: Any) -> None:
    given_ = document("root = str(1)", "text = None", tags={1: ["parameters"]})
    with pytest.raises(UsageError, match=f"{where}: a value this large .* into a file"):
        with_parameters(given_, {where: value})


def test_a_value_nested_deeper_than_python_reads_is_refused() -> None:
    value: list[Any] = []
    for _ in range(300):
        value = [value]
    with pytest.raises(UsageError, match="depth: a value this large"):
        with_parameters(PLAIN, {"depth": value})


def test_a_parameter_is_given_once() -> None:
    with pytest.raises(BadValueError, match=r"lr@1: 2\.0 is not the only value given for it"):
        with_parameters(PLAIN, {"lr": 1.0, "lr@1": 2.0})
    with pytest.raises(BadValueError, match="batch@1: 3 is not the only"):
        with_parameters(TAGGED, {"batch": 3, "batch@1": 3})
    assert with_parameters(PLAIN, {"n@1": 1, "n@2": 2}).settings[1].cell == 2


def test_names_that_share_a_literal_are_set_together_or_not_at_all() -> None:
    given_ = document("a = b = 1")
    with pytest.raises(BadValueError, match="shares its literal with 'b'"):
        with_parameters(given_, {"a": 2})
    assert with_parameters(given_, {"a": 2, "b": 2}).notebook.cells[1].source == "a = b = 2"


_plain_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(_plain_values)
def test_a_value_reaches_the_notebook_as_that_value_and_nothing_else(value: Any) -> None:
    source = with_parameters(document("x = None\ny = 2"), {"x": value}).notebook.cells[1].source
    first, second = ast.parse(source).body
    assert isinstance(first, ast.Assign) and ast.literal_eval(first.value) == value
    assert ast.unparse(second) == "y = 2"
    assert eval(as_code((value,))) == (value,)


def _run(parameters: list[Parameter], cells: tuple[CellExecution, ...] = ()) -> Run:
    return Run(
        id="r",
        session="s",
        notebook=None,
        notebook_digest=None,
        status="completed",
        trigger="run",
        user="ada",
        started="2026-01-01T00:00:00Z",
        duration_s=1.0,
        parameters=tuple(parameters),
        cells=cells,
    )


_kept = Redactor(b"k" * 32).value


def test_a_setting_that_was_redacted_in_part_took_effect() -> None:
    address = "postgresql://app:Ab12cd34ef@db/main"
    recorded = [Parameter("url", _kept(address), "str", 1, "literal")]

    assert address not in str(recorded)
    assert not_in_effect([Setting("url", 1, address, False)], _run(recorded), _kept) == ()


@pytest.mark.parametrize(("writes", "told"), [(("lr",), True), ((), False)])
def test_a_value_that_the_notebook_replaced_is_told(writes: tuple[str, ...], told: bool) -> None:
    cell = CellExecution(1, None, 1, "ok", None, 0.1, "sha256:0", writes=writes)
    sentences = not_in_effect([Setting("lr", 1, 0.5, False)], _run([], (cell,)), _kept)
    assert sentences == (("lr was set to 0.5, but the notebook replaced it",) if told else ())


@pytest.mark.parametrize("tags", [{}, {1: ["parameters"]}])
@pytest.mark.parametrize(
    ("default", "value"),
    [("{1, 2}", [3, 1, 2]), ("(1, 2)", [3]), ("['a']", []), ("{'a'}", []), ("{'a': 1}", {}),
     ("0.1", 1), ("0.1", math.nan), ("None", None), ("'a'", "é\n'")],
)  # fmt: skip
def test_a_value_that_took_effect_is_not_told(
    tags: dict[int, list[str]], default: str, value: Any
) -> None:
    prepared = with_parameters(document(f"x = {default}", tags=tags), {"x": value})
    # What the kernel records of the cell in which the value stands.
    source = f"x = {as_code(value)}" if tags else prepared.notebook.cells[1].source
    recorded = [
        Parameter(one.name, one.value, one.type, 1, "injected" if tags else "literal")
        for one in dataflow.literals(source)
    ]
    cell = CellExecution(
        1, None, 1, "ok", None, 0.1, "sha256:0", writes=("x",), injected=bool(tags)
    )
    assert not_in_effect(prepared.settings, _run(recorded, (cell,)), _kept) == ()


def test_a_value_that_did_not_take_effect_is_told() -> None:
    settings = [
        Setting("lr", 1, 0.5, False),
        Setting("n", 2, 3, True),
        Setting("gone", 4, 1, False),
    ]
    recorded = [
        Parameter("lr", 0.5, "float", 1, "literal"),
        Parameter("lr", 0.9, "float", 7, "literal"),
        Parameter("n", 3, "int", None, "injected"),
        Parameter("n", 8, "int", 9, "literal"),
    ]
    (sentence,) = not_in_effect(settings, _run(recorded), _kept)
    assert sentence == "n was set to 3, but 8 was in effect"
    assert (
        not_in_effect(
            [Setting("lr", 1, math.inf, False)],
            _run([Parameter("lr", "Infinity", "float", 1, "literal")]),
            _kept,
        )
        == ()
    )
    assert (
        not_in_effect(
            [Setting("pw", 1, "x", False)],
            _run([Parameter("pw", {"redacted": "hmac-sha256:" + "0" * 64}, "str", 1, "literal")]),
            _kept,
        )
        == ()
    )


@pytest.mark.parametrize("odd", [True, "text", ["a"], 5, None])
def test_metadata_may_have_any_shape(odd: object) -> None:
    given_ = document("lr = 1", "n = 2")
    given_.metadata.update(dict.fromkeys(("kernelspec", "language_info", "jupyter_mlops"), odd))
    given_.cells[1].metadata.update(jupyter_mlops=odd, tags=odd)
    given_.cells[2].metadata["jupyter_mlops"] = {"kept": odd}
    assert [one.name for one in parameters(given_)] == ["lr", "n"]
    prepared = with_parameters(given_, {"lr": 2, "n": 3}).notebook
    assert [cell.source for cell in prepared.cells[1:]] == ["lr = 2", "n = 3"]
    assert [cell.metadata["jupyter_mlops"] for cell in prepared.cells[1:]] == [
        {"source": "lr = 1"},
        {"kept": odd, "source": "n = 2"},
    ]


TYPED = (
    "import datetime as dt, pandas as pd\n"
    "day = dt.date(2024, 1, 31); begin = dt.datetime(2024, 1, 31, 8)\n"
    "path = Path('data') / 'x.csv'; stamp = pd.Timestamp('2024-01-31')\n"
    "span = dt.timedelta(days=1); z = 1j; at = dt.time(8)"
)


@pytest.mark.parametrize("tags", [{}, {1: ["parameters"]}], ids=["plain", "tagged"])
def test_what_json_lacks_is_given_as_text_and_written_as_the_notebook_writes_it(
    tags: dict[int, list[str]],
) -> None:
    prepared = with_parameters(
        document(TYPED, tags=tags),
        {
            "day": "2025-02-01",
            "begin": "2025-02-01T09:30",
            "path": "other/y.csv",
            "stamp": "2025-02-01",
            "span": "7 days, 1:30:00",
            "z": 2,
            "at": "09:15",
        },
    )
    assert prepared.tagged == {}
    assert prepared.notebook.cells[1].source.splitlines()[1:] == [
        "day = dt.date(2025, 2, 1); begin = dt.datetime(2025, 2, 1, 9, 30)",
        "path = Path('other/y.csv'); stamp = pd.Timestamp('2025-02-01T00:00:00')",
        "span = dt.timedelta(days=7, seconds=5400); z = (2+0j); at = dt.time(9, 15)",
    ]
    recorded = {one.name: one.value for one in as_recorded(prepared.settings)}
    assert recorded["day"] == "2025-02-01" and recorded["path"] == "other/y.csv"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("day", "31.01.2024"),
        ("day", 20240131),
        ("begin", "2024-01-31T08:00+01:00"),
        ("path", 3),
        ("stamp", "now"),
        ("span", "a week"),
        ("z", "i"),
        ("at", "8h"),
    ],
)
def test_what_is_no_value_of_its_type_is_refused(name: str, value: object) -> None:
    with pytest.raises(BadValueError, match=f"{name}: .* is not a"):
        with_parameters(document(TYPED), {name: value})


def test_a_value_of_the_type_itself_can_be_given() -> None:
    values = {"day": datetime.date(2025, 2, 1), "path": Path("y"), "z": 1j, "span": None}
    source = with_parameters(document(TYPED), values).notebook.cells[1].source
    for written in ("dt.date(2025, 2, 1)", "= Path('y')", "z = 1j", "span = None"):
        assert written in source


def test_parts_of_an_object_are_replaced_where_they_stand() -> None:
    given_ = document(
        "class CFG:\n    lr = 0.1\n    layers = [1, 2]",
        "from dataclasses import dataclass\n@dataclass\nclass Config:\n    lr: float = 0.2",
        "cfg = Config(lr=0.3)\nridge = Ridge(alpha=0.4)",
        "parser.add_argument('--n-steps', '-n', type=int, default=10)\n"
        "parser.add_argument('-v', action='store_true')\n"
        "parser.add_argument('--given', default=1)\n"
        "args = parser.parse_args(['--given', '2'])",
    )
    listed = [(one.name, one.value, one.cell) for one in parameters(given_)]
    assert listed == [
        *[("CFG.lr", 0.1, 1), ("CFG.layers", [1, 2], 1), ("Config.lr", 0.2, 2)],
        *[("cfg.lr", 0.3, 3), ("args.n_steps", 10, 4)],
    ]
    values = {"CFG.lr": 1, "CFG.layers": [3], "Config.lr": 2, "cfg.lr": 3, "args.n_steps": 4}
    prepared = with_parameters(given_, values)
    sources = [cell.source for cell in prepared.notebook.cells]
    assert sources[1] == "class CFG:\n    lr = 1.0\n    layers = [3]"
    assert sources[2].endswith("lr: float = 2.0")
    assert sources[3] == "cfg = Config(lr=3.0)\nridge = Ridge(alpha=0.4)"
    assert "default=4)" in sources[4]


def test_what_stands_in_a_branch_that_may_not_run_is_refused() -> None:
    given_ = document("n = 10\nif fast:\n    n = 1\nif __name__ == '__main__':\n    k = 2")
    assert [(one.name, one.settable) for one in parameters(given_)] == [("n", False), ("k", True)]
    with pytest.raises(UsageError, match="n: cell 1 assigns it in a branch"):
        with_parameters(given_, {"n": 5})
    assert "k = 3" in with_parameters(given_, {"k": 3}).notebook.cells[1].source


def test_a_part_that_the_notebook_replaced_is_told() -> None:
    (setting,) = with_parameters(document("class CFG:\n    lr = 0.1"), {"CFG.lr": 0.5}).settings
    record = _run([Parameter("CFG.lr", 0.1, "float", 1, "literal")])
    assert not_in_effect([setting], record, lambda value: value) == (
        "CFG.lr was set to 0.5, but 0.1 was in effect",
    )


def test_a_declared_parameter_is_set_where_its_default_stands() -> None:
    given_ = document(
        "import jupyter_mlops as m\nrate = m.param('lr', 0.1)  # é", "f(param('n', default=2))"
    )
    listed = [(one.name, one.value, one.cell, one.source) for one in parameters(given_)]
    assert listed == [("lr", 0.1, 1, "declared"), ("n", 2, 2, "declared")]
    cells = with_parameters(given_, {"lr": 0.5, "n": 3}).notebook.cells
    assert cells[1].source.endswith("rate = m.param('lr', 0.5)  # é")
    assert cells[2].source == "f(param('n', default=3))"

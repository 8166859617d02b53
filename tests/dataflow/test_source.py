"""Lines and positions are those of Python, whatever else a text editor takes for a newline."""

from __future__ import annotations

import pytest

from jupyter_mlops.dataflow import literals
from jupyter_mlops.dataflow.source import lines_of, with_spans


@pytest.mark.parametrize("newline", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize("odd", ["", "\f", "\x0b", "\x1c", "\x85", "\u2028", "ü€😀"])
def test_spans_are_found_and_all_around_them_stays(newline: str, odd: str) -> None:
    source = newline.join(
        [
            f"# {odd} é",
            f"text = 'a{odd}b'; lr = 0.1  # {odd}",
            "many = [",
            "  1,",
            "  2]; n = 3",
            "",
        ]
    )
    texts = {one.span: f"<{one.name}>" for one in literals(source)}
    expected = newline.join(
        [f"# {odd} é", f"text = <text>; lr = <lr>  # {odd}", "many = <many>; n = <n>", ""]
    )
    assert with_spans(source, texts) == expected
    assert len(lines_of(source)) == 6


def test_a_cell_that_is_indented_or_holds_a_form_feed_keeps_its_columns() -> None:
    for source in ("  lr = 0.1\n  n = 2", "\flr = 0.1\nn = 2", "%%time\rlr = 0.1\rn = 2\r"):
        texts = {one.span: one.name for one in literals(source)}
        assert with_spans(source, texts) == source.replace("0.1", "lr").replace("2", "n")


def test_names_that_share_a_literal_share_its_span() -> None:
    source = "a = b = 1"
    texts = {one.span: "2" for one in literals(source)}
    assert with_spans(source, texts) == "a = b = 2"

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import IPython.display
import pandas
import pytest
from IPython.core.formatters import DisplayFormatter

from jupyter_mlops.records import OutputJudgement
from jupyter_mlops.reproduction.masks import side
from jupyter_mlops.reproduction.outputs import Standard, judge, shown


def _standard(tolerance: float = 0.0, same_rendering: bool = True) -> Standard:
    then = side("2026-03-01T10:00:00Z", 60.0)
    return Standard(then, side("2026-05-07T10:00:00Z", 60.0), tolerance, same_rendering)


def _display(**data: Any) -> dict[str, Any]:
    mimes = {name.replace("__", "/"): value for name, value in data.items()}
    return {"output_type": "display_data", "data": mimes, "metadata": {}}


def _stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def _judged(before: Any, after: Any, standard: Standard | None = None) -> OutputJudgement:
    (first,), (second,) = shown([before]), shown([after])
    return judge(first, second, standard or _standard())


def _png(pixel: int, width: int = 4, compress: int = 6) -> str:
    image = pytest.importorskip("PIL.Image")
    picture = image.new("RGB", (width, 4), (9, 9, 9))
    picture.putpixel((0, 0), (pixel, 9, 9))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=compress)
    return base64.b64encode(buffer.getvalue()).decode()


def test_what_is_printed_is_one_text_and_stderr_is_not_judged() -> None:
    outputs = [_stream("a"), _stream("w", "stderr"), _display(text__plain="1"), _stream("b")]
    assert [(one.kind, one.content) for one in shown(outputs)] == [("text", "ab"), ("number", "1")]
    assert shown([_stream("w", "stderr")]) == []


def test_a_bundle_is_judged_by_what_says_most() -> None:
    def kind(**data: Any) -> str:
        return shown([_display(**data)])[0].kind

    assert kind(text__plain="<Figure>", image__png="aaaa") == "image"
    assert kind(text__plain="   a\n0  1", text__html="<table></table>") == "table"
    assert kind(text__plain="Pipeline()", text__html="<style>fit 3 s</style>") == "text"
    estimator = '<div id="sk-container-id-1"><table class="parameters-table"></table></div>'
    assert kind(text__plain="Ridge()", text__html=estimator) == "text"
    assert kind(text__html="<b>x</b>") == "html"
    assert kind(text__plain="np.float64(0.5)") == "number"
    figure = {"application/vnd.plotly.v1+json": {"data": []}, "text/html": "<div id='1'>"}
    assert kind(**figure) == "figure"


class _Report:
    def __init__(self, accuracy: int) -> None:
        self.accuracy = accuracy

    def _repr_html_(self) -> str:
        return f"<i>accuracy {self.accuracy}</i>"


def _frame(value: int) -> pandas.DataFrame:
    return pandas.DataFrame({"a": [value, 4]})


def _picture(value: int) -> str:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    figure, axes = pyplot.subplots()
    axes.plot([value, 2, 4], marker="o")
    axes.bar([1, 2], [3, value], hatch="/")
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg")
    pyplot.close(figure)
    return drawn.getvalue()


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        ("html", lambda k: IPython.display.HTML(f"<b>accuracy {k}</b>")),
        ("html", lambda k: IPython.display.HTML(_frame(k).to_html())),
        ("html", lambda k: _frame(k).style.format("{:.2f}")),
        ("html", lambda k: _frame(k).style.highlight_max(color="red")),
        ("html", _Report),
        ("text", lambda k: IPython.display.Markdown(f"**accuracy {k}**")),
        ("text", lambda k: IPython.display.Math(f"x = {k}")),
        ("text", lambda k: IPython.display.JSON({"accuracy": k})),
        ("text", lambda k: IPython.display.GeoJSON({"accuracy": k})),
        ("image", lambda k: IPython.display.SVG(f"<svg><text>{k}</text></svg>")),
        ("image", lambda k: IPython.display.SVG(_picture(k))),
        ("table", _frame),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_only_names_its_class_is_judged_by_its_richer_form(
    kind: str, made: Callable[[int], Any]
) -> None:
    # GeoJSON displays itself, and formats nothing for that.
    def bundle(k: int) -> dict[str, Any]:
        made_ = made(k)
        if isinstance(made_, IPython.display.GeoJSON):
            plain = "<IPython.display.GeoJSON object>"
            data = {"application/geo+json": made_.data, "text/plain": plain}
        else:
            data, _ = DisplayFormatter().format(made_)
        return {"output_type": "display_data", "data": data, "metadata": {}}

    again = _judged(bundle(3), bundle(3))
    assert (again.kind, again.verdict) == (kind, "identical")
    assert _judged(bundle(3), bundle(5)).verdict == "differs"


def test_a_form_that_nobody_can_judge_is_unverifiable_unless_equal() -> None:
    def script(code: str, address: str) -> dict[str, Any]:
        return _display(text__plain=f"<a.B at {address}>", application__javascript=code)

    before = script("f(1)", "0x7f0000000001")
    assert _judged(before, script("f(1)", "0x7f0000000002")).verdict == "identical"
    assert _judged(before, script("f(2)", "0x7f0000000001")).verdict == "unverifiable"


def test_which_part_a_drawn_id_belongs_to_counts() -> None:
    def styled(table: str, row: int) -> dict[str, Any]:
        rows = "".join(f'<td id="T_{table}_row{n}">{n}</td>' for n in range(2))
        style = f"<style>#T_{table}_row{row} {{ color: #abcdef }}</style>"
        return _display(text__html=f"{style}<table>{rows}</table>")

    again = _judged(styled("1a2b3", 0), styled("c4d5e", 0))
    assert again == OutputJudgement("html", "identical", masks=("drawn id",))
    assert _judged(styled("1a2b3", 0), styled("c4d5e", 1)).verdict == "differs"


def test_text_is_exact_then_masked_then_compared_by_numbers() -> None:
    assert _judged(_stream("x"), _stream("x")) == OutputJudgement("text", "identical")
    masked = _judged(_stream("<f at 0x7f0000000001>"), _stream("<f at 0x7f0000000002>"))
    assert masked == OutputJudgement("text", "identical", masks=("address",))
    differs = _judged(_stream("loss 1.00"), _stream("loss 1.01"))
    assert differs.verdict == "differs" and differs.difference == pytest.approx(0.01 / 1.01)
    assert _judged(_stream("a"), _stream("b")).difference is None


def test_a_tolerance_is_an_upper_bound() -> None:
    before, after = _stream("loss 1.000"), _stream("loss 1.001")
    assert _judged(before, after, _standard(0.002)).verdict == "within tolerance"
    assert _judged(before, after, _standard(0.0005)).verdict == "differs"


@pytest.mark.parametrize(("before", "after"), [("1.10", "1.1"), ("id 007", "id 7"), ("3", "3.0")])
def test_a_tolerance_of_0_asks_for_the_same_digits(before: str, after: str) -> None:
    strict = _judged(_stream(before), _stream(after))
    assert strict == OutputJudgement("text", "differs", None)
    loose = _judged(_stream(before), _stream(after), _standard(1e-6))
    assert loose == OutputJudgement("text", "within tolerance", 0.0)


def test_columns_may_shift_around_what_is_masked() -> None:
    before = "      file  size\n0   <f at 0x7f0000001>  3\n"
    after = "          file  size\n0   <f at 0x7f0000000001>  3\n"
    assert _judged(_stream(before), _stream(after)).verdict == "identical"
    assert _judged(_stream(before), _stream(after.replace("3", "4"))).verdict == "differs"


def test_pictures_are_equal_by_bytes_or_by_pixels() -> None:
    one, again, other = _png(1), _png(1, compress=0), _png(2)
    assert one != again
    same = _judged(_display(image__png=one), _display(image__png=again))
    assert same == OutputJudgement("image", "identical", 0.0)
    differs = _judged(_display(image__png=one), _display(image__png=other))
    assert differs == OutputJudgement("image", "differs", 1 / 16)
    resized = _judged(_display(image__png=one), _display(image__png=_png(1, width=5)))
    assert resized.difference == 1.0


def test_pictures_of_other_library_versions_are_unverifiable_unless_equal() -> None:
    standard = _standard(same_rendering=False)
    before = _display(image__png=_png(1))
    assert _judged(before, before, standard).verdict == "identical"
    assert _judged(before, _display(image__png=_png(2)), standard).verdict == "unverifiable"


def test_a_picture_that_can_not_be_decoded_is_judged_by_its_bytes() -> None:
    before, after = _display(image__png="AAAA"), _display(image__png="AAAB")
    assert _judged(before, before).verdict == "identical"
    assert _judged(before, after) == OutputJudgement("image", "differs", None)


def test_ids_that_a_library_draws_by_lot_do_not_count() -> None:
    before = _display(image__svg="")
    before = {"output_type": "display_data", "data": {"image/svg+xml": '<path id="m0123456789"/>'}}
    after = {"output_type": "display_data", "data": {"image/svg+xml": '<path id="mabcdef0123"/>'}}
    assert _judged(before, after).verdict == "identical"
    before, after = _display(text__html='<i id="a1">x'), _display(text__html='<i id="b2">x')
    assert _judged(before, after) == OutputJudgement("html", "identical", masks=("drawn id",))
    assert _judged(_display(text__html="<i>x"), _display(text__html="<i>y")).verdict == "differs"


def test_figures_are_compared_by_their_data() -> None:
    def figure(y: Any, **more: Any) -> dict[str, Any]:
        document = {"data": [{"type": "bar", "y": y, "uid": id(y), **more}], "layout": {}}
        return _display(**{"application__vnd.plotly.v1+json": document})

    encoded = {"dtype": "f8", "bdata": base64.b64encode(b"\0\0\0\0\0\0\xf0?").decode()}
    assert _judged(figure([1.0]), figure([1.0])).verdict == "identical"
    assert _judged(figure([1.0]), figure(encoded)).verdict == "identical"
    assert _judged(figure([1.0]), figure([1.1])).difference == pytest.approx(0.1 / 1.1)
    assert _judged(figure([1.0]), figure([1.0, 2.0])).verdict == "differs"
    assert _judged(figure([1.0]), figure([1.0], name="x")).verdict == "differs"
    assert _judged(figure([True]), figure([1])).verdict == "differs"


@pytest.mark.parametrize("name", ["uid", "uirevision", "config", "template", "$schema"])
def test_columns_of_a_figures_data_may_have_any_name(name: str) -> None:
    def vega(value: int) -> dict[str, Any]:
        document = {"$schema": id(value), "config": {}, "data": {"values": [{name: value}]}}
        return _display(**{"application__vnd.vegalite.v5+json": document})

    def plotly(value: int, **drawn: Any) -> dict[str, Any]:
        trace = {"type": "table", "meta": {name: value}, "uid": id(drawn)}
        document = {
            "data": [trace],
            "layout": {"meta": {name: value}, "template": id(drawn)},
            "config": drawn,
        }
        return _display(**{"application__vnd.plotly.v1+json": document})

    assert _judged(vega(1), vega(1)).verdict == "identical"
    assert _judged(vega(1), vega(2)).verdict == "differs"
    assert _judged(plotly(1), plotly(1, plotlyServerURL="u")).verdict == "identical"
    assert _judged(plotly(1), plotly(2)).verdict == "differs"


def test_errors_are_compared_by_type_and_message() -> None:
    def error(name: str, value: str) -> dict[str, Any]:
        return {"output_type": "error", "ename": name, "evalue": value, "traceback": [value]}

    assert _judged(error("E", "at 0x7f0000000001"), error("E", "at 0x7f0000000002")).verdict == (
        "identical"
    )
    assert _judged(error("E", "x"), error("E", "y")).verdict == "differs"
    assert _judged(error("E", "x"), error("F", "x")).verdict == "differs"
    assert _judged(_stream("x"), error("E", "x")).verdict == "differs"


def test_what_nobody_can_compare_is_unverifiable_unless_equal() -> None:
    before, after = _display(application__pdf="AA"), _display(application__pdf="AB")
    assert _judged(before, before).verdict == "identical"
    assert _judged(before, after).verdict == "unverifiable"

from __future__ import annotations

from jupyter_mlops.reproduction.packages import changed, modules


def test_modules_are_those_that_the_sources_import() -> None:
    sources = [
        "%pip install x\nimport a.b, c as d",
        "from e.f import g\nfrom . import h",
        "not python",
    ]
    assert modules(sources) == {"a", "c", "e"}


def test_only_what_the_notebook_reaches_is_named_imported_ones_first() -> None:
    before = {"numpy": "1", "pandas": "1", "scikit_learn": "1", "black": "1", "gone": "1"}
    after = {"numpy": "2", "pandas": "2", "scikit-learn": "2", "black": "2"}
    assert changed(before, after, ["import pandas"]) == ("pandas", "numpy")
    assert changed(before, after, ["import sklearn"]) == ("scikit_learn", "numpy")
    assert changed(before, after, ["import gone"]) == ("gone",)
    assert changed(before, before, ["import pandas"]) == ()

"""Names that no cell changed: listed, and never taken for a cell's own."""

from __future__ import annotations

import ctypes  # noqa: F401 - capture reads versions only where it is loaded already
import gc
import sys
import weakref
from typing import Any

from jupyter_mlops.capture.between import NAMES_LIMIT, Between
from jupyter_mlops.capture.names import Hidden
from jupyter_mlops.events import Notice
from jupyter_mlops.records import CHANGED_OUTSIDE, Run
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.capture.conftest import Kernel


def changed_before(kernel: Kernel) -> list[tuple[str, ...]]:
    return [event.changed_before for event in kernel.started()]


def test_a_silent_execution_between_two_cells_is_told(kernel: Kernel) -> None:
    kernel.run("a = [1]; b = 'b'; c = 3.5")
    kernel.run("a = [1]; made = 2; del b", silent=True)
    kernel.run("d = c")
    kernel.run("e = d")
    assert changed_before(kernel) == [(), ("a", "b", "made"), ()]


def test_a_widgets_callback_is_told(kernel: Kernel) -> None:
    kernel.run(
        "import ipywidgets\nslider = ipywidgets.FloatSlider(value=0.1)\nlr = 0.1\n"
        "def on_change(change):\n    global lr\n    lr = change['new']\n"
        "slider.observe(on_change, 'value')\nslider.model_id"
    )
    model = kernel.value("slider.model_id").strip("'")
    kernel.run("score = lr * 2")
    content = {"comm_id": model, "data": {"method": "update", "state": {"value": 0.7}}}
    client = kernel.client
    client.shell_channel.send(client.session.msg("comm_msg", content))
    kernel.run("score = lr * 2")
    assert kernel.value("lr") == "0.7"
    assert changed_before(kernel) == [(), (), ("lr",)]
    assert "lr" not in kernel.finished()[2].writes


def test_a_thread_that_sets_a_name_is_told_between_cells_and_beside_one(kernel: Kernel) -> None:
    kernel.run(
        "import threading\ngo, done = threading.Semaphore(0), threading.Semaphore(0)\n"
        "def work():\n    global seen\n"
        "    for seen in range(1000, 1003):\n        done.release(); go.acquire()\n"
        "thread = threading.Thread(target=work, daemon=True); thread.start(); done.acquire()"
    )
    kernel.run("go.release(); done.acquire(); own = 1")
    kernel.run("go.release(); done.acquire()", silent=True)
    kernel.run("own = 2")
    beside = [event.changed_beside for event in kernel.finished()]
    assert beside == [(), ("seen",), ()]
    assert changed_before(kernel) == [(), (), ("seen",)]
    assert "seen" not in kernel.finished()[1].writes


def test_what_cells_and_the_shell_itself_change_is_not_told(kernel: Kernel) -> None:
    for cell in (
        "import os, sys; x = 1; y = x",
        "x: int = 2\n__doc__ = 'd'",
        "import warnings; warnings.warn('w')",
        "!true\n_exit_code",
        "2 + 2",
        "_ + 1",
        "%time z = 3",
        "%%time\nz = 4",
        "%%capture out\nprint('x'); inner = 1",
        "%matplotlib inline",
        "class A:\n    b = 1\nfor i in range(3): pass\nwith open(os.devnull) as f: pass",
        "try:\n    1/0\nexcept Exception as e:\n    pass",
        "def f():\n    global g\n    g = 1\nf()",
        "from os.path import *",
        "exec('h = 1')",
        "get_ipython().run_cell('k = 1')",
        "1/0",
        "broken(",
        "del x, y",
        "%reset -f",
        "n = 1",
        "%%mlops skip\nskipped = 1",
        "m = skipped",
        "",
        "import asyncio\nasync def co():\n    return 1\nr = await co()",
        "%%bash --out told\necho 1",
        "files = !ls\n(p := 3)",
    ):
        kernel.run(cell)
    assert [
        (one.source, one.changed_before) for one in kernel.started() if one.changed_before
    ] == []
    sources = {one.execution: one.source for one in kernel.started()}
    beside = [(sources[one.execution], one.changed_beside) for one in kernel.finished()]
    assert [one for one in beside if one[1]] == []


def test_hostile_names_are_left_alone(kernel: Kernel) -> None:
    kernel.run(
        "CALLS = []\nclass Name(str):\n"
        "    def __eq__(self, other): CALLS.append('eq'); return True\n"
        "    def __hash__(self): CALLS.append('hash'); return 7\n"
        "class Other:\n    __hash__ = __eq__ = Name.__hash__\n"
        "globals()[Name('x')] = 1; globals()[5] = 2; CALLS.clear()"
    )
    kernel.run("a = 1")
    kernel.run("b = 1", silent=True)
    kernel.run("c = 1")
    assert kernel.value("CALLS") == "[]"
    assert changed_before(kernel) == [(), (), ("b",)]
    assert kernel.of(Notice) == []


def look(namespace: dict[Any, Any]) -> Between:
    between = Between(Hidden({}))
    between.begin(0, namespace, overlapping=False)
    between.end(0, namespace)
    return between


def test_a_name_deleted_and_set_again_elsewhere_is_no_change() -> None:
    namespace: dict[Any, Any] = {"a": [], "b": [], "c": []}
    between = look(namespace)
    namespace["a"] = namespace.pop("a")
    namespace["b"] = []
    assert between.begin(1, namespace, overlapping=False) == ("b",)


def test_nothing_is_compared_while_cells_overlap() -> None:
    namespace: dict[Any, Any] = {"a": 1}
    between = look(namespace)
    assert between.begin(1, namespace, overlapping=False) == ()
    assert between.begin(2, namespace, overlapping=True) == ()
    namespace["b"] = 2
    assert between.end(1, namespace) == ()
    namespace["c"] = 2
    assert between.end(2, namespace) == ()
    namespace["d"] = 2
    assert between.begin(3, namespace, overlapping=False) == ("d",)


def test_more_names_than_can_be_compared_are_not() -> None:
    namespace: dict[Any, Any] = {f"n{number}": number for number in range(NAMES_LIMIT + 1)}
    between = look(namespace)
    namespace["more"] = 1
    assert between.begin(1, namespace, overlapping=False) == ()


def test_it_is_told_where_there_are_too_many_names(kernel: Kernel) -> None:
    kernel.run(f"globals().update({{f'n{{i}}': i for i in range({NAMES_LIMIT})}})")
    kernel.run("x = 1")
    assert [one.what for one in kernel.finished()[-1].unseen] == [
        "names that change outside a cell, or beside one"
    ]


def test_a_namespace_has_another_version_after_every_change() -> None:
    assert "ctypes" in sys.modules
    version_of = Between(Hidden({})).version_of
    namespace: dict[str, Any] = {"a": 1}
    if sys.version_info >= (3, 13) or sys.implementation.name != "cpython":
        assert version_of(namespace) is None
        return
    seen = [version_of(namespace)]
    namespace["b"] = 2
    seen.append(version_of(namespace))
    namespace["a"] = [1]
    seen.append(version_of(namespace))
    del namespace["b"]
    seen.append(version_of(namespace))
    assert None not in seen
    assert len(set(seen)) == 4
    assert version_of(namespace) == seen[-1]


def test_nothing_is_kept_alive() -> None:
    class Big:
        pass

    big = Big()
    reference = weakref.ref(big)
    namespace: dict[Any, Any] = {"big": big}
    gc.disable()
    try:
        between = look(namespace)
        del big, namespace["big"]
        assert reference() is None
        assert between.begin(1, namespace, overlapping=False) == ("big",)
    finally:
        gc.enable()


def runs_of(home: Settings) -> list[Run]:
    with Store.open(home) as store:
        store.refresh()
        return [store.run(one.id) for one in reversed(store.runs().runs)]


def test_results_that_read_such_a_name_depend_on_everything_before(
    kernel: Kernel, home: Settings
) -> None:
    kernel.run("lr = 0.1; unrelated = 3")
    kernel.run("other = unrelated + 1")
    kernel.run("score = lr * 2.0")
    kernel.run("lr = 0.7", silent=True)
    kernel.run("score = lr * 2.0")
    kernel.stop()
    first, second = runs_of(home)
    assert [(one.name, one.value) for one in first.parameters if one.name == "lr"] == [("lr", 0.1)]
    assert [one.value for one in first.metrics if one.name == "score"] == [0.2]
    assert [one.value for one in second.metrics if one.name == "score"] == [1.4]
    assert [one for one in second.parameters if one.name == "lr"] == []
    assert ("lr", CHANGED_OUTSIDE) in [(one.what, one.why) for one in second.unseen]
    assert len(second.cells) == 4
    assert [one for one in first.unseen if one.why == CHANGED_OUTSIDE] == []

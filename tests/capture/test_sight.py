"""A cell that its reader has to understand is understood as the kernel would have done it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from jupyter_mlops.capture.sources import UNREAD_MANY
from jupyter_mlops.events import CellFinished
from jupyter_mlops.redaction import Redactor
from jupyter_mlops.redaction.said import fields
from jupyter_mlops.settings import Settings
from tests.capture.conftest import Kernel, StartKernel
from tests.differential.ours import OURS

# The kernel reads every source itself.
READING = "__import__('jupyter_mlops.capture.sight').capture.sight.Sights.begin = lambda *_: None\n"
COMPARED = (
    "status", "reads", "writes", "opaque", "changed_beside", "functions", "parameters",
    "metrics", "minor", "volatile", "models", "randomness", "unsettled",
)  # fmt: skip
CELLS = r"""
import numpy as np, random, math
x = 1; rate = 0.5; name = 'tree'; on = True; none = None
---
y = x + 1; z = rate * 2; big = 2 ** 80; nan = float('nan'); inf = -float('inf')
---
total, seen = 0, []
for step in range(x + 3):
    total += step * rate
    if step % 2:
        seen.append(total)
best = max(seen)
---
seen.append(7)
---
other = seen; third = [seen]
---
other.append(8)
---
x = 1
---
name = 'tree'; long = 'a' 'b'; escaped = 'a\tb'
pair = (1, 'b'); options = {'depth': 3, 'nested': [1, 2]}
---
options['depth'] = 4; print(options)
---
if rate > 100:
    never = 1
else:
    rate = 0.5
---
for unit in (): made_in_loop = 1
---
del z
---
try: del z
except NameError: z = 'back'
---
accuracy = np.float64(0.75); count = np.int64(3); single = np.float32(0.5); half = np.mean([1, 2])
---
from math import *
---
mu = sqrt(2) + rate
---
exec('hidden = 3; x = 5')
---
globals()['made'] = 4
---
np.random.seed(3); random.seed(4)
---
drawn = random.random(); also = np.random.rand()
---
u = __import__('uuid').uuid4().int
---
import time
began = time.time(); took = time.time() - began
---
took2 = took + 1
---
def outer(a, b=rate):
    return a + b + x
---
result = outer(2)
---
class Net:
    def run(self): return rate
net = Net()
---
net.run()
---
import functools
@functools.lru_cache
def cached(n): return n + rate
---
cached(3)
---
x = 3; raise ValueError(x)
---
after = 1 / 0
---
broken (
---
_ + 1
---
3 + 4
---
again = _
---
frame = __import__('pandas').DataFrame({'a': [1, 2], 'b': ['x', 'y']})
---
part = frame[['a']]; mean = frame.a.mean()
---
frame['c'] = 3
---
array = np.arange(10)
---
array[3] = 7
---
lines = [array]
---
lines[0][2] = 5
---
wert_ä = 3; größe = wert_ä + 1
---
ﬁt_ = 3
---
fit_ + 1
---
a = b = c = 7; a += 1
---
(d := 5); e, *f = 1, 2, 3
---
with open('t.txt', 'w') as file: file.write('text')
---
lambda_ = lambda q: q + x
---
lambda_(2)
---
import json as other_json, os.path
---
np.custom = 3
---
text = 'the value of tree'; shown = f'{text}!'
---
print(text)
---
get_ipython().run_cell('inside = 5; rate = 0.6')
---
%%capture kept
print(rate)
---
%time timed = 3
---
data = {'list': [1, 2, 3]}; copy = dict(data); data['list'].append(4)
---
values = [i * rate for i in range(5)]; score = sum(values) / len(values); n = len(values)
---
async def later(): return rate
got = await later()
---
import secrets, datetime
stamp = datetime.datetime.now()
---
globals().update({f'g{i}': i for i in range(5)})
---
x, rate = rate, x
---
range = 3
---
list_ = range
---
del range
---
huge = 10 ** 5000; small = -huge; large = 2 ** 4000
---
huge = huge + 1; near = 2 ** 4096
---
print(list(range(3)))
---
frames = [frame]; arrays = {'a': array}
---
f = frames[0]; f['a'] = f['a'] * 10
---
for one in arrays.values(): one *= 2
---
h = frames[0]; print(h.shape)
---
from sklearn.linear_model import Ridge
model = Ridge(alpha=1.0).fit([[1], [2]], [1, 2]); models = {'ridge': model}
---
for key, m in models.items(): m.set_params(alpha=50.0); m.coef_ = m.coef_ * 0.1
---
code = "made = __import__('pandas').DataFrame({'q': [1., 2.]})"
---
get_ipython().run_cell(code)
---
n = 98765; lr = 0.1
---
api_key = n * 1000003; lr = 0.7
---
password_entropy = np.mean([3.0, 4.0]); lr = 0.3
---
dtype = 'float64'; a_very_long_name_of_a_variable_that_means_nothing = 3
---
for pin in [4711.5]: pin = pin * 2
---
print(pin > 3)
---
loss = np.longdouble('nan') + 1
---
best = 0.75
---
best = max(best, 0.5)
---
a = [1]
---
a
---
_.append(2)
---
e = exit; e.foo = 1
---
@functools.lru_cache
def ﬁx(k): return k + len(a)
---
fix(2)
---
x = 0x10; y = x
---
x = 0x10
---
match x:
    case 0.6: matched = 'yes'
    case _: matched = 'no'
---
type Alias = int
"""


def finished(kernel: Kernel, sources: list[str]) -> tuple[list[CellFinished], int]:
    """Execute cells; return what is understood of their ends, and how many have to be read."""
    before = {event.writer for event in kernel.said()}
    for source in sources:
        kernel.run(source)
    ends = [event for event in kernel.finished() if event.writer not in before]
    said = [
        event
        for event in kernel.said()
        if isinstance(event, CellFinished) and event.writer not in before
    ]
    return ends, sum(event.sight is not None for event in said)


def told(event: CellFinished) -> dict[str, Any]:
    found = {name: getattr(event, name) for name in COMPARED}
    # The state of a generator that nothing seeded is another one in each kernel.
    found["randomness"] = [(use.generator, use.seeded) for use in event.randomness]
    found["metrics"] = [one.name if one.name in event.volatile else one for one in event.metrics]
    found["data"] = [(use.kind, use.name, use.access, use.digest) for use in event.data]
    found["unseen"] = [one.what for one in event.unseen]
    return found


def compare(start_kernel: StartKernel, startup: Callable[[str], None], sources: list[str]) -> float:
    """Compare both readings; return the share of cells that were left to the reader."""
    seen, left = finished(start_kernel(), sources)
    startup(READING)
    read, none = finished(start_kernel(), sources)
    assert none == 0
    assert len(seen) == len(read) > 0
    for one, other in zip(seen, read, strict=True):
        assert told(one) == told(other), sources[one.execution]
    return left / len(seen)


def test_cells_of_every_kind(start_kernel: StartKernel, startup: Callable[[str], None]) -> None:
    sources = [cell.strip("\n") for cell in CELLS.split("---\n")]
    assert compare(start_kernel, startup, sources) > 0.4


@pytest.mark.parametrize(
    "name", ["errors", "results and history", "randomness", "magics", "frames"]
)
def test_notebooks(name: str, start_kernel: StartKernel, startup: Callable[[str], None]) -> None:
    compare(start_kernel, startup, list(OURS[name]))


def test_cells_that_were_not_read_are_caught_up_with(kernel: Kernel) -> None:
    for number in range(30):
        kernel.run(f"def f{number}(a): return a + x{number}")
        kernel.run(f"x{number} = {number}")
    unread = "get_ipython()._jupyter_mlops_hooks._recorder._looks.sources.unread"
    deadline = time.monotonic() + 60
    while int(kernel.value(unread)) >= UNREAD_MANY:
        assert time.monotonic() < deadline
    kernel.run("y = f29(1)")
    assert set(kernel.finished()[-1].reads) == {"f29", "x29"}


def test_a_function_whose_module_is_an_object_of_the_users_is_not_asked(kernel: Kernel) -> None:
    kernel.run(
        "asked = []\nclass Module:\n    def __eq__(self, other): asked.append(other)\n"
        "from json import dumps\nother = lambda: 1\nother.__module__ = Module()"
    )
    kernel.run("other()")
    assert kernel.value("asked") == "[]"
    assert "other" in kernel.finished()[-1].reads


def test_data_that_a_cell_made_beside_another_one_are_told(kernel: Kernel) -> None:
    kernel.run(
        "import threading, time, numpy as np\n"
        "go, done = threading.Event(), threading.Event()\n"
        "def beside():\n    get_ipython().run_cell('go.set(); done.wait()')\n"
        "thread = threading.Thread(target=beside)"
    )
    kernel.run("thread.start(); go.wait(); made = np.ones(3); score = 0.5")
    kernel.run("done.set(); thread.join()")
    (cell,) = (one for one in kernel.finished() if "made" in one.writes)
    assert [use.name for use in cell.data] == ["made"]
    assert [one.name for one in cell.parameters] == ["score"]


def test_what_exec_bound_beside_another_cell_is_told(kernel: Kernel) -> None:
    kernel.run(
        "import threading\nlr = 0.1\n"
        "def beside():\n"
        "    get_ipython().run_cell('other = 0.3; go.set(); done.wait(60); last = 0.4')"
    )
    ends = "done.set(); thread.join(60)"
    binding = "exec('lr = 0.7\\nmade = [0.9]'); mine = 2"
    for cell in (binding, f"{binding}; {ends}", "mine = 3", f"mine = 3; {ends}"):
        kernel.run(
            "go, done = threading.Event(), threading.Event()\n"
            "thread = threading.Thread(target=beside)"
        )
        kernel.run(f"thread.start(); go.wait(60); {cell}")
        kernel.run(ends)
        kernel.run("del other, last; made = None")
    left = {one.execution for one in kernel.said() if getattr(one, "sight", None)}
    cells = [one for one in kernel.finished() if "mine" in one.writes]
    assert {one.execution for one in cells} <= left
    assert [one.opaque and {"lr", "made"} <= {*one.writes} for one in cells] == [
        *[True, True],
        *[False, False],
    ]
    # A cell beside them bound the others, and says so itself.
    assert [one.changed_beside for one in cells] == [()] * 4


def test_a_number_that_a_cell_only_mentions_stays_with_the_kernel(kernel: Kernel) -> None:
    kernel.run("for price in [4711.5, 98765.5]: print(1)")
    kernel.run("print(price > 3)")
    sights = [event.sight for event in kernel.said() if isinstance(event, CellFinished)]
    assert [sight and (sight.values or {}).keys() for sight in sights] == [{"price"}, set()]


def test_what_a_name_calls_secret_has_no_value_in_a_sight(home: Settings) -> None:
    redactor = Redactor.of_home(home.home)
    sight = {
        "values": {"api_key": 98765000, "password": "hunter2-Zx9", "lr": 0.5},
        "types": {"api_key": "int64"},
        "changed": ["api_key", "password", "lr"],
    }
    kept = fields(redactor, {"sight": sight})["sight"]
    assert kept["values"] == {"lr": 0.5}
    assert kept["types"] == {}
    assert set(kept["there"]) == {"api_key", "password"}

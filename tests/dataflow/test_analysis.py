"""The flow of names: every rule once."""

from __future__ import annotations

import re

import pytest

from jupyter_mlops.dataflow import Context, analyse, telling


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


@pytest.mark.parametrize(
    ("source", "reads", "binds", "maybe"),
    [
        ("y = x + 1", "x", "y", ""),
        ("x = 1\ny = x", "", "x y", ""),
        ("y = x\nx = 1", "x", "x y", ""),
        ("x += 1", "x", "x", ""),
        ("x = 0\nx += 1", "", "x", ""),
        ("if c:\n    x = 1\nprint(x)", "c x", "", "x"),
        ("if c:\n    x = 1\nelse:\n    x = 2\nprint(x)", "c", "x", ""),
        ("if c:\n    raise E\nelse:\n    x = 2\nprint(x)", "c E", "x", ""),
        ("if __name__ == '__main__':\n    x = 1\nprint(x)", "", "x", ""),
        ("for i in r:\n    x = i\nprint(i, x)", "r", "i x", ""),
        ("for i in r:\n    if i:\n        best = i\nprint(best)", "r best", "i", "best"),
        ("for i in r:\n    if i: continue\n    x = i\nprint(x)", "r x", "i", "x"),
        ("while c:\n    x = 1\nprint(x)", "c x", "", "x"),
        ("while True:\n    x = 1\n    break\nprint(x)", "", "x", ""),
        ("try:\n    import a\nexcept ImportError:\n    a = None\nprint(a)", "", "a", ""),
        ("try:\n    x = f()\nexcept E:\n    pass\nprint(x)", "f E x", "", "x"),
        ("try:\n    x = f()\nexcept E as e:\n    raise\nprint(x)", "f E", "x", "e"),
        ("with open(p) as f:\n    t = f.read()", "p", "f t", ""),
        ("import numpy as np, os.path\nfrom a.b import c as d", "", "np os d", ""),
        ("del x", "", "x", ""),
        ("(y := x)", "x", "y", ""),
        ("[z for z in xs if z > t]", "xs t", "", ""),
        ("z = [z for z in z]", "z", "z", ""),
        ("{k: v for k, v in d.items()}", "d", "", ""),
        ("[(w := q) for q in xs]", "xs", "w", ""),
        ("lambda a, b=c: a + d", "c d", "", ""),
        ("def f(a, b=c) -> d:\n    return a + g", "c d", "f", ""),
        ("def f(): return g\ng = 1\nf()", "", "f g", ""),
        ("def f(): return g\nf()\ng = 1", "g", "f g", ""),
        ("def f(): return h()\ndef h(): return g\nf()", "g", "f h", ""),
        ("def f(): f(); return g\nf()", "g", "f", ""),
        ("def f():\n    global c\n    c = 1\nf()", "", "f", "c"),
        ("def f():\n    c = 1\n    return c\nf()", "", "f", ""),
        ("class A(B):\n    n = m\n    def go(self): return g", "B m", "A", ""),
        ("class A:\n    def go(self): return g\nA()", "g", "A", ""),
        ("class A:\n    n = 1\n    k = n", "", "A", ""),
        ("@deco\ndef f(): pass", "deco", "f", ""),
        ("x: int = y", "y", "x", ""),
        ("x: T", "T", "", ""),
        ("a.b = c", "a c", "", ""),
        ("a[i] = c", "a c i", "", ""),
        ("print(f'{x:{w}}')", "x w", "", ""),
        ("print(len(x))", "x", "", ""),
        (
            "match x:\n    case {'k': v, **rest}: print(v)\n    case [a, *b]: pass",
            "x",
            "",
            "v rest a b",
        ),
        ("async def f():\n    await g()\nawait f()", "g", "f", ""),
        ("x, (y, *z) = w", "w", "x y z", ""),
        ("%time y = f(x)", "f x", "y", ""),
        ("%timeit y = f(x)", "f x", "", ""),
        ("files = !ls {folder} $other", "folder other", "files", ""),
        ("%%capture out\ny = x", "x", "out y", ""),
        ("%%bash --out text\nls", "", "text", ""),
        ("%%writefile a.py\nx = y", "", "", ""),
        ("x?", "", "", ""),
    ],
)
def test_reads_and_binds(source: str, reads: str, binds: str, maybe: str) -> None:
    flow = analyse(source)
    assert (flow.reads, flow.binds, flow.maybe_binds) == (names(reads), names(binds), names(maybe))
    assert flow.opaque is None


@pytest.mark.parametrize(
    ("source", "mutates", "maybe"),
    [
        ("d['a'] = 1", "d", ""),
        ("d['a'][0].b = 1", "d", ""),
        ("del d['a']", "d", ""),
        ("d['a'] += 1", "d", ""),
        ("xs.append(y)", "xs", ""),
        ("model.fit(X, y)", "model", ""),
        ("model.layers[0].fit(X)", "model", ""),
        ("df.drop('a', axis=1, inplace=True)", "df", ""),
        ("df['a'].fillna(0, inplace=True)", "df", ""),
        ("df.drop('a', inplace=False)", "", ""),
        ("df2 = df.dropna().reset_index()", "", ""),
        ("import random\nrandom.shuffle(xs)", "xs", ""),
        ("import numpy as np\nnp.random.shuffle(xs)", "xs", ""),
        ("import numpy as np\nnp.add(a, b, out=c)", "c", ""),
        ("from heapq import heappush\nheappush(h, 1)", "h", ""),
        ("setattr(o, 'a', 1)", "o", ""),
        ("f(x, [y, *z], k=w)", "", "x y z w"),
        ("f(len(x), x + y)", "", ""),
        ("print(x, len(y), sorted(z))", "", ""),
        ("o.unknown(x)", "", "o x"),
        ("a, b = model.predict(X), model.score(X, y)", "", ""),
        ("import numpy as np\nm = np.mean(x)", "", ""),
        ("import mine\nmine.work(x)", "", "mine x"),
        ("import pandas as pd\npd.options.x = 1", "pd", ""),
        ("xs += [1]", "", "xs"),
        ("it = iter(xs); next(it)", "", "xs it"),
        ("def pure(m): return m.score(1)\npure(x)", "", ""),
        ("def fresh(n):\n    out = []\n    out.append(n)\n    return out\nfresh(x)", "", ""),
        ("def dirty(m): m['a'] = 1\ndirty(x)", "", "x"),
        ("def sly(m):\n    n = m\n    n.append(1)\nsly(x)", "", "x"),
        ("def deep(ms):\n    for m in ms: m.fit()\ndeep(x)", "", "x"),
        ("def glob(): data.append(1)\nglob()", "data", ""),
        ("def glob(): data.append(1)", "", ""),
        ("def outer(m):\n    def inner(): m.append(1)\n    inner()\nouter(x)", "", "x"),
        ("def outer():\n    def inner(): data.append(1)\n    inner()\nouter()", "data", ""),
        ("print = f\nprint(x)", "", "x"),
        ("class A:\n    def __init__(self, d): self.d = d\nA(x)", "", ""),
        ("class A:\n    def __init__(self, d): d.clear()\nA(x)", "", "x"),
        ("rng.shuffle(xs)", "rng", "xs"),
    ],
)
def test_changes_in_place(source: str, mutates: str, maybe: str) -> None:
    flow = analyse(source)
    assert (flow.mutates, flow.maybe_mutates) == (names(mutates), names(maybe))


@pytest.mark.parametrize(
    "source",
    [
        "exec('x = 1')",
        "eval(text)",
        "globals()['x'] = 1",
        "locals()",
        "vars()",
        "from m import *",
        "%run other.py",
        "%load_ext mine",
        "%unknown",
        "%%unknown\nx = 1",
        "get_ipython().run_cell('x')",
        "ip = get_ipython()",
        "print(_)",
        "Out[3]",
        "print(_12)",
        "import threading\nthreading.Thread(target=f).start()",
        "from concurrent.futures import ThreadPoolExecutor as T\nT()",
        "import asyncio\nasyncio.create_task(f())",
        "import builtins\nbuiltins.exec('x')",
        "def f(): exec('x')\nf()",
        "x = (",
    ],
)
def test_opaque(source: str) -> None:
    assert analyse(source).opaque


@pytest.mark.parametrize(
    "source",
    [
        "model.eval()",
        "vars(o)",
        "%matplotlib inline",
        "%load_ext autoreload\n%autoreload 2",
        "!pip install x",
        "%pip install x",
        "import threading",
        "_ = 1\nprint(_)",
        "for _ in range(3): print(_)",
        "def f(): exec('x')",
        "%%html\n<b>",
        "def exec(x): return x\nexec('a')",
        "display(x)",
    ],
)
def test_not_opaque(source: str) -> None:
    assert analyse(source).opaque is None


def test_functions_say_what_their_bodies_read() -> None:
    flow = analyse(
        "def f(a):\n    def g(): return a + lr\n    return g() + h\n"
        "class Net:\n    def go(self): return depth\n    def stop(self): return limit\n"
        "add = lambda n: n + step"
    )
    reads = {name: function.reads for name, function in flow.functions.items()}
    assert reads == {"f": names("lr h"), "Net": names("depth limit"), "add": names("step")}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("acc = model.score(X, y)", {"acc": "model.score"}),
        (
            "from sklearn.metrics import f1_score as f\na = f(y, p)",
            {"a": "sklearn.metrics.f1_score"},
        ),
        (
            "from sklearn import metrics\na = metrics.r2_score(y, p)",
            {"a": "sklearn.metrics.r2_score"},
        ),
        (
            "import sklearn.metrics\na = sklearn.metrics.r2_score(y, p)",
            {"a": "sklearn.metrics.r2_score"},
        ),
        ("import sklearn.metrics as m\na = m.r2_score(y, p)", {"a": "sklearn.metrics.r2_score"}),
        ("a = round(100 * model.score(X, y), 2)", {"a": "model.score"}),
        (
            "from sklearn.metrics import mean_squared_error as e\nimport numpy as np\n"
            "a = np.sqrt(e(y, p))",
            {"a": "sklearn.metrics.mean_squared_error"},
        ),
        ("train, test = m.score(A, b), m.score(C, d)", {"train": "m.score", "test": "m.score"}),
        ("a = metrics.r2_score(y, p)", {"a": "metrics.r2_score"}),
        ("a = model.score\na = 5", {}),
        ("a = lambda: model.score(X)", {}),
        ("a = f(y, p)", {}),
    ],
)
def test_metric_calls(source: str, expected: dict[str, str]) -> None:
    assert analyse(source).metric_calls == expected


@pytest.mark.parametrize(
    ("source", "seeds", "entropy"),
    [
        ("import random\nrandom.seed(1)", "random", ""),
        ("import random\nrandom.seed()", "", "random"),
        ("from random import seed as s\ns(1)", "random", ""),
        ("import numpy as np\nnp.random.seed(0)", "numpy.random", ""),
        ("import numpy as np\nnp.random.seed(None)", "", "numpy.random"),
        ("from numpy.random import default_rng\nr = default_rng(3)", "numpy.random.Generator", ""),
        ("import numpy as np\nr = np.random.default_rng()", "", "numpy.random.Generator"),
        ("import numpy as np\nnp.random.RandomState(seed=1)", "numpy.random.RandomState", ""),
        ("import torch\ntorch.manual_seed(1)", "torch", ""),
        ("import uuid\nuuid.uuid4()", "", "uuid.uuid4"),
        ("import random\ndef fix(): random.seed(1)\nfix()", "random", ""),
        ("import random\ndef fix(): random.seed(1)", "", ""),
        ("random_seed = 1", "", ""),
    ],
)
def test_seeds(source: str, seeds: str, entropy: str) -> None:
    flow = analyse(source)
    assert (flow.seeds, flow.entropy) == (names(seeds), names(entropy))


def test_clocks_make_what_is_computed_from_them_volatile() -> None:
    flow = analyse(
        "import time\nfrom datetime import datetime\n"
        "t0 = time.time()\nx = 1\nelapsed = time.time() - t0\nminutes = elapsed / 60\n"
        "day = datetime.now().day\nt1 = t0\nt1 = 5"
    )
    assert flow.volatile == names("t0 elapsed minutes day")


def test_computed_names_leave_out_literals_loops_imports_and_definitions() -> None:
    flow = analyse(
        "import a\nlr = 0.1\nn = len(x)\nfor i in r:\n    s = f(i)\ndef g(): pass\nh = lambda: 0\n"
        "if c:\n    q = f()\ntotal = lr * 2"
    )
    assert flow.computed == names("n q total")
    assert flow.in_loop == names("i s")
    assert flow.loop_variables == names("i")


def test_fits() -> None:
    assert analyse(
        "a.fit(X)\nb = B().fit(X)\nc.transform(X)\nd.inner.partial_fit(X)"
    ).fits == names("a d")


def test_what_earlier_cells_left_matters() -> None:
    context = Context()
    for source in (
        "import numpy as np\nfrom sklearn.metrics import r2_score",
        "import time\nt0 = time.time()",
        "def train(): return lr\ndef both(): return train() + n",
        "sum = 0",
    ):
        context = context.after(analyse(source, context))
    assert analyse("a = r2_score(y, p)", context).metric_calls == {"a": "sklearn.metrics.r2_score"}
    assert analyse("np.random.seed(1)", context).seeds == names("numpy.random")
    assert analyse("e = 1 - t0", context).volatile == names("e")
    assert analyse("both()", context).reads == names("both train lr n")
    assert analyse("lr = 2\ntrain()", context).reads == names("train")
    assert analyse("print(sum)", context).reads == names("sum")
    context = context.after(analyse("def train(): return 1\nr2_score = f\nt0 = 0", context))
    assert analyse("both()", context).reads == names("both train n")
    assert analyse("a = r2_score(y, p); e = t0", context).metric_calls == {}
    assert analyse("e = t0", context).volatile == frozenset()


def test_a_cell_executed_again_leaves_the_same_context() -> None:
    sources = ["import numpy as np", "def f(x): return np.sqrt(x)", "import time\nt = time.time()"]
    context = Context()
    for source in sources:
        context = context.after(analyse(source, context))
    for source in [*sources, "y = f(2)"]:
        assert context.after(analyse(source, context)) is context
    assert context.after(analyse("def f(x): return x", context)) is not context
    assert context.after(analyse("t = 3", context)) is not context


@pytest.mark.parametrize(
    "source",
    ["import x", "def f(): pass", "f = lambda: 1", "class C: pass", "t = tm.time()", "t = now()",
     "b = a + 1", "np = 3", "list = 4", "del f", "f2 = old", "list = 5"],
)  # fmt: skip
def test_a_cell_that_leaves_another_context_is_never_taken_for_one_that_does_not(
    source: str,
) -> None:
    before = "import time as tm, numpy as np\nfrom time import time as now\na = now()\n"
    context = Context().after(analyse(before + "def f(): return 1\nold = 3"))
    flow = analyse(source, context)
    words, names = telling(context)
    is_quiet = words.isdisjoint(re.findall(r"\w+", source))
    leaves = is_quiet and names.isdisjoint(flow.binds | flow.maybe_binds)
    assert not leaves or context.after(flow) == context


def test_most_cells_leave_the_context_as_it_is() -> None:
    context = Context().after(analyse("import numpy as np"))
    words, names = telling(context)
    assert words.isdisjoint({"x", "np", "mean"}) and "x" not in names

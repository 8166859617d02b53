"""Objects that count what is done with them: with capture nothing is done more often.

Those of ``test_zoo.py`` raise at the first touch. These do as they are told, so that cells can
mutate, show, delete and fail with them, and only what capture adds to the counts is wrong.
"""

from __future__ import annotations

import pytest

from tests.capture.conftest import Kernel, StartKernel

MAKE = r"""
import collections, sys, types, os
COUNT = collections.Counter()
HANDED = os.open('handed.txt', os.O_RDWR | os.O_CREAT)  # what `open` closes when given a number
def counting(owner, name, value):
    def called(self, *a, **k):
        COUNT[f'{owner} {name}'] += 1
        return value(self, *a, **k)
    return called
# What Python may ask of any object, with an answer that does no harm.
ANSWERS = {
    '__repr__': lambda s: 'shown', '__str__': lambda s: 'text', '__format__': lambda s, f: 'f',
    '__eq__': lambda s, o: s is o, '__ne__': lambda s, o: s is not o, '__hash__': lambda s: 7,
    '__lt__': lambda s, o: False, '__gt__': lambda s, o: False, '__len__': lambda s: 2,
    '__bool__': lambda s: False, '__iter__': lambda s: iter((1, 2)), '__call__': lambda s, *a: s,
    '__contains__': lambda s, o: True, '__getitem__': lambda s, k: s, '__float__': lambda s: 1.5,
    '__setitem__': lambda s, k, v: None, '__int__': lambda s: 1,
    '__index__': lambda s: os.dup(HANDED),
    '__reduce_ex__': lambda s, p: (str, ()), '__sizeof__': lambda s: 100, '__dir__': lambda s: [],
    '__array__': lambda s, *a, **k: None, '__fspath__': lambda s: 'path.txt',
    '__enter__': lambda s: s, '__exit__': lambda s, *a: None, '__add__': lambda s, o: s,
    '__copy__': lambda s: s, '__deepcopy__': lambda s, m: s, '__del__': lambda s: None,
    '__getattribute__': lambda s, n: object.__getattribute__(s, n),
    '__setattr__': lambda s, n, v: object.__setattr__(s, n, v),
    '__delattr__': lambda s, n: object.__delattr__(s, n), '__getstate__': lambda s: {},
}
PROPERTIES = ('__array_interface__', '__array_struct__', '__dataframe__', 'shape', 'dtype',
    'columns', 'index', 'values', '__class__', 'classes_', 'coef_', '__wrapped__',
    '__arrow_c_stream__')
def answers(owner, left_out=()):
    found = {n: counting(owner, n, v) for n, v in ANSWERS.items() if n not in left_out}
    found |= {n: property(counting(owner, n, lambda s: dict)) for n in PROPERTIES}
    return found
Counting = type('Counting', (), answers('Counting'))
class Descriptor:
    def __get__(self, instance, owner): COUNT['get'] += 1; return 5
    def __set__(self, instance, value): COUNT['set'] += 1
    def __delete__(self, instance): COUNT['delete'] += 1
class Described:
    at = Descriptor()
    def __init__(self): self.__dict__['kept'] = 1
class Meta(type):
    def __getattribute__(cls, name):
        COUNT['meta get ' + name] += 1; return type.__getattribute__(cls, name)
    def __instancecheck__(cls, one): COUNT['instancecheck'] += 1; return True
    def __subclasscheck__(cls, one): COUNT['subclasscheck'] += 1; return True
    def __eq__(cls, other): COUNT['meta eq'] += 1; return cls is other
    def __hash__(cls): COUNT['meta hash'] += 1; return 3
    def __repr__(cls): COUNT['meta repr'] += 1; return 'meta'
    def __bool__(cls): COUNT['meta bool'] += 1; return False
    def __len__(cls): COUNT['meta len'] += 1; return 0
    def __iter__(cls): COUNT['meta iter'] += 1; return iter(())
    def __dir__(cls): COUNT['meta dir'] += 1; return []
    @property
    def __mro_entries__(cls): COUNT['meta mro entries'] += 1; raise AttributeError
OfMeta = Meta('OfMeta', (), {})
def subclass(base, **more):
    names = ('__eq__', '__hash__', '__len__', '__iter__', '__repr__', '__str__', '__contains__',
        '__getitem__', '__bool__', '__getattribute__', '__lt__', '__reduce_ex__', '__sizeof__',
        '__fspath__', '__format__', '__float__', '__int__', '__index__')
    def over(name):
        original = getattr(base, name, None) or ANSWERS[name]
        return counting(base.__name__, name, original)
    return type('Of' + base.__name__, (base,), {n: over(n) for n in names if
        hasattr(base, n) or n == '__fspath__' and base is str} | more)
Str, Int, Float, Bytes = subclass(str), subclass(int), subclass(float), subclass(bytes)
List, Dict, Tuple, Set = subclass(list), subclass(dict), subclass(tuple), subclass(set)
class Failing(Exception):
    def __str__(self): COUNT['error str'] += 1; return 'told'
    def __repr__(self): COUNT['error repr'] += 1; return 'told'
    def __bool__(self): COUNT['error bool'] += 1; return False
    def __len__(self): COUNT['error len'] += 1; return 0
    def __eq__(self, other): COUNT['error eq'] += 1; return self is other
    def __hash__(self): COUNT['error hash'] += 1; return 1
    @property
    def __class__(self): COUNT['error class'] += 1; return Failing
    @property
    def args(self): COUNT['error args'] += 1; return ()
class Module(types.ModuleType):
    def __getattribute__(self, name):
        COUNT['module ' + name] += 1; return super().__getattribute__(name)
class Anything:
    def __getattr__(self, name): COUNT['fake module ' + name] += 1; raise AttributeError(name)
class Shown:
    def _repr_html_(self): COUNT['html'] += 1; return '<b>x</b>'
    def _repr_mimebundle_(self, **k): COUNT['bundle'] += 1; return {'text/plain': 'p'}
    def __repr__(self): COUNT['repr'] += 1; return 'shown'
"""

LIBRARIES = r"""
import numpy as np, pandas as pd
from sklearn.base import BaseEstimator
def overridden(base, *names):
    def over(name):
        original = getattr(base, name)
        if isinstance(original, property):
            return property(counting(base.__name__, name, original.fget))
        return counting(base.__name__, name, original)
    return type('Of' + base.__name__, (base,), {n: over(n) for n in names})
Frame = overridden(pd.DataFrame, 'shape', 'columns', 'index', 'dtypes', '__len__', '__iter__',
    'items', '__getitem__', 'memory_usage', 'to_numpy', '__array__', '__eq__', 'copy', '__repr__',
    '_constructor')
Series = overridden(pd.Series, '__len__', '__iter__', 'values', 'dtype', 'to_numpy', '__array__')
class Array(np.ndarray):
    def __array_finalize__(self, o): COUNT['finalize'] += 1
    def __array_ufunc__(self, *a, **k): COUNT['ufunc'] += 1; return NotImplemented
    def __array_function__(self, *a, **k): COUNT['function'] += 1; return NotImplemented
    def tobytes(self, *a): COUNT['tobytes'] += 1; return b''
    def __len__(self): COUNT['len'] += 1; return 3
    def __iter__(self): COUNT['iter'] += 1; return iter(())
class Model(BaseEstimator):
    def __init__(self, C=1.0): self.C = C
    def fit(self, *a): self.coef_ = np.arange(3.0); return self
    def get_params(self, deep=True): COUNT['get_params'] += 1; return {}
    def __getstate__(self): COUNT['getstate'] += 1; return {}
    def __sklearn_tags__(self): COUNT['tags'] += 1; return super().__sklearn_tags__()
    def __sklearn_is_fitted__(self): COUNT['fitted'] += 1; return True
frame = Frame({'a': [1, 2], 'b': ['x', 'y']}); array = np.arange(3.0).view(Array); model = Model()
series = Series([1, 2]); column = pd.DataFrame({'o': [Counting(), Counting()]}); COUNT.clear()
"""

CELLS = [
    "one, two = Counting(), Described(); three = OfMeta; four = OfMeta()",
    "text, number, real, raw = Str('t.txt'), Int(5), Float(0.5), Bytes(b'b')",
    "several, named, pair, bag = List([one]), Dict(a=one), Tuple((one,)), Set()",
    "alias = one; plain = [one, three, text]; both = (one, (number, text)); table = {'k': one}",
    "one.attribute = 1; two.at = 5; del two.at; several.append(two); named['b'] = four",
    "def use(*a): return a\nkept = use(one, two, three, four, text, number, several, named, pair)",
    "for item in (one, text, number): last = item\nfound = [n for n in plain]",
    "with one as entered: pass\nadded = one + 1; one[0] = 1; got = one[0]; called = one(1)",
    "open(text, 'w').write('x'); open(text).read(); os.path.exists(text)",
    "with open(one, 'w') as file: file.write('y')\nopen(one).read()",
    "os.rename(one, Str('other.txt')); os.remove(Str('other.txt')); os.listdir(Str('.'))",
    "one",
    "text, number, several, named",
    "Shown()",
    "display(Shown(), one)",
    "three",
    "raise Failing(one)",
    "raise Failing from Failing(text)",
    "try:\n    raise Failing\nexcept Failing as error:\n    kept_error = error",
    "print(one, text, f'{number}')",
    "globals()[Str('odd')] = one; globals()[Int(5)] = 1",
    "after_odd = 1",
    "del globals()[Str('odd')]",
    "sys.modules['hostile'] = module = Module('hostile'); module.x = one",
    "sys.modules['torch'] = sys.modules['polars'] = sys.modules['xgboost'] = Anything()",
    "after_modules = 2",
    "del sys.modules['torch'], sys.modules['polars'], sys.modules['xgboost']",
    "class Sub(OfMeta, metaclass=Meta): pass",
    "lr = Float(0.1); name = Str('adam'); score = Float(0.9); count = Int(3)",
    "exec('made = one; more = text')",
    "get_ipython().run_cell('nested = one; inside = number').success",
    "%%capture\nhidden = one; one",
    "%time timed = text",
    "import random; random.seed(1); lot = random.choice(plain)",
    "model_ = one; best_score = real; accuracy = real; results = {number: real}",
    "one = two = three = four = None",
    "del alias, plain, both, table, kept, several, named, pair, found, item, last",
    "%reset_selective -f after",
]
LIBRARY_CELLS = [
    "kept = frame; other = array; third = series; fitted = model.fit(frame, array)",
    "def use(*a): return None\nuse(frame, array, model, series, column)",
    "frame.loc[0, 'a'] = 5; array[0] = 2.0; series.iloc[0] = 3; changed = frame",
    "score = array[1]; total = frame['a'].sum()",
    "frame",
    "again = Model().fit(array); views = array[:2], frame[['a']]",
    "del kept, other, third, frame, array",
]


def counts(kernel: Kernel, make: str, cells: list[str]) -> list[tuple[str, str]]:
    assert kernel.run(make) == []
    kernel.run("COUNT.clear()")
    found = []
    for cell in cells:
        kernel.run(cell)
        found.append((cell, kernel.value("dict(sorted(COUNT.items()))")))
    return found


@pytest.mark.parametrize(
    ("make", "cells"),
    [(MAKE, CELLS), (MAKE + LIBRARIES, LIBRARY_CELLS)],
    ids=["python", "libraries"],
)
def test_nothing_is_asked_more_often_than_without_capture(
    start_kernel: StartKernel, make: str, cells: list[str]
) -> None:
    on, off = start_kernel(), start_kernel(JUPYTER_MLOPS="off")
    with_capture, without = counts(on, make, cells), counts(off, make, cells)
    for here, there in zip(with_capture, without, strict=True):
        assert here == there
    assert with_capture[-1][1] != "{}"
    assert len(on.finished()) == len(cells) + 2


KINDS = {
    "an instance": "Big()",
    "an array of 100 MB": "np.zeros(12_500_000).view(Sub)",
    "a frame": "Frame({'a': range(10)})",
    "a function": "(lambda: 5)",
    "a generator": "(n for n in range(3))",
    "a model": "Model().fit([[1.0], [2.0]], [1.0, 2.0])",
    "a file": "open('kept.txt', 'w')",
    "an exception": "ValueError(5)",
}
USES = {
    "bound": "x = {}; ref = weakref.ref(x)",
    "changed": "x = {}; ref = weakref.ref(x); use(x)",
    "in a container": "x = [{}]; ref = weakref.ref(x[0])",
    "in an opaque cell": "exec('x = {}'); ref = weakref.ref(x)",
    "in a nested cell": "get_ipython().run_cell('x = {}').success; ref = weakref.ref(x)",
}


def test_nothing_of_the_users_is_kept_alive(start_kernel: StartKernel) -> None:
    """Without a collection of garbage, where it takes none without capture."""
    on, off = start_kernel(), start_kernel(JUPYTER_MLOPS="off")
    for kernel in (on, off):
        kernel.run(
            "import weakref, gc, numpy as np, pandas as pd, sys\n"
            "from sklearn.linear_model import LinearRegression as Model\n"
            "class Big: pass\nclass Sub(np.ndarray): pass\nclass Frame(pd.DataFrame): pass\n"
            "def use(*a): pass\ngc.disable()"
        )
    for kind in KINDS.values():
        for use in USES.values():
            died = []
            for kernel in (on, off):
                kernel.run(use.replace("{}", kind))
                kernel.run("y = 1")
                kernel.run("del x")
                died.append(kernel.value("ref() is None"))
            assert died[0] == died[1], (kind, use)
            assert died[1] == "True", (kind, use)


def test_what_an_error_holds_dies_with_it(start_kernel: StartKernel) -> None:
    on, off = start_kernel(), start_kernel(JUPYTER_MLOPS="off")
    died = []
    for kernel in (on, off):
        kernel.run("import weakref, gc, sys\nclass Big: pass\ngc.disable()")
        kernel.run(
            "def fail():\n    global ref\n    local = Big(); ref = weakref.ref(local)\n"
            "    raise KeyError\n"
            "fail()"
        )
        seen = [kernel.value("ref() is None")]
        kernel.run("1 / 0")
        seen.append(kernel.value("ref() is None"))
        kernel.run("sys.last_value = sys.last_traceback = sys.last_exc = None; gc.collect()")
        seen.append(kernel.value("ref() is None"))
        died.append(seen)
    assert died[0] == died[1]
    assert died[0][-1] == "True"

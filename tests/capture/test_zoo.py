"""Hostile objects: capture must look at them without running a line of theirs."""

from __future__ import annotations

from jupyter_mlops.events import Notice
from tests.capture.conftest import Kernel, StartKernel

# Everything that Python may call on an object by itself, and what libraries ask for.
HOOKS = """
__repr__ __str__ __bytes__ __format__ __lt__ __le__ __eq__ __ne__ __gt__ __ge__ __hash__ __bool__
__getattr__ __getattribute__ __setattr__ __delattr__ __dir__ __get__ __set__ __len__ __length_hint__
__getitem__ __iter__ __next__ __reversed__ __contains__ __call__ __int__ __float__ __complex__
__index__ __round__ __abs__ __neg__ __enter__ __exit__ __reduce__ __reduce_ex__ __getstate__
__array__ __array_interface__ __array_struct__ __dataframe__ __arrow_c_stream__ __sizeof__
__instancecheck__ __subclasscheck__ __copy__ __deepcopy__ __fspath__ __buffer__ __class__ __dict__
__module__ __name__ __qualname__ __mro__ __doc__ __code__ __wrapped__
_repr_html_ _repr_mimebundle_ shape dtype columns index values fit score get_params n_features_in_
"""

ZOO = f"""
CALLS = []
HOOKS = {HOOKS!r}.split()
def hook(owner, name):
    def called(*a, **k):
        CALLS.append((owner, name))
        raise RuntimeError("the user's code was run")
    return called
def body(owner, properties):
    found = {{}}
    for name in HOOKS:
        if name in ("__module__", "__doc__", "__name__", "__qualname__", "__mro__") :
            continue
        found[name] = property(hook(owner, name)) if properties else hook(owner, name)
    return found
class Meta(type):
    pass
Hooked = type("Hooked", (), body("Hooked", False))
Propertied = type("Propertied", (), body("Propertied", True))
class Slotted:
    __slots__ = ("a", "fitted_")
    __getattribute__ = hook("Slotted", "__getattribute__")
MetaHooked = type("MetaHooked", (type,), {{
    name: (property(hook("MetaHooked", name)) if name in
        ("__module__", "__mro__", "__dict__", "__name__", "__doc__") else
        hook("MetaHooked", name))
    for name in ("__getattribute__", "__getattr__", "__repr__", "__eq__", "__hash__", "__bool__",
        "__len__", "__iter__", "__instancecheck__", "__subclasscheck__", "__module__",
        "__mro__", "__dict__", "__name__", "__doc__")}})
OfMeta = type.__call__(MetaHooked, "OfMeta", (), {{}})
class Number(float):
    __repr__ = __eq__ = __hash__ = __float__ = __abs__ = hook("Number", "special")
class Text(str):
    __eq__ = __hash__ = __len__ = hook("Text", "special")
class List(list):
    __iter__ = __len__ = __eq__ = hook("List", "special")
class Dict(dict):
    __iter__ = __len__ = __eq__ = items = keys = __getitem__ = get = hook("Dict", "special")
class Tuple(tuple):
    __iter__ = __len__ = __eq__ = hook("Tuple", "special")
class Fake:
    __getattr__ = hook("Fake", "__getattr__")
Fake.__module__ = "numpy"; Fake.__qualname__ = Fake.__name__ = "float64"
class FakeFrame:
    shape = property(hook("FakeFrame", "shape"))
FakeFrame.__module__ = "pandas"; FakeFrame.__qualname__ = FakeFrame.__name__ = "DataFrame"
class FakeModel:
    def __init__(self, C): pass
    C = property(hook("FakeModel", "C"))
FakeModel.__module__ = "sklearn.linear_model"
class Error(Exception):
    COUNT = [0]
    def __str__(self):
        Error.COUNT[0] += 1
        return "told by the user's code"
"""

USE = [
    "hooked = Hooked(); propertied = Propertied(); slotted = Slotted(); of_meta = OfMeta",
    "a_number = Number(1.5); a_text = Text('t'); a_list = List([1]); a_dict = Dict(a=1)",
    "a_tuple = Tuple([hooked]); plain_tuple = (1, (hooked, a_list)); plain = [hooked, propertied]",
    "fake = Fake(); frame = FakeFrame(); model = FakeModel(1); model_ = model",
    "def use(*things): return None\nimport os\nkeep = {}",
    "use(hooked, propertied, slotted, of_meta, a_number, a_text, a_list, a_dict, a_tuple, fake,"
    " frame, model, plain_tuple, plain)",
    "os.unknown = use; os.unknown(hooked, a_list, a_tuple, of_meta, plain_tuple)",
    "held = hooked; other = a_dict; third = of_meta",
    "import random\nrandom.seed()",
    "def fitting(m):\n    global fitted\n    fitted = m\nfitting(model)",
    "inner = [n for n in (hooked,)]",
    "computed = (lambda: a_number)(); chosen = (lambda: fake)()",
    "for loop in (hooked, a_number): pass",
    "kept = exec('made = hooked; again = propertied')",
]


def test_no_hook_of_any_object_is_called(kernel: Kernel) -> None:
    assert kernel.run(ZOO) == []
    kernel.run("CALLS.clear()")
    for cell in USE:
        assert kernel.run(cell) == []
    assert kernel.value("CALLS") == "[]"
    assert kernel.of(Notice) == []
    assert all(cell.unseen == () for cell in kernel.finished())
    assert all(cell.metrics == () for cell in kernel.finished())


def test_an_exception_is_told_no_more_often_than_without_capture(
    kernel: Kernel, start_kernel: StartKernel
) -> None:
    counts = []
    for one in (kernel, start_kernel(JUPYTER_MLOPS="off")):
        assert one.run(ZOO) == []
        one.run("raise Error('x')")
        counts.append(one.value("Error.COUNT[0]"))
    assert counts[0] == counts[1]
    error = kernel.finished()[1].error
    assert error is not None
    assert (error.type, error.message) == ("Error", "told by the user's code")


def test_iterators_and_files_are_where_they_were(kernel: Kernel) -> None:
    kernel.run("numbers = iter(range(3)); lines = (n for n in range(3)); m = map(str, [1, 2])")
    kernel.run("open('f.txt', 'w').write('one\\ntwo\\n'); file = open('f.txt')")
    kernel.run("def use(*a): pass\nuse(numbers, lines, m, file)")
    assert kernel.value("next(numbers), next(lines), next(m), file.tell()") == "(0, 0, '1', 0)"

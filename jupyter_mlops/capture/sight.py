"""What can be seen of a cell's names without reading its source.

Most cells mention only what is told apart at a glance: numbers, texts, containers, modules,
objects of libraries. Of those is noted what they were before and are afterwards, by the words
that stand in the source, comments and all: a few steps for each. What the cell read, wrote
and set follows from that and from the source, and whoever reads the journal works it out.

A cell that mentions data, or what the notebook itself defined, is read in the kernel, before
it runs: only its source tells what has to be looked at before and after.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from jupyter_mlops import fingerprints
from jupyter_mlops.capture.metrics import number, numbers_in
from jupyter_mlops.capture.names import Hidden, Look, aliases, is_immutable, is_inert
from jupyter_mlops.dataflow import is_history
from jupyter_mlops.dataflow.calls import FITTERS
from jupyter_mlops.fingerprints.introspection import Types, is_a, name_of
from jupyter_mlops.records import NOT_FINITE

# Characters; in a longer one there is so much to be looked up that reading costs no more.
_LONGEST = 4000
_WORD = re.compile(r"[^\W\d]\w*")
_DEFINED = re.compile(r"\b(?:def|class)\s+(\w+)")
# Told by their types alone: neither data nor anything that reads or changes the notebook's
# names when it is used.
_BARE = (
    int, float, complex, bool, str, bytes, type(None), type(...), range, slice,
    set, frozenset, ModuleType, BuiltinFunctionType, MethodType,
)  # fmt: skip
_SIMPLE = (*_BARE, list, dict, tuple)
_PLAIN, _NO_DATA = Types(*_SIMPLE), Types(*_BARE, FunctionType, type)
_HOLDERS = Types(list, dict, tuple)
# Larger ones are no literal either, and text of thousands of digits is refused by Python.
_LARGEST = 2**4096
_SCALARS = Types(bool, type(None))
_NO_NUMBERS = Types(*(one for one in _SIMPLE if one not in (int, float)), FunctionType, type)
# With one of these a cell may bind names that do not stand in it.
_BINDING_ANY = frozenset(
    {"exec", "eval", "globals", "locals", "vars", "import", "get_ipython", "run_cell", "__dict__"}
)
_NUMBER = object.__hash__


class Glimpse:
    """The names that a cell mentions, as it found them; it holds no object of the user's.

    Attributes
    ----------
    words
        All words in the source.
    had
        Those that were bound, and the numbers of what they were bound to.
    """

    __slots__ = ("had", "words")

    def __init__(self, words: frozenset[str], had: dict[str, int]) -> None:
        self.words = words
        self.had = had

    @property
    def binds_any(self) -> bool:
        """Whether the cell may bind names that do not stand in it."""
        return not _BINDING_ANY.isdisjoint(self.words)


class Sights:
    """Looks at cells that need not be read in the kernel.

    Parameters
    ----------
    hidden
        What IPython itself put into the namespace.
    """

    def __init__(self, hidden: Hidden) -> None:
        self._hidden = hidden
        # Names of functions and classes that cells defined, wrapped by a decorator or not, and
        # of containers that held data.
        self._defined: set[str] = set()

    def begin(self, source: str, namespace: Mapping[str, Any]) -> Glimpse | None:
        """Look at what a cell mentions; ``None`` if its source has to be read before it runs."""
        words = frozenset(_WORD.findall(source))
        known = FITTERS.isdisjoint(words) and self._defined.isdisjoint(words)
        if "def" in words or "class" in words:
            self.define(source)
        # Python takes `ﬁt` for `fit`; who reads the words by themselves would not.
        if not source.isascii() and not unicodedata.is_normalized("NFKC", source):
            return None
        if not known or len(source) > _LONGEST:
            return None
        had: dict[str, int] = {}
        hidden, plain = self._hidden.names, _PLAIN.numbers
        for word in words:
            if word in namespace:
                if word[0] == "_" and is_history(word):
                    return None  # what an earlier cell showed has another name perhaps
                value = namespace[word]
                if _NUMBER(type(value)) not in plain and _has_to_be_read(value):
                    return None
                if not (word in hidden and hidden[word] is value):
                    had[word] = _NUMBER(value)
        return Glimpse(words, had)

    def define(self, source: str) -> None:
        """Remember the functions and classes that a cell defines, whoever reads it."""
        names = _DEFINED.findall(source)
        # Python binds another spelling of some names, and is asked for it by others.
        self._defined.update(names, (unicodedata.normalize("NFKC", name) for name in names))

    def mind(self, holders: Iterable[str]) -> None:
        """Have cells read that mention a container of data, which they may change in place."""
        self._defined.update(holders)

    def end(
        self,
        glimpse: Glimpse,
        source: str,
        namespace: Mapping[str, Any],
        changed: Iterable[str],
        look: Look,
    ) -> dict[str, Any]:
        """Say what became of the names: a :class:`Sight`, without what is as by default."""
        had, hidden, scalars = glimpse.had, self._hidden.names, _SCALARS.numbers
        no_numbers, binds = _NO_NUMBERS.numbers, "=" in source
        kept, there, inert, mutable = [], [], [], []
        values: dict[str, Any] = {}
        types, numbers = dict[str, str](), dict[str, dict[str, float | int]]()
        for name in glimpse.words.union(changed):
            if name not in namespace:
                continue
            value = namespace[name]
            if name in hidden and hidden[name] is value:
                had.pop(name, None)  # it is IPython's own again, neither bound nor deleted
                continue
            its = _NUMBER(value)
            kind = type(value)
            # Values that a cell only mentions are nobody's business. Whether it bound the very
            # same object once more (`best = max(best, score)`) only its source tells.
            is_bound = binds or had.get(name) != its
            if had.get(name) == its:
                kept.append(name)
            if _NUMBER(kind) in scalars or (kind is str and value in source):
                values[name] = value
            elif (
                is_bound
                and _NUMBER(kind) not in no_numbers
                and (told := _number_told(value)) is not None
            ):
                values[name] = told[0]
                if told[1]:
                    types[name] = told[1]
            else:
                there.append(name)
                if kind is dict and had.get(name) != its and (found := numbers_in(value)):
                    numbers[name] = found
                if not is_immutable(value):
                    if is_inert(value):
                        inert.append(name)
                    else:
                        mutable.append(name)
        seen: dict[str, Any] = {
            "had": list(had),
            "kept": kept,
            "there": there,
            "values": values,
            "types": types,
            "numbers": numbers,
            "mutable": mutable,
            "inert": inert,
            "aliases": aliases(mutable, namespace, self._hidden, look) if mutable else None,
            "changed": changed,
        }
        return {name: one for name, one in seen.items() if one}


def _number_told(value: Any) -> tuple[Any, str] | None:
    """Return a number as JSON holds it, with its type's name where that does not tell it."""
    kind = type(value)
    if kind is int:
        return (value, "") if -_LARGEST < value < _LARGEST else None
    found = number(value)
    if found is None:
        return None
    if found - found != 0:  # infinite or NaN
        return NOT_FINITE[repr(found)], "float"
    return found, "" if kind is float else kind.__name__


def _has_to_be_read(value: object) -> bool:
    """Tell whether the source must say what is done with `value`."""
    kind = type(value)
    if kind is FunctionType:
        module: object = value.__module__  # which anybody may set to anything
        return type(module) is not str or module == "__main__"
    cls: Any = value if is_a(value, type) else None
    if cls is not None:
        return name_of(cls)[0] in ("", "__main__")
    return name_of(kind)[0] in ("", "__main__") or fingerprints.kind(value) is not None


def may_be_data(names: Iterable[str], namespace: Mapping[str, Any]) -> bool:
    """Tell whether one of these names may hold data or a model."""
    for name in names:
        value = namespace.get(name)
        its = _NUMBER(type(value))
        if its not in _NO_DATA.numbers and (
            its not in _HOLDERS.numbers or fingerprints.kind(value) is not None
        ):
            return True
    return False

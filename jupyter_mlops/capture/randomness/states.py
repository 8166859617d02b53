"""States of random generators as texts that can be kept, and their way back.

Needed only by cells that draw random numbers, and by those of a replay. A text is JSON: the
kind of generator, and its state; where that is bytes, in base64.
"""

from __future__ import annotations

import binascii
import json
import random
import struct
import sys
from collections.abc import Mapping
from typing import Any

from jupyter_mlops.fingerprints.introspection import belongs_to, loaded, name_of

# Of NumPy's MT19937: 624 words of four bytes, and a position.
MT19937_BYTES = 2500
_POSITION_AT = 2496
_GAUSS = struct.Struct("d")
_NEVER_DREW = (623, 624)  # after its own initialisation, after seed()
# Of PyTorch's state: how many numbers are left until its words are made anew, 1 if none was drawn.
_TORCH_LEFT = slice(8, 12)
# A number that no generator holds by chance.
_PROBE = -1.2345678901234567e-300


def text_of(generator: str, state: Any) -> str:
    """Return as text a state that :class:`.moved.Generators` read."""
    if type(state) is tuple:
        version, words, following = state
        if type(words) is not bytes:
            *rest, position = words
            words = struct.pack("=625I", position, *rest)
        return json.dumps(["python", version, _base64(words), following])
    if generator == "torch":
        return json.dumps(["torch", _base64(state)])
    if type(state) is str:
        return json.dumps(["numpy", json.loads(state)])
    gauss = _GAUSS.unpack(state[MT19937_BYTES:])[0] if len(state) > MT19937_BYTES else None
    return json.dumps(["mt19937", _base64(state[:MT19937_BYTES]), gauss])


def put_back(generator: str, text: str, namespace: Mapping[str, Any]) -> None:
    """Give a generator the state that a text tells, if it is of that kind.

    Parameters
    ----------
    generator
        A global one; of one that has a name in `namespace`, its class and that name.
    text
        Of :func:`text_of`.
    namespace
        The user's.

    Raises
    ------
    ValueError, TypeError
        If the text is none, or tells of another kind of generator.
    """
    kind, *told = json.loads(text)
    of_class, _, name = generator.partition(" ")
    if name:
        value = namespace.get(name)
        if name_of(type(value))[1] != of_class.rpartition(".")[2]:
            return
    elif generator == "random":
        value = random.__dict__.get("_inst")
    else:
        value = loaded("numpy.random.mtrand", "_rand")
    if kind == "python":
        version, words, following = told
        position, *rest = struct.unpack("=625I", binascii.a2b_base64(words))
        if type(value) is random.Random:
            random.Random.setstate(value, (version, (*rest, position), following))
    elif kind in ("mt19937", "numpy"):
        _put_back_numpys(value, kind, told)
    elif generator == "torch" and kind == "torch":
        torch = sys.modules.get("torch")
        if torch is not None:
            state = torch.frombuffer(bytearray(binascii.a2b_base64(told[0])), dtype=torch.uint8)
            torch.default_generator.set_state(state)


def put_all_back(states: Mapping[str, str], namespace: Mapping[str, Any]) -> None:
    """Give generators the states that they were recorded with, where that can be done."""
    for name, text in states.items():
        try:
            put_back(name, text, namespace)
        except (ValueError, TypeError):  # another kind stands there now, as its digest will tell
            continue


def is_unused(name: str, state: Any) -> bool:
    """Tell whether a global generator that came with a module never drew."""
    # Importing a library is not yet using it: NumPy's generator that never drew stands at its end.
    if type(state) is not bytes:
        return False
    if name == "torch":
        return int.from_bytes(state[_TORCH_LEFT], sys.byteorder) == 1
    end = state[MT19937_BYTES - 4 : MT19937_BYTES]
    return len(state) == MT19937_BYTES and int.from_bytes(end, sys.byteorder) in _NEVER_DREW


def _put_back_numpys(generator: Any, kind: str, told: list[Any]) -> None:
    numpy: Any = sys.modules.get("numpy")
    if numpy is None or not belongs_to(type(generator), "numpy"):
        return
    if kind == "mt19937":
        words = binascii.a2b_base64(told[0])
        key = numpy.frombuffer(words[:_POSITION_AT], dtype=numpy.uint32)
        position = int.from_bytes(words[_POSITION_AT:], sys.byteorder)
        has_gauss = told[1] is not None
        generator.set_state(("MT19937", key, position, int(has_gauss), told[1] or 0.0))
    elif kind == "numpy":
        generator._bit_generator.state = _with_arrays(numpy, told[0])


def state_of_bits(bits: Any) -> str | None:
    """Return the state of a bit generator of NumPy's, other than the one it has by itself."""
    if not belongs_to(type(bits), "numpy"):
        return None
    return json.dumps(bits.state, default=_plain)


def _plain(value: Any) -> Any:
    return {"dtype": str(value.dtype), "values": value.tolist()}


def _with_arrays(numpy: Any, told: Any) -> Any:
    if type(told) is not dict:
        return told
    if told.keys() == {"dtype", "values"}:
        return numpy.array(told["values"], dtype=told["dtype"])
    return {key: _with_arrays(numpy, value) for key, value in told.items()}


def state_of_torch() -> bytes | None:
    """Return the state of PyTorch's generator for the CPU, ``None`` if there is none yet."""
    generator = loaded("torch", "default_generator")
    quietly = loaded("torch._C", "DisableTorchFunction")
    if generator is None or quietly is None or not belongs_to(type(generator), "torch"):
        return None
    # A mode of the user's would be told of the tensor that the state comes in.
    with quietly():
        state: bytes = generator.get_state().numpy().tobytes()
    return state


def gauss_at(kind: type, bits: type) -> int | None:
    """Return where a ``RandomState`` holds that it has a second number ready, and the number.

    NumPy tells it only with a copy of all the rest. Found by a look at one of our own, over
    `bits` of its own with a seed (without one it would draw entropy), in which both are put.
    """
    ctypes = sys.modules.get("ctypes")
    if ctypes is None or not (belongs_to(kind, "numpy") and belongs_to(bits, "numpy")):
        return None
    probe: Any = kind(bits(0))
    state = probe.get_state(legacy=False)
    state.update(has_gauss=1, gauss=_PROBE)
    probe.set_state(state)
    size = type.__dict__["__basicsize__"].__get__(kind)
    lies: bytes = ctypes.string_at(id(probe), size)
    place = lies.find(_GAUSS.pack(_PROBE)) - _GAUSS.size
    if place < 0 or int.from_bytes(lies[place : place + 4], sys.byteorder) != 1:
        return None
    state.update(has_gauss=0)
    probe.set_state(state)
    lies = ctypes.string_at(id(probe), size)
    return None if any(lies[place : place + 4]) else place


def _base64(content: bytes) -> str:
    return binascii.b2a_base64(content, newline=False).decode()

"""torch tensors and the state of modules: dtype, shape and elements, wherever they are.

Strides, device, the gradient and whether one is asked for are not content; neither is that a
conjugate is not computed yet. Tensors of subclasses that are not torch's own are not looked
into: every operation on them may be the user's code.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jupyter_mlops.fingerprints.costs import DECODE, NOT_NOW, Outline
from jupyter_mlops.fingerprints.hashing import Content
from jupyter_mlops.fingerprints.introspection import attributes, belongs_to, is_a, loaded, name_of
from jupyter_mlops.fingerprints.steps import Steps
from jupyter_mlops.records import Fingerprint

# Bytes that are gathered or brought from another device at a time.
_PIECE_BYTES = 1 << 22
# Nested modules that are looked into.
_DEPTH = 100
_OWN = (("torch", "Tensor"), ("torch.nn.parameter", "Parameter"))
_COMPRESSED = {
    "torch.sparse_csr": ("crow_indices", "col_indices"),
    "torch.sparse_bsr": ("crow_indices", "col_indices"),
    "torch.sparse_csc": ("ccol_indices", "row_indices"),
    "torch.sparse_bsc": ("ccol_indices", "row_indices"),
}


def fingerprint(value: Any) -> Steps[Fingerprint | None]:
    """Return the fingerprint of a tensor, or of the parameters and buffers of a module."""
    if is_a(value, loaded("torch.nn.modules.module", "Module")):
        return (yield from _of_module(value))
    found = yield from content(value)
    size, shape, dtype, form = _told(value)
    return Fingerprint(found.text(), found.complete, size, shape, dtype, form=form)


def outline(value: Any) -> Outline | None:
    """Return what can be said of a tensor without reading it; ``None`` of a module."""
    if is_a(value, loaded("torch.nn.modules.module", "Module")):
        return None
    size, shape, dtype, form = _told(value)
    result = Content("outline of tensor")
    result.piece(dtype or "", *(shape or ()))
    found = Fingerprint(result.text(), False, size, shape, dtype, form=form)
    if not _is_own(value):
        return Outline(found, 0)
    with _plainly():
        if value.device.type != "cpu":
            # Copying waits for what the device still computes.
            return Outline(found, min(NOT_NOW, (size or 0) * DECODE))
        plain = _is_strided(value) and value.is_contiguous()
    return Outline(found, (size or 0) * (1 if plain else DECODE))


def content(value: Any) -> Steps[Content]:
    """Return the content of a tensor."""
    result = Content("tensor")
    if not _is_own(value):
        result.complete = False
        return result
    with _plainly():
        plain = value.detach()
        parts = _parts(plain)
        # Nested tensors, which are not known, may have no shape.
        shape = tuple(plain.shape) if parts is not None else ()
        heading = (str(plain.dtype), str(plain.layout), sys.byteorder, *shape)
    result.piece(*heading)
    if parts is None:
        result.complete = False
        return result
    for part in parts:
        if len(parts) == 1:
            yield from _feed(result, part)
            break
        child = Content("part")
        with _plainly():
            child.piece(str(part.dtype), *part.shape)
        yield from _feed(child, part)
        result.child(child)
    return result


def _of_module(value: Any) -> Steps[Fingerprint]:
    """Take in all parameters and buffers under their names, read past the module's methods."""
    module, name = name_of(type(value))
    root = Content("module")
    root.piece(module, name)
    for label, tensor in _state(value, "", 0):
        root.piece(label)
        if tensor is None:
            root.complete = False
            continue
        root.child((yield from content(tensor)))
    return Fingerprint(root.text(), root.complete, root.size_bytes, form=f"{module}.{name}")


def _state(value: Any, prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
    """Yield the tensors of a module with their names; ``None`` for what can't be known."""
    own = attributes(value) or {}
    for kind in ("_parameters", "_buffers"):
        tensors = own.get(kind)
        for label, tensor in list(tensors.items()) if type(tensors) is dict else ():
            if tensor is not None:
                yield f"{prefix}{label}", tensor
    modules = own.get("_modules")
    for label, inner in list(modules.items()) if type(modules) is dict else ():
        if depth < _DEPTH and is_a(inner, loaded("torch.nn.modules.module", "Module")):
            yield from _state(inner, f"{prefix}{label}.", depth + 1)
        elif inner is not None:
            yield f"{prefix}{label}", None


def _parts(value: Any) -> list[Any] | None:
    """Return the dense tensors that hold the content; ``None`` if they are not known."""
    layout = str(value.layout)
    if value.device.type == "meta" or value.is_nested:
        return None
    if value.is_quantized:
        return _quantized_parts(value)
    if layout == "torch.sparse_coo":
        # Until they are gathered, one place may have several entries, in any order.
        whole = value.coalesce()
        return [whole.indices(), whole.values()]
    if layout in _COMPRESSED:
        return [*(getattr(value, name)() for name in _COMPRESSED[layout]), value.values()]
    return [value] if _is_strided(value) else None


def _quantized_parts(value: Any) -> list[Any] | None:
    tensor = loaded("torch", "tensor")
    kind = str(value.qscheme())
    if kind == "torch.per_tensor_affine":
        form = [value.q_scale(), float(value.q_zero_point())]
        return [value.int_repr(), tensor(form, dtype=loaded("torch", "float64"), device="cpu")]
    if kind == "torch.per_channel_affine":
        axis = tensor([value.q_per_channel_axis()], device="cpu")
        scales, zeros = value.q_per_channel_scales(), value.q_per_channel_zero_points()
        return [value.int_repr(), scales, zeros, axis]
    return None


def _feed(result: Content, part: Any) -> Steps[None]:
    """Take the elements of a dense tensor into `result`, in C order."""
    with _plainly():
        pieces = list(_pieces(part))
    for piece in pieces:
        with _plainly():
            dense = piece.cpu().resolve_conj().resolve_neg().contiguous()
            size, start = dense.numel() * dense.element_size(), dense.data_ptr()
            if size and start:
                result.bulk((ctypes.c_ubyte * size).from_address(start))
        yield


def _pieces(part: Any) -> Iterator[Any]:
    """Cut a tensor into views of bounded size, in C order."""
    size = part.numel() * part.element_size()
    if size <= _PIECE_BYTES or part.dim() == 0:
        yield part
        return
    if part.is_contiguous():
        part = part.view(-1)
    rows = max(1, _PIECE_BYTES * len(part) // size)
    if rows == 1 and part.dim() > 1:
        for row in part:
            yield from _pieces(row)
        return
    yield from part.split(rows)


def _told(value: Any) -> tuple[int | None, tuple[int, ...] | None, str | None, str]:
    """Return size, shape, dtype and form of a tensor, as far as they are known."""
    module, name = name_of(type(value))
    if not _is_own(value):
        return None, None, None, f"{module}.{name}"
    with _plainly():
        dtype = str(value.dtype).removeprefix("torch.")
        dense = _is_strided(value)
        size = value.numel() * value.element_size() if dense else None
        form = f"torch.{name} {dtype}" + ("" if dense else f" {value.layout}".replace("torch.", ""))
        if value.device.type != "cpu":
            form += f" on {value.device}"
        return size, None if value.is_nested else tuple(value.shape), dtype, form


def _is_own(value: Any) -> bool:
    cls = type(value)
    return any(cls is loaded(module, name) for module, name in _OWN) and belongs_to(cls, "torch")


def _is_strided(value: Any) -> bool:
    return str(value.layout) == "torch.strided" and not value.is_nested


@contextmanager
def _plainly() -> Iterator[None]:
    """Keep the user's modes from taking part; for no longer than one step."""
    with (
        loaded("torch._C", "DisableTorchFunction")(),
        loaded("torch._C", "_DisableTorchDispatch")(),
    ):
        yield

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch

from jupyter_mlops.fingerprints import fingerprint, kind
from jupyter_mlops.fingerprints.outline import outline
from jupyter_mlops.records import Fingerprint


def of(value: Any) -> Fingerprint:
    found = fingerprint(value)
    assert found is not None
    return found


def test_equal_elements_of_every_other_dtype_differ() -> None:
    dtypes = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn]
    dtypes += [torch.int64, torch.int8, torch.uint8, torch.bool, torch.complex64]
    found = [of(torch.tensor([0, 1]).to(dtype)) for dtype in dtypes]
    assert all(one.complete for one in found)
    assert len({one.digest for one in found}) == len(dtypes)
    assert [one.dtype for one in found[:2]] == ["float64", "float32"]


def test_a_view_of_any_kind_is_its_elements() -> None:
    values = torch.tensor([[1 + 2j, 3 - 1j]])
    assert of(values.conj()) == of(values.conj().resolve_conj())
    assert of(values.conj().imag) == of(values.conj().imag.resolve_neg())
    large = torch.arange(3_000_000.0).reshape(3, -1)
    assert of(large.T) == of(large.T.contiguous())
    assert of(large) != of(large.T)
    assert of(torch.ones(1).expand(5)) == of(torch.ones(5))


def test_other_layouts_are_read_as_well() -> None:
    dense = torch.tensor([[0.0, 1.0], [2.0, 0.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls these a prototype
        made = [dense.to_sparse(), dense.to_sparse_csr(), dense.to_sparse_csc()]
        made.append(torch.quantize_per_tensor(dense, 0.1, 0, torch.qint8))
        made.append(torch.quantize_per_tensor(dense * 2, 0.2, 0, torch.qint8))
        nested = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])
        twice = torch.sparse_coo_tensor([[0, 0], [1, 1]], [0.5, 0.5], (2, 2))
        once = torch.sparse_coo_tensor([[0], [1]], [1.0], (2, 2))
    found = [of(one) for one in made]
    assert all(one.complete for one in found)
    assert len({one.digest for one in found}) == len(made)
    assert of(twice).digest == of(once).digest
    for unknown in (nested, torch.empty(2, device="meta")):
        assert not of(unknown).complete
        assert outline(unknown) is not None


def test_a_modules_state_is_its_parameters_and_buffers() -> None:
    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))

        def __getattr__(self, name: str) -> Any:
            raise AssertionError(name)

        def state_dict(self, *arguments: Any, **named: Any) -> Any:
            raise AssertionError

    torch.manual_seed(0)
    net, other = Net(), Net()
    inner = net.__dict__["_modules"]["inner"]
    assert kind(net) == "model"
    before = of(net)
    assert before.complete
    assert before.digest != of(other).digest
    other.__dict__["_modules"]["inner"].load_state_dict(inner.state_dict())
    assert before.digest == of(other).digest
    inner[1].running_mean += 1
    assert before.digest != of(net).digest


def test_no_code_of_the_users_takes_part(calls: list[str]) -> None:
    from torch.overrides import TorchFunctionMode
    from torch.utils._python_dispatch import TorchDispatchMode

    class Units(torch.Tensor):
        @classmethod
        def __torch_function__(cls, function: Any, *arguments: Any) -> Any:
            calls.append(str(function))
            return super().__torch_function__(function, *arguments)

    class Functions(TorchFunctionMode):
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None):
            calls.append(str(function))
            return function(*args, **(kwargs or {}))

    class Dispatches(TorchDispatchMode):
        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None):
            calls.append(str(function))
            return function(*args, **(kwargs or {}))

    units, plain = torch.ones(2).as_subclass(Units), torch.ones(3, 2).T
    expected = of(plain)
    calls.clear()
    assert not of(units).complete
    assert outline(units) is not None
    with Functions(), Dispatches():
        assert of(plain) == expected
        assert outline(plain) is not None
    with torch.device("meta"):
        assert of(plain) == expected
    assert calls == []


@pytest.mark.parametrize("value", [torch.ones(2), torch.nn.Parameter(torch.ones(2))])
def test_asking_for_a_gradient_is_not_content(value: Any) -> None:
    assert of(value).digest == of(torch.ones(2)).digest

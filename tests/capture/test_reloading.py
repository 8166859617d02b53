"""Modules of the user's own, with IPython's extension that reloads them."""

from __future__ import annotations

import os
from pathlib import Path

from tests.capture.conftest import Kernel


def test_a_module_is_an_input_where_it_is_loaded_and_where_it_has_changed(kernel: Kernel) -> None:
    folder = Path(kernel.value("__import__('os').getcwd()").strip("'"))
    module = folder / "own_module.py"
    module.write_text("def f():\n    return 1\n")
    os.utime(module, (1e9, 1e9))
    kernel.run("%load_ext autoreload\n%autoreload 2")
    for source in ("import own_module\nown_module.f()", "x = 1", "y = own_module.f()"):
        kernel.run(source)
    module.write_text("def f():\n    return 22\n")
    shown = kernel.run("own_module.f()")
    kernel.run("z = 1")
    assert shown[-1]["data"]["text/plain"] == "22"
    imports = [
        (one.execution, use.path, use.digest)
        for one in kernel.finished()
        for use in one.data
        if use.access == "import"
    ]
    assert [(execution, path) for execution, path, _ in imports] == [
        (1, "own_module.py"),
        (4, "own_module.py"),
    ]
    assert imports[0][2] != imports[1][2]

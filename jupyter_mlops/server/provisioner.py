"""How the server's Python kernels come to load capture, whatever environment they run in.

Jupyter asks a provisioner for each start and each restart of a kernel; only there does what is
put into its environment survive a rename. Ours is made the default by the extension and not in
a configuration file, where it would break every kernel once the package is gone.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from dataclasses import replace
from typing import Any

from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from jupyter_mlops import settings

# The entry point in pyproject.toml.
NAME = "jupyter-mlops-provisioner"
_JUPYTERS = "local-provisioner"
_SESSION_VARIABLE = "JPY_SESSION_NAME"


class Provisioner(LocalProvisioner):
    """Starts kernels as Jupyter's own does, the Python ones with capture."""

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Prepare a start; see the base class."""
        prepared: dict[str, Any] = await super().pre_launch(**kwargs)
        try:
            if is_python(self.kernel_spec):
                _tell(prepared["env"], str(self.kernel_id))
        except Exception:  # whatever Jupyter changes there, a kernel has to start
            self.log.warning("mlops: a kernel starts without capture", exc_info=True)
        return prepared


def become_default(kernel_manager: Any) -> bool:
    """Have the kernels of a server started by our provisioner, and tell whether they are.

    They are not where people chose another one, or where a gateway starts them.
    """
    if hasattr(kernel_manager, "kernels_url"):
        return False
    # With the parent that the kernels would give it, because it reads its configuration there.
    factory = KernelProvisionerFactory.instance(parent=kernel_manager)
    if factory.default_provisioner_name == _JUPYTERS and NAME in factory.get_provisioner_entries():
        factory.default_provisioner_name = NAME
    return bool(factory.default_provisioner_name == NAME)


def resign() -> None:
    """Give the default back."""
    if KernelProvisionerFactory.initialized():
        factory = KernelProvisionerFactory.instance()
        if factory.default_provisioner_name == NAME:
            factory.default_provisioner_name = _JUPYTERS


def is_python(spec: Any) -> bool:
    """Tell whether a kernelspec says that its kernel is a Python one."""
    return str(spec.language).lower() == "python"


def _tell(environ: MutableMapping[str, str], kernel_id: str) -> None:
    starter = settings.starter_in(environ)
    if starter is None or starter != settings.starter_in(os.environ) or starter.pid != os.getpid():
        return  # the server part has ended, or our engine has told this kernel already
    name = environ.get(_SESSION_VARIABLE, "")
    # The session manager's; the server's own, which it may have from a notebook, is not.
    is_notebook = name != os.environ.get(_SESSION_VARIABLE) and name.endswith(".ipynb")
    path = name if is_notebook and os.path.isfile(name) else None
    replace(starter, kernel=kernel_id, notebook=path).reach(environ)

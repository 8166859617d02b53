# Starts the capture of jupyter_mlops in a kernel. IPython executes this file in the user's
# namespace: it leaves no name there, prints nothing, and whatever goes wrong in it, a removed
# package included, stays in it. No docstring, because it would replace the namespace's own.
def _jupyter_mlops_startup():
    if getattr(get_ipython(), "kernel", None) is None:  # noqa: F821 - IPython provides it
        return  # a terminal, which has no notebook to record
    import os
    import sys
    from importlib import machinery, util

    # Imported as usual we might be a file beside the notebook, planted by who sent it. An
    # editable installation may well be the working folder; its entry comes after the packages.
    safe, installed, is_here = [], False, os.path.exists(os.curdir)
    for entry in filter(os.path.isabs, sys.path):
        installed = installed or entry.endswith("-packages")
        is_there = is_here and os.path.isdir(entry) and os.path.samefile(entry, os.curdir)
        if installed or not is_there:
            safe.append(entry)
    if "jupyter_mlops" not in sys.modules:
        spec = machinery.PathFinder.find_spec("jupyter_mlops", safe)
        sys.modules["jupyter_mlops"] = util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["jupyter_mlops"])
    from jupyter_mlops.capture.extension import autoload

    autoload()


try:
    _jupyter_mlops_startup()
except BaseException:  # noqa: BLE001 - a kernel without capture beats no kernel; `doctor` tells why
    pass
finally:
    del _jupyter_mlops_startup

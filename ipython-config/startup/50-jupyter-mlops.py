# Starts the capture of jupyter_mlops in a kernel. IPython executes this file in the user's
# namespace: it leaves no name there, prints nothing, and whatever goes wrong in it, a removed
# package included, stays in it. No docstring, because it would replace the namespace's own.
def _jupyter_mlops_startup():
    if getattr(get_ipython(), "kernel", None) is None:  # noqa: F821 - IPython provides it
        return  # a terminal, which has no notebook to record
    from jupyter_mlops.capture.extension import autoload

    autoload()


try:
    _jupyter_mlops_startup()
except BaseException:  # noqa: BLE001 - a kernel without capture beats no kernel; `doctor` tells why
    pass
finally:
    del _jupyter_mlops_startup

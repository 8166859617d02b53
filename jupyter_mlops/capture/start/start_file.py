# IPython executes this file, in the user's namespace, in each Python kernel that our server or
# our engine starts: they put its path into PYTHONSTARTUP. It undoes that, loads capture, and has
# the user's own file executed as if it had been named there. It leaves no name, prints nothing,
# and whatever goes wrong in it stays in it. No docstring, because it would replace the
# namespace's own; and the syntax of any Python, because a kernel's may be of any version.
def _jupyter_mlops_load(this):  # type: (str) -> None
    """Load capture, from our own folder unless the environment has us as well."""
    import os
    import sys
    from importlib import machinery, util

    class Loader(machinery.SourceFileLoader):
        """Loads us and nothing else, so that nothing but us is found in our folder.

        A guest writes no bytecode there: pip would not know of it, and leave it behind.
        """

        def exec_module(self, module):  # type: ignore[no-untyped-def]
            for place in getattr(module, "__path__", ()):
                finder = machinery.FileFinder(place, (type(self), [".py"]))
                sys.path_importer_cache[place] = finder
            machinery.SourceFileLoader.exec_module(self, module)

        def set_data(self, path, data, **_):  # type: ignore[no-untyped-def]
            pass

    is_here = os.path.exists(os.curdir)  # it may be gone

    def is_safe(entry):  # type: (object) -> bool
        """Tell that it is not the working folder, where a notebook's author may plant us."""
        return (
            isinstance(entry, str)
            and os.path.isabs(entry)
            and not (os.path.isdir(entry) and is_here and os.path.samefile(entry, os.curdir))
        )

    name = "jupyter_mlops"
    if name not in sys.modules:
        spec = machinery.PathFinder.find_spec(name, list(filter(is_safe, sys.path)))
        # A mere folder of that name, such as a checkout's, is found without an origin.
        if spec is None or spec.origin is None:
            folder = os.path.dirname(os.path.dirname(os.path.dirname(this)))
            guest = Loader(name, os.path.join(folder, "__init__.py"))
            spec = util.spec_from_file_location(name, guest.path, loader=guest)
            assert spec is not None
            spec.loader_state = "guest"
        assert spec.loader is not None
        sys.modules[name] = util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    from jupyter_mlops.capture.extension import autoload

    autoload()


def _jupyter_mlops_start(load):  # type: (object) -> None
    import json
    import os
    import sys

    del globals()["_jupyter_mlops_start"], globals()["_jupyter_mlops_load"]
    this = sys._getframe().f_code.co_filename
    ipython = sys.modules.get("IPython")  # not imported: then this is another program
    shell = ipython.get_ipython() if ipython is not None else None

    def restore():  # type: () -> str | None
        """Undo what our starter has done; return the file that the user wants executed."""
        try:
            users = json.loads(os.environ["JUPYTER_MLOPS_STARTER"])["startup"]
        except (KeyError, ValueError, TypeError):
            users = None  # not our starter's message
        if users is None:
            os.environ.pop("PYTHONSTARTUP", None)
        else:
            os.environ["PYTHONSTARTUP"] = users  # in its place: the order can be seen
        # IPython has put our folder there, and takes it away again if it finds it.
        if os.path.dirname(this) in sys.path:
            sys.path.remove(os.path.dirname(this))
        return users  # type: ignore[no-any-return]

    def run(path):  # type: (str) -> None
        """Execute the user's own file as IPython, or as Python, would have."""
        if shell is None:
            with open(path, "rb") as opened:
                exec(compile(opened.read(), path, "exec"), globals())
            return
        application = shell
        while not hasattr(application, "_exec_file"):
            application = application.parent
        try:
            application._exec_file(path)
        except Exception:  # noqa: BLE001 - said as IPython says it
            application.log.warning("Unknown error in handling PYTHONSTARTUP file %s:", path)
            shell.showtraceback()

    users = restore()
    try:
        if sys.version_info >= (3, 10) and getattr(shell, "kernel", None) is not None:
            load(this)  # type: ignore[operator]
    except BaseException:  # noqa: BLE001 - a kernel without capture beats no kernel
        pass
    os.environ.pop("JUPYTER_MLOPS_STARTER", None)
    if users:
        run(users)


_jupyter_mlops_start(_jupyter_mlops_load)

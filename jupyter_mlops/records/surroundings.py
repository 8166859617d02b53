"""On what a run was made: the machine, what of it was loaded, and the state of the code."""

from __future__ import annotations

from jupyter_mlops.frozen import dataclass


@dataclass(frozen=True)
class Repository:
    """The git repository of the folder in which a notebook works, as its files tell it.

    ``branch`` is ``None`` where no branch is checked out. ``changed`` tells whether tracked files
    differ from the commit; ``None`` where that could not be found out without running git.
    """

    commit: str | None
    branch: str | None
    changed: bool | None


@dataclass(frozen=True)
class Surroundings:
    """What else can change a result, beside Python and the installed distributions.

    Attributes
    ----------
    interpreter
        Implementation, version, and whether it is that of a virtual environment.
    system, machine, cpu
        The operating system with its version, the architecture, and the processor's model.
    cpus
        How many processors the kernel may use.
    memory_bytes
        How much memory it may use.
    libraries
        Loaded libraries for linear algebra and threads, with their threads where these are known.
    gpus, driver
        NVIDIA's, as its driver lists them.
    locale, timezone
        Of the process.
    variables
        Those of the environment, of a fixed list, that are known to change results.
    imported
        Distributions of which something was imported by then.
    outdated
        Distributions that were replaced while they were loaded, with the version that still is.
    """

    interpreter: str
    system: str
    machine: str
    cpu: str | None
    cpus: int | None
    memory_bytes: int | None
    libraries: tuple[str, ...] = ()
    gpus: tuple[str, ...] = ()
    driver: str | None = None
    locale: str | None = None
    timezone: str | None = None
    variables: dict[str, str] | None = None
    imported: tuple[str, ...] = ()
    outdated: dict[str, str] | None = None
    repository: Repository | None = None

from __future__ import annotations

from jupyter_mlops.records import Repository, Surroundings
from jupyter_mlops.text.surroundings import lines

SPARSE = Surroundings("CPython 3.11.7, of the system", "Linux 6.1", "x86_64", None, None, None)


def test_what_is_not_known_takes_no_line() -> None:
    assert list(lines(SPARSE)) == ["CPython 3.11.7, of the system", "Linux 6.1, x86_64"]


def test_each_subject_has_a_line() -> None:
    found = Surroundings(
        "PyPy",
        "Linux",
        "x86_64",
        "Xeon",
        1,
        2**31,
        libraries=("openblas, 2 threads", "openmp, 2 threads"),
        gpus=("T4",),
        driver="550.1",
        variables={"OMP_NUM_THREADS": "2"},
        imported=("numpy", "scipy"),
        outdated={"numpy": "1.26"},
        repository=Repository("a" * 40, "main", True),
    )
    assert list(lines(found))[1:] == [
        "Linux, x86_64, Xeon, 1 processor, 2.0 GiB",
        "T4, driver 550.1",
        "openblas, 2 threads; openmp, 2 threads",
        "OMP_NUM_THREADS=2",
        "imported: numpy, scipy",
        "numpy was replaced while it was loaded: 1.26 still is",
        "git aaaaaaaaaaaa on main, with changed files",
    ]

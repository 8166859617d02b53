"""Reproductions with real kernels, of runs that were executed."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops import settings
from jupyter_mlops.errors import CancelledError, NeedsInPlaceError, UsageError
from jupyter_mlops.execution import Job, execute, notebook
from jupyter_mlops.journal import now, this_process
from jupyter_mlops.records import Batch, Progress, Reproduction, Run, Verdict, state_of
from jupyter_mlops.reproduction import reproduce
from jupyter_mlops.store import Store
from tests.execution.documents import document
from tests.reproduction.test_sandbox import digest

SOURCES = (
    "import numpy as np\nimport pandas as pd\nimport helpers",
    "lr = 0.1\nepochs = 2",
    "df = pd.read_csv('data/train.csv')\ndf",
    "total = float(helpers.scale(df.age.sum()) * lr)\nprint('total', total)",
    "import os\nos.makedirs('out')\ndf.to_csv('out/copy.csv')\nprint(os.getcwd(), object())",
)
# A first cell ends within it on a busy machine too.
LIMIT_S = 6
DATA = "name,age\na,1\nb,2\nc,3\n"
HELPERS = "def scale(value):\n    return value * 2\n"


class Project:
    """A folder with a notebook, its data and a module, and a store of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "train.ipynb"
        (folder / "data").mkdir(parents=True)
        self.restore()

    def restore(self) -> None:
        """Put everything back as it was."""
        (self.folder / "data" / "train.csv").write_text(DATA)
        (self.folder / "helpers.py").write_text(HELPERS)
        self.save(*SOURCES)

    def save(self, *sources: str, tags: Any = None, first_id: int = 0) -> None:
        """Save the notebook with these cells; their ids count from `first_id`."""
        made = document(*sources, tags=tags)
        for position, cell in enumerate(made.cells):
            cell["id"] = f"cell-{position + first_id}"
        self.path.write_bytes(notebook.dump(made))

    def run(self, store: Store, parameters: dict[str, Any] | None = None, **limits: float) -> Run:
        """Execute the notebook as a run."""
        given = notebook.read(self.path)
        prepared = notebook.with_parameters(given, parameters or {})
        job = Job(
            notebook=notebook.dump(prepared.notebook),
            run=os.urandom(16).hex(),
            cwd=str(self.folder),
            kernel="python3",
            trigger="run",
            user="u",
            path=str(self.path),
            parameters=prepared.tagged,
            **limits,  # type: ignore[arg-type]
        )
        batch = Batch(job.run, job.path, notebook.dump(given), "run", "u", now(), this_process())
        store.begin_batch(batch)
        return store.finish_batch(job.run, execute(job))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    root = tmp_path_factory.mktemp("reproduce")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(settings.HOME_VARIABLE, str(root / "mlops"))
        patch.setenv("IPYTHONDIR", str(root / "ipython"))
        yield Project(root / "project")


@pytest.fixture(scope="module")
def store(project: Project) -> Iterator[Store]:
    with Store.open(settings.read()) as opened:
        yield opened


@pytest.fixture(scope="module")
def executed(project: Project, store: Store) -> Run:
    made = project.run(store)
    assert made.status == "completed", made.notices
    return made


@pytest.fixture(autouse=True)
def _restored(project: Project) -> Iterator[None]:
    yield
    project.restore()


def _reproduced(store: Store, run: Run, **options: Any) -> Verdict:
    return reproduce(store, run.id, user="u", **options)


def _causes(verdict: Verdict) -> list[tuple[Any, ...]]:
    return [(one.kind, one.what, one.cell, one.detail) for one in verdict.causes]


def test_nothing_changed_is_identical_and_no_file_is_touched(
    project: Project, store: Store, executed: Run, tmp_path: Path
) -> None:
    before = digest(project.folder)
    said: list[Progress] = []
    started: list[Reproduction] = []
    verdict = _reproduced(
        store,
        executed,
        on_progress=said.append,
        on_started=started.append,
        output=tmp_path / "again.ipynb",
    )
    assert verdict.verdict == verdict.sentence == "identical" and verdict.causes == ()
    assert [one.cell for one in verdict.cells] == [1, 2, 3, 4, 5]
    # The folder has another name in the sandbox, and every object another address.
    assert set(verdict.cells[4].outputs[0].masks) == {"folder", "address"}
    assert digest(project.folder) == before
    assert (said[-1].done, said[-1].total) == (5, 5)
    assert (
        notebook.read(tmp_path / "again.ipynb").cells[4].outputs[0].text
        == "total 1.2000000000000002\n"
    )
    (kept,) = [one for one in store.reproductions(executed.id) if one.id == started[0].id]
    assert kept.state == "done" and kept.verdict == verdict
    repeated = store.run(started[0].id)
    assert (repeated.trigger, repeated.parent, repeated.status) == (
        "reproduce",
        executed.id,
        "completed",
    )
    assert [one.cell for one in repeated.cells] == [one.cell for one in executed.cells]


def test_a_reproduction_can_itself_be_reproduced(store: Store, executed: Run) -> None:
    first = _reproduced(store, executed).reproduction
    assert _reproduced(store, store.run(first)).verdict == "identical"


def test_changed_data_is_named_with_its_column(
    project: Project, store: Store, executed: Run
) -> None:
    (project.folder / "data" / "train.csv").write_text(DATA.replace("b,2", "b,5"))
    verdict = _reproduced(store, executed)
    assert (verdict.verdict, verdict.first_diverging_cell) == ("differs", 3)
    assert _causes(verdict) == [("data", "data/train.csv", 3, "column age")]
    assert verdict.sentence == "differs · cell 3 · data/train.csv changed since (column age)"


def test_data_that_is_gone_could_not_run(project: Project, store: Store, executed: Run) -> None:
    (project.folder / "data" / "train.csv").unlink()
    verdict = _reproduced(store, executed)
    assert (verdict.verdict, verdict.first_diverging_cell) == ("could not run", 3)
    assert _causes(verdict) == [("data", "data/train.csv", 3, "is no longer there")]


def test_an_error_that_a_run_showed_and_went_on_after_is_identical_again(
    project: Project, store: Store
) -> None:
    nested = "get_ipython().run_cell('1 / 0');"
    project.save(nested, "print(open('data/train.csv').read())")
    failed = project.run(store)
    assert failed.status == "failed"
    assert _reproduced(store, failed).sentence == (
        "identical · it failed the same way: "
        "cell 1 showed the error ZeroDivisionError: division by zero"
    )
    (project.folder / "data" / "train.csv").write_text("other")
    verdict = _reproduced(store, failed)
    assert (verdict.verdict, verdict.first_diverging_cell) == ("differs", 2)
    assert [one.kind for one in verdict.causes] == ["data"]
    project.save(nested, "import os\nprint(os.urandom(4))")
    verdict = _reproduced(store, project.run(store))
    assert verdict.verdict == "differs" and "cell 1" not in verdict.sentence


def test_a_temporary_folder_that_a_cell_prints_is_no_difference(
    project: Project, store: Store
) -> None:
    # The project lies under the temporary folder, so that its sandbox has one of its own.
    project.save("import tempfile\nprint(tempfile.mkdtemp())")
    verdict = _reproduced(store, project.run(store))
    assert verdict.sentence == "identical"
    assert _reproduced(store, store.run(verdict.reproduction)).sentence == "identical"


def test_a_changed_module_of_the_user_is_code(
    project: Project, store: Store, executed: Run
) -> None:
    (project.folder / "helpers.py").write_text(HELPERS.replace("2", "3"))
    verdict = _reproduced(store, executed)
    assert (verdict.verdict, verdict.first_diverging_cell) == ("differs", 4)
    assert _causes(verdict) == [("code", "helpers.py", 1, "changed since")]


def test_another_parameter_is_the_cause(store: Store, executed: Run) -> None:
    verdict = _reproduced(store, executed, parameters={"lr": 1})
    assert (verdict.verdict, verdict.first_diverging_cell) == ("differs", 4)
    assert _causes(verdict) == [("parameter", "lr", 2, "0.1 → 1.0")]
    with pytest.raises(UsageError, match="no parameter 'lrr'"):
        _reproduced(store, executed, parameters={"lrr": 1})


def test_a_tolerance_passes_what_is_within_it(store: Store, executed: Run) -> None:
    verdict = _reproduced(store, executed, parameters={"lr": 0.1000001}, tolerance=1e-3)
    assert verdict.verdict == "within tolerance", verdict


def test_the_current_file_may_have_other_code(
    project: Project, store: Store, executed: Run
) -> None:
    assert _reproduced(store, executed, current=True).verdict == "identical"
    edited = SOURCES[3].replace("* lr", "* lr + 1")
    project.save("# a new first cell", *SOURCES[:3], edited, SOURCES[4], first_id=-1)
    verdict = _reproduced(store, executed, current=True)
    assert (verdict.verdict, verdict.first_diverging_cell) == ("differs", 4)
    assert [one[:3] for one in _causes(verdict)] == [("code", "cell 4", 4)]


def test_given_parameters_are_repeated_and_a_tagged_one_too(project: Project, store: Store) -> None:
    project.save("scale = 1", "rate = 5\nprint(scale, rate)", tags={1: ["parameters"]})
    made = project.run(store, {"scale": 3, "rate": 7})
    recorded = _reproduced(store, made)
    assert (recorded.verdict, recorded.kept) == ("identical", ())
    current = _reproduced(store, made, current=True)
    assert (current.verdict, current.kept) == ("identical", ("scale", "rate"))
    verdict = _reproduced(store, made, parameters={"rate": 8}, current=True)
    assert (verdict.verdict, verdict.kept) == ("differs", ("scale",))
    verdict = _reproduced(store, made, parameters={"scale": 4})
    assert _causes(verdict)[0] == ("parameter", "scale", None, "3 → 4")


def test_what_no_seed_fixed_differs_because_of_it(project: Project, store: Store) -> None:
    project.save(
        "import numpy as np",
        "np.random.seed(0)\nfixed = np.random.rand()\nprint(fixed)",
        "loose = float(np.random.default_rng().random())\nprint(loose)",
    )
    made = project.run(store)
    verdict = _reproduced(store, made, fresh_randomness=True)
    assert (verdict.verdict, verdict.first_diverging_cell) == ("differs", 3)
    assert verdict.causes[0].kind == "seed" and verdict.causes[0].cell == 3
    assert (verdict.randomness, verdict.unseeded_cells) == ("fresh", (3,))


def test_recorded_randomness_is_put_back(project: Project, store: Store) -> None:
    project.save(
        "import random\nimport numpy as np\nprint(np.random.rand())",
        "from sklearn.cluster import KMeans\nfrom sklearn.ensemble import RandomForestClassifier\n"
        "from sklearn.model_selection import train_test_split\n"
        "X = np.reshape(np.arange(200.0) % 7, (-1, 2))\ny = X[:, 0] > X[:, 1]",
        "parts = train_test_split(X, y)\n"
        "model = RandomForestClassifier(5, n_jobs=2).fit(parts[0], parts[2])\n"
        "print(model.score(parts[1], parts[3]), KMeans(3, n_init=1).fit(X).inertia_)",
        "order = list(range(50))\nrandom.shuffle(order)\nprint(order, np.random.randn())",
        "print(np.random.randn(), np.random.default_rng().random())",
    )
    made = project.run(store)
    assert made.surroundings is not None
    assert {"numpy", "scikit-learn", "ipykernel"} <= set(made.surroundings.imported)
    verdict = _reproduced(store, made)
    assert verdict.sentence == (
        "identical, with the recorded randomness put back; cells 1, 3, 4 and 5 are unseeded"
    )
    assert verdict.randomness == "restored"
    # What was put back is kept as well: the reproduction can be reproduced.
    assert verdict.reproduction is not None
    assert _reproduced(store, store.run(verdict.reproduction)).randomness == "restored"


def test_a_number_that_was_not_printed_counts(project: Project, store: Store) -> None:
    project.save("import numpy as np\nscore = float(np.random.rand())")
    verdict = _reproduced(store, project.run(store), fresh_randomness=True)
    assert verdict.verdict == "differs" and verdict.causes[0].kind == "seed"


def test_a_failed_run_fails_again_in_the_same_way(project: Project, store: Store) -> None:
    project.save("print('before')", "{}['key']", "print('never')")
    made = project.run(store)
    assert made.status == "failed"
    assert _reproduced(store, made).verdict == "identical"


def test_a_path_written_in_full_can_not_leave_the_sandbox(project: Project, store: Store) -> None:
    target = project.folder / "absolute.txt"
    project.save(f"open({str(target)!r}, 'w').write('x')")
    made = project.run(store)
    assert made.status == "completed" and target.read_text() == "x"
    target.write_text("precious")
    before = digest(project.folder)
    try:
        verdict = _reproduced(store, made)
    except NeedsInPlaceError:  # refused before it began, where nothing can be confined
        pass
    else:
        assert verdict.verdict == "could not run" and verdict.causes[0].what == "the sandbox"
    assert digest(project.folder) == before
    assert _reproduced(store, made, in_place=True).verdict == "identical"
    assert target.read_text() == "x"
    target.unlink()


def test_cancelling_is_recorded_and_raised(project: Project, store: Store) -> None:
    project.save("x = 1", "import time\ntime.sleep(0 if x == 1 else 600)")
    made = project.run(store)
    cancel = threading.Event()

    def cancel_it(progress: Progress) -> None:
        if progress.cell == 2:
            cancel.set()

    with pytest.raises(CancelledError):
        _reproduced(store, made, parameters={"x": 2}, on_progress=cancel_it, cancel=cancel)
    (kept,) = store.reproductions(made.id)
    assert (kept.state, kept.verdict) == ("cancelled", None)
    again = store.run(kept.id)
    assert (again.status, again.cancelled, state_of(again)) == ("interrupted", True, "cancelled")
    (row,) = [one for one in store.runs().runs if one.id == kept.id]
    assert row.cancelled and not store.run(made.id).cancelled


def test_a_limit_that_is_exceeded_could_not_run(project: Project, store: Store) -> None:
    project.save("x = 1", "import time\ntime.sleep(0 if x == 1 else 600)")
    made = project.run(store)
    verdict = _reproduced(store, made, parameters={"x": 2}, cell_timeout_s=LIMIT_S)
    assert verdict.verdict == "could not run" and verdict.first_diverging_cell == 2
    assert verdict.causes[0].kind == "parameter"


@pytest.mark.parametrize("shows", ["", "print('slept')"])
def test_a_run_that_was_cut_by_its_limit_is_the_reason_itself(
    project: Project, store: Store, shows: str
) -> None:
    project.save("import time\nready = 1", f"time.sleep({LIMIT_S + 4})\n{shows}", "print('end')")
    made = project.run(store, cell_timeout_s=LIMIT_S)
    assert made.status == "failed"
    verdict = _reproduced(store, made)
    detail = "ended there: cell 2 exceeded its limit of 6 s; the reproduction had no limit"
    assert _causes(verdict) == [("environment", "the recorded run", 2, detail)]
    assert verdict.sentence == f"differs · cell 2 · the recorded run {detail}"


def test_of_several_changes_those_that_reach_what_differs_first_are_named(
    project: Project, store: Store
) -> None:
    project.save(
        "import numpy as np\nimport pandas as pd",
        "size = 20\nseed = 42",
        "frame = pd.DataFrame({'x': np.random.default_rng(seed).random(4)})\n"
        "total = float(frame.x.sum())\nlabel = str(size)\nprint(total)",
        "both = pd.DataFrame({'x': np.random.default_rng(seed).random(size)})",
    )
    made = project.run(store)
    asked = {"size": 5, "seed": 1}
    verdict = _reproduced(store, made, parameters=asked)
    assert [one.what for one in verdict.causes] == ["seed", "size"]
    assert verdict.sentence == "differs · cell 3 · seed 42 → 1"
    project.save(
        "import numpy as np\nimport pandas as pd",
        "size = 20\nseed = 42",
        "frame = pd.DataFrame({'x': np.random.default_rng(seed).random(4) * size})",
    )
    verdict = _reproduced(store, project.run(store), parameters=asked)
    assert verdict.sentence == "differs · cell 3 · size 20 → 5 and seed 42 → 1"

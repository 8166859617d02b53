from __future__ import annotations

import tempfile
import time

import pytest

from jupyter_mlops.reproduction.masks import Masked, Side, mask, side
from jupyter_mlops.reproduction.numbers import text_difference

THEN = side("2026-03-01T10:00:00Z", 60.0)
NOW = side("2026-05-07T22:30:00.5Z", 60.0, [("/tmp/mlops-sandbox-x/p", "/home/me/p")])

SAME = {
    "address": ("<f at 0x7f3a2b1c9d00>", "<f at 0x55e0a1b2c3d4>"),
    "temporary file": (
        "/tmp/ipykernel_123/2953.py:3: Warning",
        "/tmp/ipykernel_9/42.py:3: Warning",
    ),
    "uuid": (
        "id 6f1c2b3a-0000-4111-8222-933344445555",
        "id 00000000-1111-4222-8333-944445555666",
    ),
    "widget id": ("IPY_MODEL_" + "0" * 32, "IPY_MODEL_" + "a1" * 16),
    "clock": ("now: 2026-03-01 10:00:12.345", "now: 2026-05-07 22:30:40.1"),
    "duration": ("1.2 ms ± 3 µs per loop (mean)", "900 µs ± 10.1 µs per loop (mean)"),
    "folder": ("reads /home/me/p/x.csv", "reads /tmp/mlops-sandbox-x/p/x.csv"),
    "process id": ("pid=4711", "pid=12"),
    "set order": ("{'b', 'a', 'c'}", "{'a', 'c', 'b'}"),
    "number type": ("accuracy 0.5", "accuracy np.float64(0.5)"),
    "progress bar": ("a\n 50%|#####     | 1/2 [00:01<00:01]\nb", "a\nb"),
}
CLOCKS = [
    ("Sun Mar  1 10:00:05 UTC 2026", "Thu May  7 22:30:05 UTC 2026"),
    ("Sun, 01 Mar 2026 10:00:05", "Thu, 07 May 2026 22:30:05"),
    ("saved Mar 1, 2026", "saved May 7, 2026"),
    ("-rw-r--r-- 1 me me 5 Mar  1 10:00 x.csv", "-rw-r--r-- 1 me me 5 May  7 22:30 x.csv"),
    ("2026-03-01T10:00:01+00:00", "2026-05-07T22:30:59Z"),
    ("2026/03/01", "2026/05/07"),
    ("[10:00:31] done", "[22:30:02] done"),
    ("1772359205.123", "1778193030.9"),
]
DURATIONS = [
    ("Elapsed: 3.2 s", "Elapsed: 0.1 s"),
    ("training time = 12.5", "training time = 9.25"),
    ("it took 3 minutes", "it took 4 minutes"),
    ("CPU times: user 2 s, sys: 1 ms", "CPU times: user 900 ms, sys: 0 ns"),
    ("Wall time: 1.1 s", "Wall time: 4 s"),
    ("10/10 ━━━━━━━━━━ 0s 5ms/step - loss: 0.5", "10/10 ━━━━━━━━━━ 1s 12ms/step - loss: 0.5"),
    ("[Done] | elapsed:    0.1s finished", "[Done] | elapsed:    2.4min finished"),
    ("Training time: 12.5 accuracy 0.9", "Training time: 9.25 accuracy 0.9"),
    ("finished in 12.5, loss 0.3", "finished in 8.25, loss 0.3"),
    ("took 2min 3s to fit", "took 1min 58s to fit"),
    ("done in 1 day, 0:00:03.5", "done in 2 days, 11:10:00"),
    ("completed in 5e-05", "completed in 7.2e-06"),
    ("runtime 120 msec", "runtime 7 milliseconds"),
    ("1min 2s ± 1.1 s per loop (mean)", "58.1 s ± 900 ms per loop (mean)"),
    ("10 loops, best of 3: 23 ms per loop", "100 loops, best of 3: 9.1 ms per loop"),
    ("The slowest run took 4.85 times longer than the fastest.\na", "a"),
]
BARS = [
    "accuracy: 100%|██████████| 10/10 [00:01<00:00,  9.61it/s, loss=0.3]",
    "  0%|          | 0/10 [00:00<?, ?it/s]",
    " 45%|████▌     | 1.20k/2.67k [1:00:01<00:52, 22.9kB/s]",
    " 30%|###       | 3/10 [00:01<00:03]",
    "5it [00:01,  4.20it/s]",
    "12batch [00:03, 1.31s/it, loss=0.5]",
]
KERAS = [
    ("5/5 [=====>....] - 3s 12ms/step - loss: 0.5", "5/5 [=====>....] - 1s 4ms/step - loss: 0.5"),
    (
        "5/5 [=====] - ETA: 0s - loss: 0.7 - acc: 0.25 - 0s 13us/step - loss: 0.5",
        "5/5 [=====] - 0s 11us/step - loss: 0.5",
    ),
    (
        "5/5 \x1b[32m━━━━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m0s\x1b[0m 5ms/step - loss: 0.5",
        "5/5 \x1b[32m━━━━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m12s\x1b[0m 1s/step - loss: 0.5",
    ),
    ("Epoch 1 - 1s - loss: 0.5 - 1s 5ms/step", "Epoch 1 - 1s - loss: 0.5 - 0s 17ms/step"),
]
OTHER = [
    ("mean 0.31", "mean 0.32"),
    ("day 2011-01-05", "day 2011-01-06"),
    ("2026-03-01 closed at 3", "2026-03-02 closed at 4"),
    ("color 0xff00", "color 0xff01"),
    ("md5 " + "0" * 32, "md5 " + "1" * 32),
    ("timestamp 1300000000", "timestamp 1300000001"),
    ("5.0 s", "6.0 s"),
    ("the train leaves at 07:15:00", "the train leaves at 07:16:00"),
    ("{'a': 1, 'b': 2}", "{'a': 2, 'b': 1}"),
    ("{1, 2, 3}", "{1, 2, 4}"),
    ("version 2026-13-45", "version 2026-13-46"),
    ("accuracy 0.93\r", "accuracy 0.11\r"),
    ("accuracy 0.93\r\nnext", "accuracy 0.11\r\nnext"),
    ("finished in 5 iterations", "finished in 99 iterations"),
    ("took 3 steps", "took 900 steps"),
    ("done in 2.5 passes", "done in 3.5 passes"),
    ("duration 120", "duration 90"),
    ("it took 3 s, 5 tries", "it took 3 s, 6 tries"),
    ("accuracy 95%| train |", "accuracy 12%| train |"),
    ("| recall 95%|    | 3/4 [a]", "| recall 12%|    | 3/4 [a]"),
    ("accuracy 0.93 [5.0it/s]", "accuracy 0.11 [5.0it/s]"),
    ("======= accuracy 0.93, 5ms/step", "======= accuracy 0.11, 5ms/step"),
    ("0.93 ± 0.01, runs, all loops", "0.11 ± 0.01, runs, all loops"),
]
# Each is repeated to one long line.
LONG = {
    "letter": "x",
    "bases": "ACGT",
    "open sets": "{1,",
    "braces": "{",
    "sets": "{a,}",
    "one open set": "1.5,2.5",
    "digits": "1",
    "numbers": "1 ",
    "words of duration": "elapsed ",
    "clocks of duration": "took 1:",
    "open bars": "%|",
    "bars": "1%|1/1 [",
    "rules": "=",
    "steps": "===== 5ms",
    "waiting": "===== - ETA: 5",
    "dots": "1.",
    "blanks": " ",
    "returns": "x\r",
    "addresses": "<0x",
    "base64": "aZ09+/",
    "JSON": '{"a":[1,2.5,"b"],"c":null},',
    "paths": "/a",
    "temporary files": "/ipykernel_1",
    "widgets": "model_id\"'",
    "pages": "<a id='",
    "loops": "1 s ± 1 runs, best of 1: ",
    "months": "Jan 1 ",
    "seconds": "10:00:00.1",
    "scalars": "np.float64(",
    "exponents": "1e1",
    "signs": "-",
    "uuids": "0123abcd-",
}


def _both(before: str, now: str) -> tuple[Masked, Masked]:
    return mask(before, THEN), mask(now, NOW)


@pytest.mark.parametrize("name", SAME)
def test_what_differs_in_every_execution_is_masked_under_its_name(name: str) -> None:
    first, second = _both(*SAME[name])
    assert first.text == second.text
    assert name in first.masks + second.masks


@pytest.mark.parametrize("texts", CLOCKS)
def test_readings_of_the_clock_are_masked(texts: tuple[str, str]) -> None:
    first, second = _both(*texts)
    assert first.text == second.text and first.masks == second.masks == ("clock",)


@pytest.mark.parametrize("texts", DURATIONS)
def test_durations_are_masked(texts: tuple[str, str]) -> None:
    first, second = _both(*texts)
    assert first.text == second.text


@pytest.mark.parametrize("texts", KERAS)
def test_the_times_of_a_training_are_masked(texts: tuple[str, str]) -> None:
    first, second = _both(*texts)
    assert first.text == second.text and "loss: 0.5" in first.text


@pytest.mark.parametrize("bar", BARS)
def test_progress_bars_are_taken_out(bar: str) -> None:
    assert mask(f"a\n{bar}\nb", THEN) == Masked("a\nb", ("progress bar",))
    assert mask(f"\r{bar}\r{bar}\nb", THEN).text == "b"


def test_of_a_line_written_over_its_last_version_is_shown() -> None:
    assert mask("loss 3\rloss 2\rloss 1\ndone", THEN).text == "loss 1\ndone"
    assert mask("loss 2\rloss 1\r", THEN).text == "loss 1\r"
    assert mask("a\r\nb\r\n", THEN) == Masked("a\r\nb\r\n", ())
    # A bar that takes itself away writes blanks over it.
    assert mask("bar\r      \rdone", THEN).text == "done"
    assert mask("      \r", THEN).text == mask("bar\r      ", THEN).text == ""
    assert mask("bar\r      \r", THEN).text == mask("a bar\r        \r", THEN).text


@pytest.mark.parametrize("texts", OTHER)
def test_no_mask_hides_a_result(texts: tuple[str, str]) -> None:
    first, second = _both(*texts)
    assert first.text != second.text


@pytest.mark.parametrize(
    "before",
    [
        "/tmp/tmpa1b2c3d4",
        "/var/tmp/tmpa1b2c3d4",
        "/scratch/job 7/tmpa1b2c3d4",
        "/scratch/job 7/mlops-sandbox-x1_/tmp/tmpa1b2c3d4",
    ],
)
def test_temporary_names_are_masked_in_the_temporary_folder_wherever_it_is(
    before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/scratch/job 7")
    assert mask(f"in {before}/x", THEN).text == "in <temporary file>/x"
    assert mask("/results/tmpa1b2c3d4", THEN).text == "/results/tmpa1b2c3d4"


@pytest.mark.parametrize("piece", LONG.values(), ids=LONG)
def test_a_long_line_takes_time_in_proportion_to_its_length(piece: str) -> None:
    """A pattern that tries again at every character would take minutes for this line."""
    line = "{ " + piece * (200_000 // len(piece))
    began = time.thread_time()
    masked = [mask(f"{line}{end}", THEN).text for end in "_!"]
    text_difference(*masked)
    assert time.thread_time() - began < 10


def test_a_date_is_a_clock_only_in_the_time_of_its_own_run() -> None:
    assert mask("2026-03-01", THEN).text == "<clock>"
    assert mask("2026-03-01", NOW).text == "2026-03-01"
    assert mask("2025-03-01", THEN).text == "2025-03-01"


def test_a_run_over_midnight_masks_both_days() -> None:
    night: Side = side("2026-12-31T23:59:50Z", 30.0)
    assert mask("Dec 31 23:59 / Jan  1 00:00", night).text == "<clock> / <clock>"
    assert mask("at 00:00:10", night).text == "at <clock>"


def test_a_duration_that_could_be_a_reading_of_the_clock_is_a_duration() -> None:
    night = side("2026-12-31T00:00:00Z", 30.0)
    assert mask("elapsed 0:00:07.5", night).text == mask("elapsed 0:00:08", THEN).text


def test_an_elapsed_time_is_not_torn_by_the_clock_before_it() -> None:
    first = mask("2026-03-01 10:00:05 elapsed 0:00:03.21", THEN)
    second = mask("2026-05-07 22:30:05 elapsed 0:00:07.9", NOW)
    assert first.text == second.text

from __future__ import annotations

import os

import pytest

from jupyter_mlops.capture.files.programs import command, shell_command


@pytest.mark.parametrize(
    ("line", "name", "paths"),
    [
        ("head -n 1 a.csv", "head", ["1", "a.csv"]),
        ("A=1 /bin/cp a b", "cp", ["a", "b"]),
        ("cat a|sort>b", "cat", ["a", "b"]),
        ("cat 'my file'", "cat", ["my file"]),
        ("cat 'open", "cat", ["'open"]),
        ("dd if=a of=sub/../b", "dd", ["if=a", "a", "of=sub/../b", "b"]),
        ("curl https://host/a -o b", "curl", ["b"]),
        ("", "", []),
    ],
)
def test_a_command_line_names_its_program_and_files(line: str, name: str, paths: list[str]) -> None:
    found = shell_command(line, "/project")
    assert found.name == name
    assert {os.path.normpath(f"/project/{path}") for path in paths} >= set(found.paths)
    files = {path for path in paths if path not in ("1", "if=a", "of=sub/../b")}
    assert {f"/project/{path}" for path in files} <= set(found.paths)


def test_a_shell_is_asked_for_what_it_executes() -> None:
    assert command(["/bin/sh", "-c", "wc a"], "/p") == command(["wc", "a"], "/p")

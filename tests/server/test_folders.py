"""The question once per folder, over REST."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.server.extension import MLOps
from jupyter_mlops.settings import Settings
from tests.server.served import Fetch, until
from tests.store.golden import write_journal
from tests.store.test_copies import CONTENT, reader


async def ask(fetch: Fetch, path: str, told: Any = None) -> Any:
    """Return status and document of a GET, or of a PUT of what was told."""
    options = {} if told is None else {"method": "PUT", "body": json.dumps(told)}
    reply = await fetch("mlops", "folders", path, raise_error=False, **options)
    return reply.code, json.loads(reply.body)


async def test_a_folder_is_asked_about_answered_and_its_data_downloaded(
    mlops: MLOps, jp_fetch: Fetch, jp_root_dir: Path, home: Settings
) -> None:
    work = jp_root_dir / "work"
    work.mkdir()
    data = work / "train.csv"
    data.write_bytes(CONTENT)
    write_journal(home, reader(data, work / "train.ipynb").events)

    async def recorded() -> Any:
        code, document = await ask(jp_fetch, "work")
        return document if code == 200 and document["files"] else None

    document = await until(recorded)
    assert document == {
        "schema": 1, "folder": str(work), "keep_data": "ask", "files": 1,
        "size_bytes": len(CONTENT), "limit_bytes": 10**9, "kept_files": 0, "kept_bytes": 0,
        "answerable": True,
    }  # fmt: skip
    code, document = await ask(jp_fetch, "work", {"keep_data": "yes"})
    assert (code, document["keep_data"]) == (200, "yes")

    async def kept() -> Any:
        return (await ask(jp_fetch, "work"))[1]["kept_files"]

    assert await until(kept) == 1
    run = await mlops.calls(lambda store: store.find("@1"))
    listed = json.loads((await jp_fetch("mlops", "runs", run, "artifacts")).body)["artifacts"]
    (artifact,) = [one for one in listed if one["kind"] == "data"]
    assert (artifact["name"], artifact["path"]) == ("train.csv", str(data))
    reply = await jp_fetch("mlops", "runs", run, "artifacts", artifact["digest"])
    assert reply.body == CONTENT
    assert 'filename="train.csv"' in reply.headers["Content-Disposition"]


async def test_the_root_has_an_answer_of_its_own(
    mlops: MLOps, jp_fetch: Fetch, jp_root_dir: Path
) -> None:
    code, document = await ask(jp_fetch, "", {"keep_data": "no", "limit_bytes": 5})
    assert (code, document["folder"], document["limit_bytes"]) == (200, str(jp_root_dir), 5)
    assert (await ask(jp_fetch, ""))[1]["keep_data"] == "no"
    assert (await ask(jp_fetch, "", {"keep_data": "ask"}))[1]["keep_data"] == "ask"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("work", {"keep_data": "perhaps"}),
        ("work", {"keep": "yes"}),
        ("work", {"keep_data": "yes", "limit_bytes": 0}),
        ("work", {"keep_data": "yes", "limit_bytes": -1}),
        ("..", None),
        ("work/../..", None),
        (".hidden", None),
    ],
)
async def test_what_is_refused(mlops: MLOps, jp_fetch: Fetch, path: str, told: Any) -> None:
    code, document = await ask(jp_fetch, path, told)
    assert code in (400, 404)
    assert set(document) == {"message", "reason"}

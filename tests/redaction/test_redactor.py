"""What is taken out of texts, sources and values, and what stays as it is."""

from __future__ import annotations

import json
import os
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from jupyter_mlops.redaction import Names, Redactor, digest_of, is_redacted, key_of
from jupyter_mlops.redaction.documents import redacted
from jupyter_mlops.redaction.names import holds_secrets
from jupyter_mlops.redaction.said import content
from jupyter_mlops.redaction.told import Hearer, Teller
from tests.redaction.made import NAMED, TORN, Planted, planted

KEY = b"k" * 32
STAYS = (Path(__file__).parent / "stays.txt").read_text(encoding="utf-8").splitlines()


def redactor() -> Redactor:
    """Return one with a memory of its own."""
    return Redactor(KEY, Names())


@pytest.mark.parametrize(
    "one", [one for one in planted(seed=1) if one.kind not in TORN], ids=lambda one: one.kind
)
def test_each_kind_of_secret_is_taken_out(one: Planted) -> None:
    lines = [line for line in one.value.splitlines() if len(line) > 5]

    knowing = redactor()
    source = knowing.source(one.source)
    shown = knowing.text(f"it is {one.value} and {json.dumps({'a': one.value})}")

    assert not [line for line in lines if line in source or line in shown]
    if one.kind not in NAMED:
        # The text alone tells, without the cell that it came from.
        assert not [line for line in lines if line in redactor().text(f"say {one.source} now")]


def test_redacted_python_is_python() -> None:
    for one in planted(seed=2):
        if one.source.startswith(("%", "!")):
            continue
        compile(redactor().source(one.source), one.kind, "exec")


@pytest.mark.parametrize("line", STAYS)
def test_what_is_no_secret_stays(line: str) -> None:
    assert redactor().text(line) == line
    assert redactor().source(line) == line
    assert redactor().value({"a": [line]}) == {"a": [line]}


def test_what_is_no_secret_stays_among_others() -> None:
    text = "\n".join(STAYS)

    assert redactor().text(text) == text
    assert redactor().source(text) == text


COMPOSED = [
    "password = f'CANARYff11x9'",
    "password = f'{user}-CANARYff11x9{1 + 1}' 'CANARYgg'",
    "password = f\"{'CANARYff11x9'}\"",
    "api_key = os.getenv('API_KEY', default='CANARYbb11x9')",
    "connect(os.getenv('API_KEY', default='CANARYbb11x9'))",
    "password = os.environ.get('NOPE', 'CANARYha11x9')",
    "password: str = Field(default='CANARYha11x9')",
    "db_password = 'abc1' + 'CANARYxx11x9' * 1",
    "db_password = 'a1b' + 'b2c' + 'c3d' + 'd4e' + 'e5f' + x + 'CANARYxx11x9'",
    "pw = '-'.join(['CANARYaa11', 'CANARYbb22'])",
    "password = '%s-%s' % ('CANARYaa11','CANARYbb22')",
    "password = '{}-{n}'.format('CANARYaa11', n='CANARYbb22')",
    "password = b'CANARY11x9'.decode()",
    "password = 'CANARYa CANARYb'.replace(' ', '')",
    "password = 'CANARYa,CANARYb'.split(',')[0]",
    "password += 'CANARY11x9'",
    "password+='CANARY11x9'",
]


@pytest.mark.parametrize("source", COMPOSED)
def test_every_literal_that_a_secret_is_made_of_is_taken_out(source: str) -> None:
    redacted_source = redactor().source(source)

    assert "CANARY" not in redacted_source
    compile(redacted_source, "cell", "exec")
    assert redactor().source(redacted_source) == redacted_source


@pytest.mark.parametrize(
    "source",
    [
        "password = os.environ['DB_PASSWORD']",
        "password = os.environ.get('DB_PASSWORD', '')",
        "password = os.getenv('NOT_THE_VALUE_1234', default=None)",
        "password = getpass('Your key 12345678: ').strip()",
        "password = input('Say it, 12345678: ')",
        "password = config.get('database', 'db_password')",
        "password = Path('run/secrets/one').read_text().strip().replace('value: ', '')",
        "password = f'{user}:{other}'",
        "password = '%s-%s' % (user, other)",
        "password = '{}:{}'.format(user, other)",
        "password = 'x' * 1024",
        "credentials = Path(home) / 'google.json'",
        "credentials = os.path.join(home, 'google.json')",
        "api_key = f'Bearer {given}'",
        "h = {'Authorization': f'Bearer {given}'}",
        "h = {'Authorization': 'Basic ' + given, 'Proxy-Authorization': 'Bearer {}'.format(given)}",
        "h = dict(Authorization='Basic %s' % given)",
        "h = {'Authorization': 'Bearer <token>', 'authorization': 'Negotiate'}",
        "authorization_url = 'anna-4711-bert'",
    ],
)
def test_names_prompts_and_paths_beside_a_secret_stay(source: str) -> None:
    assert redactor().source(source) == source


def test_equal_secrets_leave_equal_marks_and_other_keys_other_ones() -> None:
    first, again = (redactor().named("password", "hunter22x") for _ in range(2))

    assert first == again
    assert is_redacted(first)
    assert first != redactor().named("password", "hunter23x")
    assert first != Redactor(b"o" * 32).named("password", "hunter22x")
    assert digest_of("[redacted " + first["redacted"] + "]") == first["redacted"]


def test_redacting_twice_changes_nothing() -> None:
    for one in planted(seed=3):
        source = redactor().source(one.source)

        assert redactor().source(source) == source, one.kind
        # As a text, `user, pwd = "bob", …` says that the password is bob.
        assert one.kind == "tuple" or redactor().text(source) == source, one.kind


def test_values_are_redacted_by_the_names_that_they_stand_under() -> None:
    value = {"host": "h", "auth_token": "abcdefgh", "tokens": ["a", "b"], "n": {"pwd": "xyz99"}}

    kept = redactor().value(value)

    assert kept["host"] == "h"
    assert kept["tokens"] == ["a", "b"]
    assert is_redacted(kept["auth_token"])
    assert is_redacted(kept["n"]["pwd"])


def test_without_a_secret_it_is_the_very_same_object() -> None:
    value = {"a": [1.5, "text", None, {"b": "more text"}], "tokens": ["x"]}

    assert redactor().value(value) is value


def test_what_is_nested_too_deeply_to_look_into_is_redacted_whole() -> None:
    value: object = {"password": "hunter22x"}
    for _ in range(300):
        value = [value]

    assert "hunter22x" not in json.dumps(redactor().value(value))


def test_a_value_that_was_learned_is_found_in_every_form() -> None:
    knowing = redactor()
    secret = 'p@ss "word\\7&'
    knowing.source(f"password = {secret!r}")
    forms = [secret, repr(secret), json.dumps(secret), "p%40ss%20%22word%5C7%26"]
    forms += ["p@ss &quot;word\\7&amp;", json.dumps(json.dumps(secret))]

    for form in forms:
        assert "word" not in knowing.text(f"shown: {form} end"), form


def test_a_value_in_another_encoding_is_found_as_it_is_shown() -> None:
    one = redactor()
    content = "pässwörd-4711".encode("latin-1")
    one.learn([os.fsdecode(content)])
    for shown in (
        os.fsdecode(content), repr(content), content.decode("latin-1"),
        content.decode(errors="replace"), quote(content), repr(os.fsdecode(content)),
    ):  # fmt: skip
        assert "4711" not in one.text(f"it is {shown}!"), shown
    one.learn(["half \ud800 of a character 0815"])
    assert "0815" not in one.text("half \ud800 of a character 0815")


@pytest.mark.parametrize(
    "source",
    [
        'os.environb[b"DB_PASSWORD"] = b"opqr-4711-stuv"',
        'conf = {b"password": b"opqr-4711-stuv"}',
        'os.putenv(b"DB_PASSWORD", b"opqr-4711-stuv")',
        'key = os.environb.get(b"DB_PASSWORD", b"opqr-4711-stuv")',
    ],
)
def test_names_in_bytes_mean_what_they_say(source: str) -> None:
    assert "4711" not in redactor().source(source)


def test_common_and_short_values_shred_no_text() -> None:
    knowing = redactor()

    source = knowing.source('password = "test"\nsecret_key = "password"\napi_key = "elephant"')

    assert "test" not in source
    assert "elephant" not in source
    text = "a test of the elephant password"
    assert knowing.text(text) == text


def test_names_may_be_added_and_taken_back() -> None:
    own = Redactor(KEY, Names(secret=["matrikel"], not_secret=["password"]))

    assert is_redacted(own.named("matrikel", "abcdef"))
    assert "abcdef" not in own.source('Matrikel = "abcdef"')
    assert own.named("password", "hunter22x") == "hunter22x"
    assert own.source('password = "hunter22x"') == 'password = "hunter22x"'


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "home"
    before = os.umask(0)
    try:
        with ThreadPoolExecutor(8) as pool:
            keys = set(pool.map(lambda _: key_of(home), range(32)))
    finally:
        os.umask(before)

    assert len(keys) == 1
    assert len(keys.pop()) == 32
    assert stat.S_IMODE((home / "redaction.key").stat().st_mode) == 0o600
    assert os.listdir(home) == ["redaction.key"]


def test_a_damaged_key_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "redaction.key").write_bytes(b"short")

    with pytest.raises(OSError, match="is not a key"):
        key_of(tmp_path)


def test_pictures_stay_byte_for_byte() -> None:
    knowing = redactor()
    knowing.learn(["AKIAIOSFODNN7"])
    picture = "iVBORw0KGgo" + "AKIAIOSFODNN7" * 20
    output = {"output_type": "display_data", "data": {"image/png": picture, "text/plain": "x"}}

    assert content(knowing, output) is output


def test_a_document_without_secrets_stays_byte_for_byte() -> None:
    lines = [line + "\n" for line in STAYS]
    document = json.dumps({"cells": [{"cell_type": "code", "source": lines, "outputs": []}]})

    assert redacted(redactor(), document.encode()) == document.encode()


def test_what_papermill_writes_into_a_document_is_redacted() -> None:
    document = {
        "cells": [{"cell_type": "code", "source": ["db_password = 'hunter22x'\n", "x = 1"]}],
        "metadata": {"papermill": {"parameters": {"db_password": "hunter22x", "lr": 0.1}}},
    }

    kept = json.loads(redacted(redactor(), json.dumps(document).encode()))

    assert is_redacted(kept["metadata"]["papermill"]["parameters"]["db_password"])
    assert kept["metadata"]["papermill"]["parameters"]["lr"] == 0.1
    assert "hunter22x" not in json.dumps(kept)


def test_values_go_through_the_pipe_and_nowhere_else(tmp_path: Path) -> None:
    hearer = Hearer(tmp_path)
    teller = Teller(hearer.path, "kernel-1")
    many = [f"secret-{number}-" + "x" * 100 for number in range(2000)]

    teller.tell(many)
    heard = hearer.hear()
    teller.tell([])
    heard += hearer.hear()
    while len(heard) < len(many):
        teller.tell([])
        heard += hearer.hear()

    assert heard == [("kernel-1", "value", value) for value in many]
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o600
    hearer.close()
    teller.tell(["after the end"])
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("path", "secret"),
    [
        ("/home/a/work/.env", True),
        ("/home/a/work/.env.local", True),
        ("/home/a/.aws/credentials", True),
        ("/home/a/.ssh/id_ed25519", True),
        ("server.pem", True),
        ("client_secret_12.json", True),
        ("C:\\\\work\\\\credentials.json", True),
        ("secrets.toml", True),
        ("data/train.csv", False),
        ("data/tokens.csv", False),
        ("environment.yml", False),
        ("monkey.csv", False),
        ("credit.csv", False),
    ],
)
def test_files_that_are_kept_for_secrets_are_known_by_name(path: str, secret: bool) -> None:
    assert holds_secrets(path) is secret


HOSTILE = [
    "token=",
    '"password": "',
    "password:",
    "password='\\",
    "://a:",
    "eyJ-",
    "eyJaaaaaaaaaaaaaa.",
    "-----BEGIN PRIVATE KEY-----",
    "sk-",
    "ghp_",
    "/services/AAAAAAAAAAAAAA",
    "SG.AAAAAAAAAAAAAAAA.",
    "cookie:",
    "?sig=",
    "900101-1234567 ",
    "password" + "\x1b[0m" * 200,
    "password" + " " * 1000,
    "İ token=",
    "some_long_snake_case_name ",
    "%env a ",
]


@pytest.mark.parametrize("piece", HOSTILE, ids=lambda piece: piece[:12].strip())
def test_no_text_costs_more_than_its_length(piece: str) -> None:
    def cost(length: int) -> float:
        text = (piece * (length // len(piece) + 1))[:length]
        best = float("inf")
        for _ in range(3):
            knowing = redactor()
            began = time.process_time()
            knowing.text(text)
            knowing.source(text)
            best = min(best, time.process_time() - began)
        return best

    # Eight times the text: a quadratic rule would take 64 times as long.
    assert cost(160_000) < 24 * cost(20_000) + 0.05


def test_a_mark_is_a_mark_only_with_a_whole_digest() -> None:
    assert digest_of({"redacted": "hmac-sha256:my real password"}) is None
    assert digest_of({"redacted": "hmac-sha256:" + "0" * 64}) is not None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_whoever_listens_may_go_while_a_value_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hearer = Hearer(tmp_path)
    teller = Teller(hearer.path, "k")
    really = os.open

    def goes(*arguments: Any, **named: Any) -> int:
        descriptor = really(*arguments, **named)
        if "dir_fd" in named:  # the pipe itself, after its folder
            hearer.close()
        return descriptor

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", goes)
        teller.tell(["a-secret-value-1"])

    assert teller.waiting

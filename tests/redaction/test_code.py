"""What is taken out of sources for what stands in their syntax."""

from __future__ import annotations

import time

import pytest

from jupyter_mlops.redaction import Names, Redactor, is_redacted
from tests.redaction.made import ALNUM, Maker


def redactor() -> Redactor:
    """Return one with a memory of its own."""
    return Redactor(b"k" * 32, Names())


HEADERS = [
    "h = {'Authorization': 'Basic CANARY16pdw=='}",
    "h = {b'Authorization': b'Basic CANARY16pdw=='}",
    "h = dict(Authorization='Basic CANARY16pdw==')",
    "h['Proxy-Authorization'] = 'CANARY16pdw=='",
    "request.add_header('Authorization', 'Basic CANARY16pdw==')",
    "h = [('Authorization', 'Basic CANARY16pdw==')]",
    "h = {'Authorization': 'Digest username=\"anna\", response=\"CANARY16pdw\"'}",
    "h = {'Authorization': 'Basic %s' % 'CANARY16pdw=='}",
]


@pytest.mark.parametrize("source", HEADERS)
def test_what_a_request_proves_itself_with_is_taken_out(source: str) -> None:
    knowing = redactor()
    kept = knowing.source(source)

    assert "CANARY" not in kept
    assert redactor().source(kept) == kept
    if "%" not in source:
        assert "CANARY" not in (shown := redactor().text(source))
        assert redactor().text(shown) == shown
    # Also alone, without the word that says how.
    assert "CANARY" not in knowing.text("it is CANARY16pdw==") or "Digest" in source
    value = {"Authorization": "Basic CANARY16pdw==", "accept": "*/*"}
    assert redactor().value(value)["accept"] == "*/*"
    assert is_redacted(redactor().value(value)["Authorization"])


BODY = Maker(5).of(ALNUM, 36)
PUT_TOGETHER = [
    f"gh = 'ghp_' + '{BODY}'",
    f"gh = ('ghp_'\n    '{BODY}')",
    f"gh = b'ghp_' + b'{BODY}'",
    f"gh = 'gh' + \\\n  ('p_' + '{BODY}')",
    f"f(x + 'say ghp_{BODY[:9]}' + '{BODY[9:20]}' + '{BODY[20:]}' + ' now' + y)",
    "gh = 'ghp_' + " + " + ".join(f"'{BODY[at : at + 6]}'" for at in range(0, 36, 6)),
]


@pytest.mark.parametrize("source", PUT_TOGETHER)
def test_what_has_a_shape_only_when_put_together_is_taken_out(source: str) -> None:
    knowing = redactor()
    kept = knowing.source(source)

    assert not [at for at in range(0, 36, 6) if BODY[at : at + 6] in kept]
    compile(kept, "cell", "exec")
    assert redactor().source(kept) == kept
    # A traceback shows a line of the source, and is no source.
    assert BODY not in knowing.text(f"----> 1 {source}") + knowing.text(f"it is ghp_{BODY}")


def test_it_is_put_back() -> None:
    source = f"gh = 'ghp_' + '{BODY[:18]}' + '{BODY[18:]}'"
    collecting, removed = redactor().collecting()
    kept = collecting.source(source)

    assert BODY[:18] not in kept
    assert {BODY[:18], BODY[18:]} <= set(removed.values())


@pytest.mark.parametrize(
    "source",
    [
        f"gh = 'ghp_' + x + '{BODY}'",
        f"gh = ['ghp_', '{BODY}']",
        "name = 'sk-' + 'learn' + '-intelex' + ' and ' + 'gradient_boosting_classifier_2'",
        "x = '' + \"\" + 'ghp_' ' '",
    ],
)
def test_what_makes_no_shape_stays(source: str) -> None:
    assert redactor().source(source) == source


def test_long_sums_take_time_by_their_length() -> None:
    def seconds(count: int) -> float:
        source = "f(" + "'ab1' + 'cd2' + x + " * count + f"'ghp_' + '{BODY}')"
        began = time.process_time()
        assert BODY not in redactor().source(source)
        return time.process_time() - began

    seconds(100)
    assert min(seconds(1_600) for _ in range(3)) < 16 * min(seconds(200) for _ in range(3)) + 0.05


GIVEN = [
    "args = parser.parse_args(['--password', 'CANARY'])",
    "subprocess.run(['mysql', '--password', 'CANARY'])",
    "create_subprocess_exec('mysql', '--password', 'CANARY')",
    "secret_key = Path('CANARY')",
    "connect('h', password=Password(value='CANARY'))",
    "password = codecs.decode('CANARY', 'rot13')",
    "password = str.join('', ['CANARY', 'CANARY'])",
    "passwords = dict(a='CANARY')",
    "password = lambda: 'CANARY'",
]


@pytest.mark.parametrize("source", GIVEN)
def test_secrets_that_calls_and_commands_are_given_are_taken_out(source: str) -> None:
    kept = redactor().source(source)

    assert "CANARY" not in kept
    compile(kept, "cell", "exec")
    assert redactor().source(kept) == kept


@pytest.mark.parametrize(
    "source",
    [
        "credentials = Path('google.json')",
        "api_key = Column('API_KEY', 30)",
        "token = Tokenizer('bert-base-2024-12')",
        "parser.add_argument('--password', '-p')",
        "words = ['--verbose', 'CANARY', '--password', '--user', 'bob']",
        "docker = ['docker', 'run', '-p', '8080:80']",
    ],
)
def test_places_fields_and_other_options_stay(source: str) -> None:
    assert redactor().source(source) == source

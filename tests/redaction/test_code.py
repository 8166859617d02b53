"""What is taken out of sources for what stands in their syntax."""

from __future__ import annotations

import pytest

from jupyter_mlops.redaction import Names, Redactor, is_redacted


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

"""Whose name a record gets."""

from __future__ import annotations

from typing import Any

import pytest
from jupyter_server.auth import IdentityProvider, User

from jupyter_mlops.server.identity import hub_user, name_of, user_of
from jupyter_mlops.settings import Settings, system_user
from tests.server.served import lines, until


class Named(IdentityProvider):
    """Knows everybody who has the token as Ada."""

    def generate_anonymous_user(self, handler: Any) -> User:
        return User("ada", "Ada Lovelace")


@pytest.mark.parametrize(
    ("user", "name"),
    [
        (User("ada", "Ada Lovelace"), "ada"),
        (User("0" * 32, "Anonymous Io"), None),
        (User("0" * 32, "A person whose name is a digest"), "0" * 32),
        (User("Anonymous", "Anonymous"), "Anonymous"),
        (None, None),
    ],
)
def test_name(user: User | None, name: str | None) -> None:
    assert name_of(user) == name
    assert user_of(user) == (name or system_user())


def test_hub() -> None:
    assert hub_user({"JUPYTERHUB_USER": "ada"}) == "ada"
    assert hub_user({}) is None


async def test_who_started_a_kernel(start: Any, home: Settings) -> None:
    await (await start()).execute("1")
    (told,) = await until(lambda: lines(home, "notebook_told"))
    assert told["user"] is None, "the token alone names nobody"


class TestNamed:
    """A server with an identity provider of its own."""

    @pytest.fixture
    def jp_server_config(self, jp_server_config: Any) -> Any:
        jp_server_config.ServerApp.identity_provider_class = Named
        return jp_server_config

    async def test_who_started_a_kernel(self, start: Any, home: Settings) -> None:
        await (await start()).execute("1")
        (told,) = await until(lambda: lines(home, "notebook_told"))
        assert told["user"] == "ada"

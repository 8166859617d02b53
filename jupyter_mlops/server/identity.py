"""Who acts, by Jupyter's own identity.

What is believed, and why:

* the user whom the server's identity provider authenticated for the request that started a
  kernel or a reproduction: a JupyterHub name, a name from a provider of one's own;
* not the ``username`` in a kernel message's header: JupyterLab leaves it empty, and any client
  may write there what it likes;
* not the *Anonymous …* that Jupyter makes up for each browser that knows the token: it names
  nobody, so the operating system's user stands, under whom the server runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jupyter_mlops.settings import system_user

# jupyter_server.auth.IdentityProvider.generate_anonymous_user: a uuid4 in hex, and a moon.
_MADE_UP = re.compile(r"[0-9a-f]{32}")
_MADE_UP_NAME = "Anonymous "


def name_of(user: Any) -> str | None:
    """Return the name that Jupyter authenticated, ``None`` where it knows none."""
    username = str(getattr(user, "username", "") or "")
    if not username:
        return None
    if _MADE_UP.fullmatch(username) and str(user.name).startswith(_MADE_UP_NAME):
        return None
    return username


def user_of(user: Any) -> str:
    """Return the name to record for what `user` starts on this server."""
    return name_of(user) or system_user()


def hub_user(environ: Mapping[str, str]) -> str | None:
    """Return the name under which a JupyterHub started this server, if one did."""
    return environ.get("JUPYTERHUB_USER") or None

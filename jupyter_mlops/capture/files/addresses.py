"""The addresses that a cell fetches from, without the secrets in them."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

from jupyter_mlops.events import NotSeen
from jupyter_mlops.records import DataUse


class Addresses:
    """Collects them; falsy as long as there is none."""

    def __init__(self) -> None:
        self._addresses: dict[str, None] = {}
        self._hosts: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._addresses or self._hosts)

    def request(self, url: str) -> None:
        """Note that an address is about to be fetched; credentials and query are left out."""
        parts = urlsplit(url)
        if parts.scheme in ("data", "file"):
            return
        host = parts.hostname or ""
        self._hosts.add(host)
        if parts.port:
            host = f"{host}:{parts.port}"
        self._addresses[urlunsplit((parts.scheme, host, parts.path, "", ""))] = None

    def reach(self, host: str, port: object) -> None:
        """Note a connection to a web server of which no more is known."""
        if host not in self._hosts:
            self._hosts.add(host)
            scheme = "https" if port == 443 else "http"
            named = host if port in (80, 443) else f"{host}:{port}"
            self._addresses[f"{scheme}://{named}/"] = None

    def uses(self) -> Iterator[tuple[DataUse, NotSeen]]:
        """Say of each that it was used, and that its content was not seen."""
        for address in self._addresses:
            use = DataUse("url", None, address, "read", None, None, complete=False)
            yield use, NotSeen(address, "its content is not fingerprinted")

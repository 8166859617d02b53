"""Ports for the servers of the tests."""

from __future__ import annotations

import random
import socket

# Below those that Linux gives to connections: none of them takes the port before its server.
_PORTS = range(20_000, 32_000)


def free_port() -> int:
    """Return a port of 127.0.0.1 at which nobody listens."""
    for port in random.sample(_PORTS, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:  # somebody listens there: the next one
                continue
            return port
    raise OSError("no port is free")

"""Whether a port on this machine accepts connections."""

import socket

HOST = "127.0.0.1"
TIMEOUT_SECONDS = 1.0


def accepts(port: int) -> bool:
    """Whether something listens on the port; on loopback the answer is there at once."""
    try:
        with socket.create_connection((HOST, port), TIMEOUT_SECONDS) as probe:
            return bool(probe.getsockname() != probe.getpeername())  # a free port can, rarely, connect to itself
    except OSError:
        return False

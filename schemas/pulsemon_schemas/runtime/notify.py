"""Tells whoever started this process that it is ready: the protocol of systemd's sd_notify."""

import contextlib
import os
import socket
import time
from collections.abc import Mapping

SOCKET_VARIABLE = "NOTIFY_SOCKET"
WATCHDOG_VARIABLE = "WATCHDOG_USEC"
WATCHDOG_PID_VARIABLE = "WATCHDOG_PID"
USEC_PER_SECOND = 1_000_000


def ready(environ: Mapping[str, str]) -> None:
    """Sends ``READY=1`` to the socket named in the environment; nothing happens if none is named."""
    _send(environ, b"READY=1")


def stopping(environ: Mapping[str, str]) -> None:
    """Sends ``STOPPING=1``: a drain has begun, which may take a while."""
    _send(environ, b"STOPPING=1")


def status(environ: Mapping[str, str], text: str) -> None:
    """Sends what this process is doing, as one line for people."""
    _send(environ, f"STATUS={text}".encode())


class Heartbeat:
    """Says ``WATCHDOG=1`` when ``beat`` is called, twice within the time after which the starter takes us for hung.

    Nothing happens where no such time is in the environment, or where it is another process's. What cannot be sent is
    left: whoever started us may be gone.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        pid, limit = environ.get(WATCHDOG_PID_VARIABLE, ""), environ.get(WATCHDOG_VARIABLE, "")
        is_meant = limit.isdigit() and pid in ("", str(os.getpid()))
        self._every_seconds = int(limit) / USEC_PER_SECOND / 2 if is_meant else 0.0
        self._due = 0.0

    def beat(self) -> None:
        """To be called again and again; costs a look at the clock."""
        if not self._every_seconds or (now := time.monotonic()) < self._due:
            return
        self._due = now + self._every_seconds
        with contextlib.suppress(OSError):
            _send(self._environ, b"WATCHDOG=1")


def _send(environ: Mapping[str, str], message: bytes) -> None:
    address = environ.get(SOCKET_VARIABLE)
    if not address:
        return
    if address.startswith("@"):  # Linux's abstract namespace
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as client:
        client.sendto(message, address)

"""Tells whoever started this process that it is ready: the protocol of systemd's sd_notify."""

import socket
from collections.abc import Mapping

SOCKET_VARIABLE = "NOTIFY_SOCKET"


def ready(environ: Mapping[str, str]) -> None:
    """Sends ``READY=1`` to the socket named in the environment; nothing happens if none is named."""
    _send(environ, b"READY=1")


def stopping(environ: Mapping[str, str]) -> None:
    """Sends ``STOPPING=1``: a drain has begun, which may take a while."""
    _send(environ, b"STOPPING=1")


def status(environ: Mapping[str, str], text: str) -> None:
    """Sends what this process is doing, as one line for people."""
    _send(environ, f"STATUS={text}".encode())


def _send(environ: Mapping[str, str], message: bytes) -> None:
    address = environ.get(SOCKET_VARIABLE)
    if not address:
        return
    if address.startswith("@"):  # Linux's abstract namespace
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as client:
        client.sendto(message, address)

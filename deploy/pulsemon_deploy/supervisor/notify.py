"""The receiving end of readiness: one datagram socket for each start of a role, as sd_notify has it."""

import os
import secrets
import socket
import struct
from dataclasses import dataclass

READY = b"READY=1"
ALIVE = b"WATCHDOG=1"
STATUS = b"STATUS="
MESSAGE_BYTES = 4096
_CREDENTIALS = struct.Struct("3i")


@dataclass(frozen=True, slots=True)
class Notice:
    """What a process said of itself; ``status`` is a line for people, "" if it sent none."""

    is_ready: bool
    status: str
    is_alive: bool = False


class NotifySocket:
    """An address that only the started process knows, in the abstract name space: no path that could be too long."""

    def __init__(self) -> None:
        self._name = f"pulsemon-{secrets.token_hex(16)}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.bind(b"\0" + self._name.encode())

    @property
    def address(self) -> str:
        """The value of ``NOTIFY_SOCKET``; ``@`` stands for the abstract name space."""
        return f"@{self._name}"

    def fileno(self) -> int:
        """Readable when a message waits."""
        return self._socket.fileno()

    def read(self) -> Notice:
        """The waiting messages of this user, taken together."""
        is_ready, is_alive, status = False, False, ""
        while True:
            try:
                message, ancillary, _, _ = self._socket.recvmsg(MESSAGE_BYTES, socket.CMSG_SPACE(_CREDENTIALS.size))
            except BlockingIOError:
                return Notice(is_ready, status, is_alive)
            for line in message.split(b"\n") if _is_from_this_user(ancillary) else ():
                is_ready = is_ready or line == READY
                is_alive = is_alive or line == ALIVE
                if line.startswith(STATUS):
                    status = line.removeprefix(STATUS).decode(errors="replace")

    def close(self) -> None:
        """Ends the address."""
        self._socket.close()


def _is_from_this_user(ancillary: list[tuple[int, int, bytes]]) -> bool:
    """Other users can see abstract addresses, and could write to them."""
    return any(
        kind == socket.SCM_CREDENTIALS and _CREDENTIALS.unpack(data[: _CREDENTIALS.size])[1] == os.getuid()
        for _, kind, data in ancillary
    )

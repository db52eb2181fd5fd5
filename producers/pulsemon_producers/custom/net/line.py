"""A connection whose every step ends at one deadline, however slowly the other side drips."""

import io
import socket
import time
from typing import Any


class Line:
    """A connected socket, as much of one as http.client asks for. Raises TimeoutError once ``until`` has passed."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self.sock = sock
        self._until = until

    def arm(self) -> None:
        """Gives the next operation what is left of the time. Raises TimeoutError if nothing is."""
        self.sock.settimeout(remaining(self._until))

    def sendall(self, data: Any) -> None:
        """Sends all of it."""
        self.arm()
        self.sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:  # noqa: ARG002 - http.client reads bytes alone
        """What comes from the other side."""
        return io.BufferedReader(_Incoming(self))

    def close(self) -> None:
        """Does nothing: http.client closes before it has read the answer, for it counts on what ``makefile`` keeps."""

    def hang_up(self) -> None:
        """Ends the connection."""
        self.sock.close()


class _Incoming(io.RawIOBase):
    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        self._line.arm()
        return self._line.sock.recv_into(buffer)


def remaining(until: float) -> float:
    """Seconds to the deadline, on the monotonic clock. Raises TimeoutError if it has passed."""
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("timed out")
    return seconds

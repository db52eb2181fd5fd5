"""A name that one process alone can hold, among all that share a network, whatever files they see.

That are all processes of a host: of several users, with temporary folders of their own, and in containers with the
network of the host. The system takes it back however the process ends.
"""

import _socket  # gevent leaves this one alone
import errno
import hashlib

NOTHING = -1
"""The descriptor of a claim where the system has no such names."""
PREFIX = b"\0pulsemon."
NAME_BYTES = 16


def claim(*parts: str) -> int:
    """The descriptor that holds the name made of these parts until it is closed. BlockingIOError if another has it."""
    name = PREFIX + hashlib.sha256("\0".join(parts).encode()).hexdigest()[: 2 * NAME_BYTES].encode()
    try:
        holder = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    except OSError:
        return NOTHING
    try:
        holder.bind(name)
    except OSError as error:
        holder.close()
        if error.errno == errno.EADDRINUSE:
            raise BlockingIOError(error.errno, error.strerror) from error
        return NOTHING
    return holder.detach()

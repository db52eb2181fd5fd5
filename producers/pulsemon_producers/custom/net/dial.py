"""Connecting: the name, the address, the handshake, each timed."""

import errno
import functools
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pulsemon_producers.collectors.probe import Probe
from pulsemon_producers.custom.net.line import Line, remaining

Phase = Literal["resolve", "connect", "tls", "wait", "transfer"]
MAX_CONTEXTS = 16
Address = tuple[socket.AddressFamily, tuple[Any, ...]]


class DialError(Exception):
    """Why a connection or an answer did not come about. ``reason`` is a value of the label of ``probe.failures``."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(reason, detail)

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


@dataclass(slots=True)
class Timing:
    """How long each phase took, and until when all of them must be through, on the monotonic clock."""

    until: float
    seconds: dict[Phase, float] = field(default_factory=dict)

    @classmethod
    def of(cls, timeout_seconds: float) -> "Timing":
        """A deadline from now on."""
        return cls(time.monotonic() + timeout_seconds)

    @contextmanager
    def phase(self, name: Phase) -> Iterator[None]:
        """Times what is done inside; what fails there has its reason from here."""
        begun = time.monotonic()
        try:
            yield
        except TimeoutError:
            raise DialError("timeout", f"no end of the phase {name} in time") from None
        except ssl.SSLError as error:
            raise DialError("tls", _tls_cause(error)) from error
        except OSError as error:
            reason = name if name in ("resolve", "connect", "tls") else "protocol"
            raise DialError(reason, error.strerror or str(error)) from error
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - begun


class Dialler:
    """Connects to one host and port. Not thread-safe.

    The system's resolver cannot be given a deadline, so it is asked on a thread to spare.
    """

    def __init__(self, host: str, port: int, timeout_seconds: float) -> None:
        self._host = host
        self._port = port
        self._names: Probe[list[Address]] = Probe(self._resolve, timeout_seconds)

    def dial(self, timing: Timing) -> Line:
        """A connection to the first address that takes one. Raises DialError."""
        with timing.phase("resolve"):
            addresses = self._numeric() or self._names.ask(self._host)
            if addresses is None:
                raise OSError(errno.EHOSTUNREACH, f"the name {self._host} leads to no address, or not in time")
        with timing.phase("connect"):
            return Line(_connect(addresses, timing.until), timing.until)

    def close(self) -> None:
        """Ends the thread."""
        self._names.close()

    def _numeric(self) -> list[Address]:
        """The address if the host is one, which costs no thread; [] for a name."""
        try:
            return self._resolve(self._host, socket.AI_NUMERICHOST)
        except socket.gaierror:
            return []

    def _resolve(self, host: str, flags: int = 0) -> list[Address]:
        # as text it would be encoded by a codec whose import takes longer than most answers
        name = host.encode() if host.isascii() else host
        found = socket.getaddrinfo(name, self._port, type=socket.SOCK_STREAM, flags=flags)
        return [(family, address) for family, _, _, _, address in found]


@functools.lru_cache(maxsize=MAX_CONTEXTS)
def make_context(verify: bool, ca_file: Path | None) -> ssl.SSLContext:
    """What the other side must prove. Raises OSError for a file without authorities.

    Targets that trust the same authorities share one: the system's take more than a megabyte.
    """
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def encrypt(line: Line, context: ssl.SSLContext, host: str, timing: Timing) -> bytes:
    """Makes the handshake on the line; returns the other side's certificate (DER). Raises DialError."""
    with timing.phase("tls"):
        line.arm()
        wrapped = context.wrap_socket(line.sock, server_hostname=host, do_handshake_on_connect=False)
        line.sock = wrapped
        line.arm()
        wrapped.do_handshake()
        return wrapped.getpeercert(binary_form=True) or b""


def _connect(addresses: list[Address], until: float) -> socket.socket:
    """Tries one after the other, each with its share of the time. Raises the last one's OSError."""
    failure: OSError = OSError(errno.EHOSTUNREACH, "the name leads to no address")
    for number, (family, address) in enumerate(addresses):
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(remaining(until) / (len(addresses) - number))
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure


def _tls_cause(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted ({error.verify_message})"
    return (error.reason or str(error)).lower().replace("_", " ")

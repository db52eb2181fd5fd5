"""Accepts clients of both ports, one thread each, at most so many at once."""

import logging
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from pulsemon_deploy.clickhouse.settings import is_loopback

log = logging.getLogger(__name__)

BACKLOG = 128
CLOSING_SECONDS = 1.0
REFUSING_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Port:
    """What happens to clients of one port. ``refuse`` tells one that there are too many, in its own protocol."""

    name: str
    number: int
    serve: Callable[[socket.socket], None]
    refuse: Callable[[socket.socket], None]


class Listener:
    """Listens on ports of one loopback address. OSError, with the port in it, if one is taken."""

    def __init__(self, host: str, ports: tuple[Port, ...], limit: int) -> None:
        self._limit = limit
        self._clients: dict[threading.Thread, socket.socket] = {}
        self._lock = threading.Lock()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC)
        self._listening: Mapping[int, tuple[socket.socket, Port]] = _listen(host, ports)
        self._thread = threading.Thread(target=self._run, name="clickhouse-listener", daemon=True)

    def start(self) -> None:
        """Begins to accept."""
        self._thread.start()

    def stop_accepting(self) -> None:
        """Closes the ports. Clients that are connected stay."""
        os.eventfd_write(self._wake, 1)
        self._thread.join()
        os.close(self._wake)
        for listening, _ in self._listening.values():
            listening.close()

    def finish(self, timeout_seconds: float) -> bool:
        """Lets running statements end and closes their connections; False if some did not end in time.

        Clients see the end of the stream once what they asked for was answered; nothing they send later is read.
        """
        with self._lock:
            clients = dict(self._clients)
        for client in clients.values():
            _close_input(client)
        deadline = time.monotonic() + timeout_seconds
        for thread in clients:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in clients)

    def cut(self) -> None:
        """Ends the connections that are left, whatever they do."""
        with self._lock:
            for client in self._clients.values():
                with suppress(OSError):  # it has left
                    client.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        for number in self._listening:
            poll.register(number, select.POLLIN)
        while True:
            for number, _ in poll.poll():
                if number == self._wake:
                    return
                self._accept(*self._listening[number])

    def _accept(self, listening: socket.socket, port: Port) -> None:
        try:
            client, address = listening.accept()
        except OSError:
            return  # it left before we came
        if not is_loopback(address[0]):
            log.warning("a client from %s was refused: only this machine may connect", address[0])
            client.close()
            return
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self._begin(client, port):
            log.warning("more than %s clients: one on port %s was refused", self._limit, port.number)
            _refuse(client, port)

    def _begin(self, client: socket.socket, port: Port) -> bool:
        """Starts the client's thread; False if there is no room for one."""
        thread = threading.Thread(target=self._serve, args=(client, port), name=f"clickhouse-{port.name}", daemon=True)
        with self._lock:
            if len(self._clients) >= self._limit:
                return False
            self._clients[thread] = client
        try:
            thread.start()
        except RuntimeError:  # the system has no thread left
            with self._lock:
                del self._clients[thread]
            return False
        return True

    def _serve(self, client: socket.socket, port: Port) -> None:
        try:
            port.serve(client)
        except Exception:
            log.exception("a client of the %s port was dropped", port.name)
        finally:
            close_gently(client, CLOSING_SECONDS)
            with self._lock:
                del self._clients[threading.current_thread()]


def _listen(host: str, ports: tuple[Port, ...]) -> dict[int, tuple[socket.socket, Port]]:
    opened: dict[int, tuple[socket.socket, Port]] = {}
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        for port in ports:
            listening = socket.create_server((host, port.number), family=family, backlog=BACKLOG)
            listening.setblocking(False)
            opened[listening.fileno()] = (listening, port)
    except OSError:
        for listening, _ in opened.values():
            listening.close()
        raise
    return opened


def _close_input(client: socket.socket) -> None:
    with suppress(OSError):  # it has left
        client.shutdown(socket.SHUT_RD)


def _refuse(client: socket.socket, port: Port) -> None:
    try:
        client.settimeout(REFUSING_SECONDS)
        port.refuse(client)
    except OSError:
        log.debug("a client left before it could be told why it was refused")
    close_gently(client, REFUSING_SECONDS)


def close_gently(client: socket.socket, timeout_seconds: float) -> None:
    """Closes a connection so that what was sent last arrives: unread input would turn the end into a reset."""
    deadline = time.monotonic() + timeout_seconds
    try:
        client.shutdown(socket.SHUT_WR)
        while (left := deadline - time.monotonic()) > 0:
            client.settimeout(left)
            if not client.recv(1 << 16):
                break
    except OSError:
        pass  # it has left, or says nothing and does not leave either
    finally:
        client.close()

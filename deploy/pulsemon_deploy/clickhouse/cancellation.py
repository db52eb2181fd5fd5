"""While a statement runs its client is watched: who cancels or hangs up has the statement killed."""

import os
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

END_OF_INPUT = b""


@dataclass(slots=True)
class Watch:
    """One running statement. ``is_cancelled`` turns true when its client gave up."""

    client: socket.socket
    token: str
    cancel_byte: bytes | None
    is_cancelled: bool = False
    is_over: bool = False
    turn: threading.Lock = field(default_factory=threading.Lock)


class Watcher:
    """One thread that sleeps in epoll until a watched client says something. ``kill`` ends the queries of a token."""

    def __init__(self, kill: Callable[[str], None]) -> None:
        self._kill = kill
        self._epoll = select.epoll()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._epoll.register(self._wake, select.EPOLLIN)
        self._watches: dict[int, Watch] = {}
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="clickhouse-watcher", daemon=True)
        self._thread.start()

    @contextmanager
    def watching(self, client: socket.socket, token: str, cancel_byte: bytes | None = None) -> Iterator[Watch]:
        """Watches the client during the body. ``cancel_byte``: what it sends to cancel, besides hanging up."""
        watch = Watch(client, token, cancel_byte)
        number = client.fileno()
        with self._lock:
            self._watches[number] = watch
            # once: bytes of a client that sends its next statement early would wake the thread again and again
            self._epoll.register(number, select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLONESHOT)
        try:
            yield watch
        finally:
            with watch.turn:  # a kill that has begun ends first: it must not hit the connection's next statement
                watch.is_over = True
            with self._lock:
                del self._watches[number]
                self._epoll.unregister(number)

    def stop(self) -> None:
        """Ends the thread: from here on running statements finish, whatever their clients do."""
        os.eventfd_write(self._wake, 1)
        self._thread.join()

    def close(self) -> None:
        """Gives the descriptors back, once nothing is watched."""
        self._epoll.close()
        os.close(self._wake)

    def _run(self) -> None:
        while True:
            for number, _ in self._epoll.poll():
                if number == self._wake:
                    return
                self._look(number)

    def _look(self, number: int) -> None:
        with self._lock:
            watch = self._watches.get(number)
        if watch is None:
            return
        with watch.turn:
            if not watch.is_over and _gave_up(watch):
                watch.is_cancelled = True
                self._kill(watch.token)


def _gave_up(watch: Watch) -> bool:
    try:
        first = watch.client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return first in (END_OF_INPUT, watch.cancel_byte)

"""Counts in greenlets under gevent's monkey patches, and prints the longest time that another greenlet had to wait."""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402 - what comes after sees the patched modules, as in a service
import threading  # noqa: E402
import time  # noqa: E402

import gevent  # noqa: E402
from support.services.shop import make_client  # noqa: E402

GREENLETS = 50
POLL_SECONDS = 0.005

client = make_client(exit_seconds=float(sys.argv[2]))
hits = client.counter("shop.hits")
gaps: list[float] = []
stops = threading.Event()


def watch() -> None:
    """Notes how late it is woken."""
    while not stops.is_set():
        begun = time.monotonic()
        gevent.sleep(POLL_SECONDS)
        gaps.append(time.monotonic() - begun - POLL_SECONDS)


def work(calls: int) -> None:
    """Counts, and lets others count in between."""
    for number in range(calls):
        hits.add()
        with client.timer("shop.work"):
            gevent.sleep(0)
        if number % 10 == 0:
            time.sleep(0.001)


watcher = gevent.spawn(watch)
gevent.joinall([gevent.spawn(work, int(sys.argv[1])) for _ in range(GREENLETS)], raise_error=True)
stops.set()
watcher.join()
print(max(gaps))

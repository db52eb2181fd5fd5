"""Calls a client and says each second how it goes: ``outage.py INTERVAL MAX_BATCHES``, until its input ends.

Each line is JSON; the last one has what was called, by what must become of it, and what was dropped. One call in a
hundred is a mistake, and one belongs to a series beyond the bounds.
"""

import json
import sys
import threading
import time

import psutil
from pulsemon import Client
from support.clients import dropped
from support.services.shop import open_transport

CALLS_A_SECOND = 1000
PAUSE_SECONDS = 0.01
MISTAKE, STRANGER, PERIOD = 17, 42, 100
END_SECONDS = 60.0

client = Client(
    "shop",
    transport=open_transport,
    flush_interval_seconds=float(sys.argv[1]),
    max_buffered_batches=int(sys.argv[2]),
    max_label_values=1,
    exit_seconds=END_SECONDS,
)
hits = client.counter("shop.hits")
called = {"hits": 0, "invalid": 0, "cardinality": 0}
readings = 0
longest_seconds = 0.0
process = psutil.Process()


def asked() -> int:
    """The number of this reading."""
    global readings
    readings += 1
    return readings


def call(number: int) -> None:
    """One call, with how long it took."""
    global longest_seconds
    kind = number % PERIOD
    begun = time.perf_counter()
    if kind == MISTAKE:
        hits.add(-1)
    elif kind == STRANGER:
        client.count("shop.users", user=str(number))
    else:
        hits.add()
    longest_seconds = max(longest_seconds, time.perf_counter() - begun)
    called["invalid" if kind == MISTAKE else "cardinality" if kind == STRANGER else "hits"] += 1


def report(**more: object) -> None:
    """One line."""
    rss_mb = process.memory_info().rss / 1e6
    print(json.dumps({"calls": calls, "rss_mb": rss_mb, "longest_ms": 1000 * longest_seconds, **more}), flush=True)


def listen() -> None:
    """Waits for the end of the input."""
    sys.stdin.read()
    stops.set()


stops = threading.Event()
threading.Thread(target=listen, daemon=True).start()
client.gauge("shop.readings").set_function(asked)
client.count("shop.users", user="known")
assert client.flush(END_SECONDS)
calls = 0
begun = told = time.monotonic()
while not stops.wait(PAUSE_SECONDS):
    due = round((time.monotonic() - begun) * CALLS_A_SECOND)
    while calls < due:
        call(calls)
        calls += 1
    if time.monotonic() - told >= 1.0:
        told += 1.0
        report()
assert client.close(END_SECONDS), "all that was kept arrives"
report(dropped=dropped(client), readings=readings, called=called)

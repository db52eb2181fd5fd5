"""Counts, says so, and waits for a signal: ``waiting.py default|handler|asyncio COUNT``. Only a flush sends in time."""

import asyncio
import os
import signal
import sys
from types import FrameType

from pulsemon import Client
from support.services.shop import open_transport

INTERVAL_SECONDS = 60.0


def handled(number: int, frame: FrameType | None) -> None:
    """What the service itself does at SIGTERM."""
    print("handled", flush=True)
    sys.exit(3)


async def serve(stop: asyncio.Event) -> None:
    """A service of asyncio sets its own handler later."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    print("ready", flush=True)
    await stop.wait()


way, count = sys.argv[1], int(sys.argv[2])
if way == "handler":
    signal.signal(signal.SIGTERM, handled)
client = Client("shop", transport=open_transport, flush_interval_seconds=INTERVAL_SECONDS, exit_seconds=10.0)
hits = client.counter("shop.hits")
for _ in range(count):
    hits.add()
client.event("deploy", "Version 4.2", version="4.2")
if os.environ.get("FLUSHES"):
    assert client.flush(20)
if way == "asyncio":
    asyncio.run(serve(asyncio.Event()))
else:
    print("ready", flush=True)
    while True:
        signal.pause()

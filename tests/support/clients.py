"""Clients in the test's own process, and what a snapshot of one holds."""

import os
from typing import Protocol

from pulsemon import Client
from pulsemon_producers.client.scope import own_scope
from pulsemon_schemas.labels import canonical, parse
from pulsemon_schemas.records import MetricBatch


class Maker(Protocol):
    """The fixture ``make``."""

    def __call__(self, transport: object = None, **arguments: object) -> Client: ...


def own_labels(number: int, server_id: str = "", **more: str) -> str:
    """The labels of the process with this slot of the service shop, wherever the test runs; "" is the host's name."""
    scope = own_scope(server_id or os.uname().nodename)
    return canonical({"instance": f"{scope}/{number}" if scope else str(number), "service": "shop", **more})


def values(client: Client) -> dict[str, float]:
    """What the client would send now: name, own labels in braces if any, and value."""
    return of_batch(client.snapshot())


def of_batch(batch: MetricBatch) -> dict[str, float]:
    """As ``values``, of a batch; without what the library says of itself."""
    found = {}
    for name, labels, value in zip(batch.names, batch.labels, batch.values, strict=True):
        own = {key: text for key, text in parse(labels).items() if key not in ("instance", "service")}
        shown = ",".join(f"{key}={text}" for key, text in own.items())
        if not name.startswith("pulsemon."):
            found[f"{name}{{{shown}}}" if shown else name] = value
    return found


def dropped(client: Client) -> dict[str, int]:
    """What the client has dropped so far, by reason."""
    counts = client._core.drops.totals()
    return {reason: count for reason, count in counts.items() if count}

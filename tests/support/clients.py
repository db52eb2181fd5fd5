"""Clients in the test's own process, and what a snapshot of one holds."""

from typing import Protocol

from pulsemon import Client
from pulsemon_schemas.labels import parse
from pulsemon_schemas.records import MetricBatch


class Maker(Protocol):
    """The fixture ``make``."""

    def __call__(self, transport: object = None, **arguments: object) -> Client: ...


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

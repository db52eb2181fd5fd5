"""One metric of the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Instrument = Literal["counter", "gauge", "updown"]
"""A counter only grows, until what it counts starts anew; values of the others mean something by themselves."""

Origin = Literal["otel", "otel_receiver", "own"]
"""Whose name it is: OpenTelemetry's conventions, what its host receiver sends, or Pulse Monitor's own."""


@dataclass(frozen=True, slots=True)
class Metric:
    """What a name in a batch means.

    ``unit`` is UCUM (``1`` is a share from 0 to 1). ``attributes`` has the keys of its labels and the values that each
    may have, an empty tuple for any value. ``headline`` metrics are kept in the table of newest values.
    """

    name: str
    group: str
    title: str
    description: str
    instrument: Instrument
    unit: str
    attributes: Mapping[str, tuple[str, ...]]
    interval_seconds: int
    default_on: bool
    headline: bool
    origin: Origin
    source: str
    node_exporter_alias: str

    @property
    def is_counter(self) -> bool:
        """True if its rate is what is meant, not its value."""
        return self.instrument == "counter"

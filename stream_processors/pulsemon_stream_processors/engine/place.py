"""Where an engine stands."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Place:
    """One partition of one metrics topic. ``topic_id`` is Kafka's id: a topic made anew is another place.

    ``tick_key`` is the installation's secret; without it no Tick is valid.
    """

    topic_id: str
    partition: int
    partition_count: int
    tick_key: bytes | None = field(default=None, repr=False)

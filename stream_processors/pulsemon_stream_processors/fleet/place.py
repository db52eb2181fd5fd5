"""Where the fleet engine stands."""

from typing import NamedTuple


class FleetPlace(NamedTuple):
    """``log_id`` is Kafka's id of the topic of events, ``topic_id`` that of the metrics topic which they are about."""

    log_id: str
    topic_id: str
    partition_count: int

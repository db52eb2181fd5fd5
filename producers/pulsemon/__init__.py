"""The public face for services that embed the producer library."""

from typing import TYPE_CHECKING, Any

from pulsemon_producers.client.client import Client
from pulsemon_producers.client.core import Measured
from pulsemon_producers.client.counter import Counter, UpDown
from pulsemon_producers.client.exceptions import Exceptions
from pulsemon_producers.client.gauge import Gauge
from pulsemon_producers.client.histogram import Histogram
from pulsemon_producers.client.state import State
from pulsemon_producers.client.timer import Timer, Timing

if TYPE_CHECKING:
    from pulsemon_schemas.runtime.kafka import KafkaSettings
    from pulsemon_schemas.runtime.secret import Secret

__all__ = [
    "Client",
    "Counter",
    "Exceptions",
    "Gauge",
    "Histogram",
    "KafkaSettings",
    "Measured",
    "Secret",
    "State",
    "Timer",
    "Timing",
    "UpDown",
]


def __getattr__(name: str) -> Any:
    """What few need is imported when it is asked for: it takes longer than all the rest."""
    if name == "KafkaSettings":
        from pulsemon_schemas.runtime.kafka import KafkaSettings

        return KafkaSettings
    if name == "Secret":
        from pulsemon_schemas.runtime.secret import Secret

        return Secret
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""The public face for services that embed the producer library."""

from pulsemon_producers.client.client import Client
from pulsemon_producers.client.core import Measured
from pulsemon_producers.client.counter import Counter, UpDown
from pulsemon_producers.client.exceptions import Exceptions
from pulsemon_producers.client.gauge import Gauge
from pulsemon_producers.client.histogram import Histogram
from pulsemon_producers.client.state import State
from pulsemon_producers.client.timer import Timer, Timing

__all__ = [
    "Client",
    "Counter",
    "Exceptions",
    "Gauge",
    "Histogram",
    "Measured",
    "State",
    "Timer",
    "Timing",
    "UpDown",
]

"""What tests of programs that use Pulse Monitor need: no network, no Kafka.

>>> from pulsemon.collectors import Collector, gauge
>>> class Answer(Collector):
...     name = "answer"
...     def collect(self, tick):
...         yield gauge("custom.answer", 42)
>>> check_collector(Answer)
(Point(kind=<Kind.GAUGE: 'gauge'>, name='custom.answer', labels='', value=42.0),)
>>> class Loud(Answer):
...     name = "Loud!"
>>> try:
...     check_collector(Loud)
... except CollectorContractError as error:
...     print(len(error.findings))
1
"""

from pulsemon.testing.alerts import example_alert, example_alert_record
from pulsemon.testing.collectors import CollectorContractError, check_collector
from pulsemon.testing.memory import MemoryClient, SentEvent

__all__ = [
    "CollectorContractError",
    "MemoryClient",
    "SentEvent",
    "check_collector",
    "example_alert",
    "example_alert_record",
]

"""What a package needs to offer a collector to the agent: an entry point of the group ``pulsemon.collectors``.

>>> from pulsemon.collectors import Collector, gauge
>>> class Answer(Collector):
...     name = "answer"
...     def collect(self, tick):
...         yield gauge("custom.answer", 42, {"to": "everything"})
"""

from pulsemon_producers.collectors.base import Collector, Kind, Point, Tick, counter, gauge, label_text, updown
from pulsemon_producers.collectors.host import Host

__all__ = ["Collector", "Host", "Kind", "Point", "Tick", "counter", "gauge", "label_text", "updown"]

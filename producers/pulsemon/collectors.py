"""What a package needs to offer a collector to the agent: an entry point of the group ``pulsemon.collectors``.

>>> from pulsemon.collectors import Collector, gauge
>>> class Answer(Collector):
...     name = "answer"
...     def collect(self, tick):
...         yield gauge("custom.answer", 42, {"to": "everything"})

What it yields are points, made by ``gauge``, ``counter`` and ``updown``; ``label_text`` writes labels as they are sent.

>>> counter("custom.jobs", 7, {"queue": "mail"})
Point(kind=<Kind.COUNTER: 'counter'>, name='custom.jobs', labels='queue=mail', value=7.0)
>>> updown("custom.connections", 3) == Point(Kind.UPDOWN, "custom.connections", "", 3.0)
True
>>> label_text({"queue": "mail", "channel": "a,b"})
'channel=a\\\\,b,queue=mail'

``collect`` is given the tick; files are read through the host, so that a test can show the collector other ones.

>>> Tick(recorded_at_ms=20_000, previous_ms=10_000, boot_id="", intervals_ms={}).wants("custom.answer")
True
>>> Host().proc("loadavg").count(".") >= 3
True
"""

from pulsemon_producers.collectors.base import Collector, Kind, Point, Tick, counter, gauge, label_text, updown
from pulsemon_producers.collectors.host import Host

__all__ = ["Collector", "Host", "Kind", "Point", "Tick", "counter", "gauge", "label_text", "updown"]

"""The pure engine across servers: events of all partitions in, alerts about whole environments out.

As the engine of a partition it knows no clock, no randomness and no input or output. Nothing that it makes depends on
how the partitions' events lie among one another in their topic, nor on their offsets there.
"""

from pulsemon_stream_processors.fleet.fleet_engine import FleetEngine
from pulsemon_stream_processors.fleet.place import FleetPlace

__all__ = ["FleetEngine", "FleetPlace"]

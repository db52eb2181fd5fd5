"""The pure engine: records of one metrics partition in log order and the control log in, outputs out.

No clock, no randomness, no input or output: the same records give the same bytes, whoever applies them, and when.
"""

from pulsemon_stream_processors.engine.control_history import ControlHistory
from pulsemon_stream_processors.engine.errors import ControlBehindError, OffsetGapError, StateError
from pulsemon_stream_processors.engine.output import Output
from pulsemon_stream_processors.engine.partition_engine import PartitionEngine
from pulsemon_stream_processors.engine.place import Place
from pulsemon_stream_processors.engine.recount import samples_behind, value_behind
from pulsemon_stream_processors.engine.snapshot import FORMAT, pack, unpack

__all__ = [
    "FORMAT",
    "ControlBehindError",
    "ControlHistory",
    "OffsetGapError",
    "Output",
    "PartitionEngine",
    "Place",
    "StateError",
    "pack",
    "samples_behind",
    "unpack",
    "value_behind",
]

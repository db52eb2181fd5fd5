"""Judges a recorded log again: with the rules of then, to prove the live stream, or with others, to see what they do.

The engines are those of the live processor; nothing here decides anything.
"""

from pulsemon_stream_processors.replay.episodes import Difference, Episode, difference, episodes
from pulsemon_stream_processors.replay.replay import Range, Replay, StreamResult
from pulsemon_stream_processors.replay.stream import AlertStream, Comparison, Verdict
from pulsemon_stream_processors.replay.what_if import WhatIfHistory

__all__ = [
    "AlertStream",
    "Comparison",
    "Difference",
    "Episode",
    "Range",
    "Replay",
    "StreamResult",
    "Verdict",
    "WhatIfHistory",
    "difference",
    "episodes",
]

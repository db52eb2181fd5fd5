"""One rule over history, fast enough for a slider: the exact engine, but only where its limit can be crossed."""

from pulsemon_stream_processors.replay.backtest.backtest import Backtest, Outcome
from pulsemon_stream_processors.replay.backtest.scope import JudgedSeries

__all__ = ["Backtest", "JudgedSeries", "Outcome"]

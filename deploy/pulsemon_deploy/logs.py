"""Logging of a role: set up once, by the command line, and nowhere else."""

import logging
import sys
import time

# Ours are told in full; of everybody else's libraries only what deserves attention.
OWN_LOGGERS = (
    "pulsemon",
    "pulsemon_schemas",
    "pulsemon_producers",
    "pulsemon_stream_processors",
    "pulsemon_sinks",
    "pulsemon_ui",
    "pulsemon_deploy",
)
# What they log, with tracebacks, also reaches us as an error, and is told once.
QUIET_LOGGERS = ("clickhouse_driver",)
FULL_FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s"
FULL_DATE = "%Y-%m-%dT%H:%M:%S"
CONSOLE_DATE = "%H:%M:%S"


def configure(role: str, level: int = logging.INFO, *, supervised: bool = False) -> None:
    """One handler on standard error: ``HH:MM:SS role message``, or with UTC and loggers under the supervisor."""
    formatter = logging.Formatter(FULL_FORMAT, FULL_DATE) if supervised else _console_formatter(role)
    if supervised:
        formatter.converter = time.gmtime
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in OWN_LOGGERS:
        logging.getLogger(name).setLevel(level)
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logging.captureWarnings(capture=True)


def _console_formatter(role: str) -> logging.Formatter:
    return _ConsoleFormatter(f"%(asctime)s {role:<10} %(mark)s%(message)s", CONSOLE_DATE)


class _ConsoleFormatter(logging.Formatter):
    """The level stands in front of what deserves attention, and of nothing else."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        record.mark = f"{record.levelname} " if record.levelno >= logging.WARNING else ""
        return super().format(record)

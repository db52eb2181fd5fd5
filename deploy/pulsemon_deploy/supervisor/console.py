"""One line format for all: ``HH:MM:SS role message``."""

import contextlib
import logging
import sys
import time
from collections.abc import Callable
from typing import TextIO

from pulsemon_deploy.supervisor.log_file import LogFile
from pulsemon_deploy.supervisor.output import level_and_message

NAME_WIDTH = 10
OWN_NAME = "pulsemon"


def format_line(at_seconds: float, role: str, message: str, level: int = logging.INFO) -> str:
    """A line of the console, in local time; the level stands before what deserves attention."""
    prefix = f"{logging.getLevelName(level)} " if level >= logging.WARNING else ""
    return f"{time.strftime('%H:%M:%S', time.localtime(at_seconds))} {role:<{NAME_WIDTH}} {prefix}{message}"


class Console:
    """Prints what people should see, and keeps the supervisor's own lines in its log."""

    def __init__(
        self, own_log: LogFile, level: int, out: TextIO = sys.stdout, clock: Callable[[], float] = time.time
    ) -> None:
        self._own_log = own_log
        self._level = level
        self._out = out
        self._clock = clock

    def say(self, role: str, message: str, level: int = logging.INFO, *, keep: bool = True) -> None:
        """A line of the supervisor about a role; always shown. ``keep=False`` for what no file should hold."""
        line = format_line(self._clock(), role, message, level)
        self._print(line)
        if keep:
            self._own_log.write(f"{line}\n".encode())

    def relay(self, role: str, line: str) -> None:
        """A line that a role printed; shown if its level is high enough. Its log has it in any case."""
        level, message = level_and_message(line)
        if level >= self._level:
            self._print(format_line(self._clock(), role, message, level))

    def _print(self, line: str) -> None:
        # The terminal or the pipe may be gone; the roles must not end for that.
        with contextlib.suppress(OSError, ValueError):
            print(line, file=self._out, flush=True)

"""The collector of one executable."""

import logging
import threading
from collections.abc import Iterable

from pulsemon_producers.collectors.base import Collector, Point, Tick
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.collectors.names import CUSTOM_PREFIX, Names
from pulsemon_producers.custom.exposition.limits import Limits, choose
from pulsemon_producers.custom.exposition.page import parse_page
from pulsemon_producers.custom.program.process import GRACE_SECONDS, Output, RunError, run
from pulsemon_producers.custom.program.settings import ProgramSettings
from pulsemon_producers.custom.trust import Owners, opened

log = logging.getLogger(__name__)

MAX_SAMPLES = 1000
MAX_LINE_CHARACTERS = 300
SPARE_SECONDS = 2.0


class ProgramCollector(Collector):
    """Runs an executable at its interval; what it prints in Prometheus' text format is sent under ``custom.``.

    A run counts whole or not at all: an exit code other than 0, a line that makes no sense, more than a MiB or a
    thousand samples are errors. So is a file, or a folder on the way to it, that somebody else could have changed.
    """

    needs_two_readings = False
    names = Names.MAPPED

    def __init__(self, host: Host, settings: ProgramSettings, owners: Owners | None = None) -> None:
        super().__init__(host)
        self.name = f"exec.{settings.name}"
        self.interval_seconds = settings.interval_seconds
        self.deadline_seconds = settings.timeout_seconds + GRACE_SECONDS + SPARE_SECONDS
        self._settings = settings
        self._owners = owners or Owners.own()
        self._stop = threading.Event()
        self._said = ""

    def collect(self, tick: Tick) -> Iterable[Point]:  # noqa: ARG002 - the program is not told the time
        """What the program says. Raises RunError, OSError, ExpositionError."""
        path = self._settings.path
        # the folders are trusted too, so it is still the same file when it is started by its name
        with opened(path, self._owners):
            output = run((str(path), *self._settings.arguments), self._settings.timeout_seconds, self._stop)
        self._say(output.error)
        if output.exit_code:
            raise RunError(f"{path} {_ended(output)}")
        return self._points(output.out)

    def interrupt(self) -> None:
        """Ends the run."""
        self._stop.set()

    def _points(self, out: bytes) -> list[Point]:
        series = parse_page(out.decode("utf-8"))
        if len(series) > MAX_SAMPLES:
            raise RunError(f"{self._settings.path} printed {len(series)} samples, at most {MAX_SAMPLES} are taken")
        chosen = choose(series, Limits(MAX_SAMPLES, MAX_SAMPLES), f"{CUSTOM_PREFIX}{{}}".format)
        if chosen.left_out["labels"]:
            raise RunError(f"{self._settings.path} printed labels that are too many or too long")
        return chosen.points

    def _say(self, error: bytes) -> None:
        """Logs the first line that it wrote to its standard error, once until that changes."""
        line = _first_line(error)
        if line != self._said and line:
            log.warning("Collector %s wrote to its standard error: %s", self.name, line)
        self._said = line


def _ended(output: Output) -> str:
    how = f"was ended by signal {-output.exit_code}" if output.exit_code < 0 else f"ended with {output.exit_code}"
    return f"{how}: {_first_line(output.error)}" if output.error else how


def _first_line(text: bytes) -> str:
    lines = text.decode("utf-8", errors="replace").strip().splitlines()
    return lines[0][:MAX_LINE_CHARACTERS] if lines else ""

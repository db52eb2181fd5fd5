"""The collector of a folder of text files."""

import logging
from collections.abc import Iterable, Iterator

from pulsemon_producers.collectors.base import Collector, Point, Tick, gauge
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.collectors.names import CUSTOM_PREFIX, Names
from pulsemon_producers.custom.exposition.limits import Limits, choose
from pulsemon_producers.custom.text_files.folder import MAX_SAMPLES, Found, read_folder
from pulsemon_producers.custom.text_files.settings import TextFileSettings
from pulsemon_producers.custom.trust import Owners

log = logging.getLogger(__name__)


class TextFileCollector(Collector):
    """Sends what the ``*.prom`` files of a folder say, under ``custom.``, until a file is too old.

    A file that is wrong, or that others may write, yields nothing and ``textfile.error`` 1; its neighbours are sent.
    """

    name = "textfile"
    needs_two_readings = False
    names = Names.MAPPED

    def __init__(self, host: Host, settings: TextFileSettings, owners: Owners | None = None) -> None:
        super().__init__(host)
        self.interval_seconds = settings.interval_seconds
        self.deadline_seconds = settings.timeout_seconds
        self._settings = settings
        self._owners = owners or Owners.own()
        self._problems: dict[str, str] = {}

    def collect(self, tick: Tick) -> Iterable[Point]:  # noqa: ARG002 - the files are the same at any tick
        """Raises OSError if the folder cannot be listed, TrustError if others may write into it."""
        settings = self._settings
        files, left_out = read_folder(settings.folder, self._owners, self.host.wall_seconds(), settings.max_age_seconds)
        yield gauge("textfile.left_out", left_out)
        for found in files:
            yield from self._points(found)
        self._tell({found.name: found.problem for found in files if found.problem})

    def _points(self, found: Found) -> Iterator[Point]:
        labels = {"file": found.name}
        if found.age_seconds is not None:
            is_expired = not found.problem and found.age_seconds > self._settings.max_age_seconds
            yield gauge("textfile.age", found.age_seconds, labels)
            yield gauge("textfile.expired", is_expired, labels)
        chosen = choose(found.series, Limits(MAX_SAMPLES, MAX_SAMPLES), f"{CUSTOM_PREFIX}{{}}".format)
        yield gauge("textfile.error", bool(found.problem) or chosen.left_out["labels"] > 0, labels)
        yield from chosen.points

    def _tell(self, problems: dict[str, str]) -> None:
        """Logs what is wrong with a file when that changes."""
        for name, problem in problems.items():
            if self._problems.get(name) != problem:
                log.warning(
                    "The text file %s is not taken: %s. The others are sent; it is looked at again each time.",
                    self._settings.folder / name,
                    problem,
                )
        for name in self._problems.keys() - problems.keys():
            log.info("The text file %s is no longer wrong.", self._settings.folder / name)
        self._problems = problems

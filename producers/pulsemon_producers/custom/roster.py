"""The collectors that the settings of a host add."""

from collections.abc import Callable, Iterator

from pulsemon_producers.collectors.base import Collector
from pulsemon_producers.collectors.builtin import built_in
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.custom.plugin import PluginCollector
from pulsemon_producers.custom.settings import CustomSettings
from pulsemon_producers.settings import AgentSettings


def built_in_and(custom: CustomSettings) -> Callable[[Host, AgentSettings], list[Collector]]:
    """What makes all collectors of an agent: those that every agent has, then those that ``custom`` adds."""

    def made(host: Host, settings: AgentSettings) -> list[Collector]:
        return [*built_in(host, settings), *roster(host, custom)]

    return made


def roster(host: Host, settings: CustomSettings) -> Iterator[Collector]:
    """One for each package and row; what a kind needs is imported only if there is one of it."""
    for name in settings.packages:
        yield PluginCollector(host, name)
    if settings.programs:
        from pulsemon_producers.custom.program.collector import ProgramCollector

        yield from (ProgramCollector(host, row) for row in settings.programs)
    if settings.folder is not None:
        from pulsemon_producers.custom.text_files.collector import TextFileCollector

        yield TextFileCollector(host, settings.folder)
    if settings.probes:
        from pulsemon_producers.custom.probe.collector import ProbeCollector

        yield from (ProbeCollector(host, row) for row in settings.probes)
    if settings.scrapes:
        from pulsemon_producers.custom.scrape.collector import ScrapeCollector

        yield from (ScrapeCollector(host, row) for row in settings.scrapes)

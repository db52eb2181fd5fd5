"""What an agent would send, without sending it. A rate needs two readings that are a second apart."""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from pulsemon_producers.admission import Sample
from pulsemon_producers.agent import COLLECTORS_END_SECONDS, assemble
from pulsemon_producers.backlogs import open_backlog
from pulsemon_producers.collectors.base import Collector
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.settings import AgentSettings
from pulsemon_producers.tally import Tally

TICKS = 3
"""The first comes at any moment of its second, the other two a whole one apart."""
INTERVAL_SECONDS = 1.0
PATIENCE_SECONDS = 10.0
"""How long each tick waits for slow collectors: nobody is delayed by it here."""


def preview(
    settings: AgentSettings, host: Host, collectors: Callable[[Host, AgentSettings], Iterable[Collector]]
) -> list[Sample]:
    """The newest sample of each series, sorted. Reads the host; opens no file of the agent's, and no connection."""
    own = replace(settings, interval_seconds=INTERVAL_SECONDS, state_dir=None, spool_dir=None)
    tally = Tally()
    opened = replace(open_backlog(own, tally), knows_predecessor=True)
    agent = assemble(own, opened, tally, host, collectors(host, own))
    agent.crew.patience_seconds = PATIENCE_SECONDS
    for number in range(TICKS):
        wait_seconds = agent.step()
        if number < TICKS - 1:
            time.sleep(wait_seconds)
    agent.crew.close(COLLECTORS_END_SECONDS)
    opened.backlog.close()
    found: dict[tuple[str, str], Sample] = {}
    while (batch := opened.backlog.take()) is not None:
        for sample in map(Sample, batch.names, batch.labels, batch.values):
            found[sample[:2]] = sample
        opened.backlog.done()
    return sorted(found.values())

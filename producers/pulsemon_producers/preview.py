"""What an agent would send, without sending it.

A rate needs two readings, so the host is read twice, a second apart; what needs no more than one, as an executable or
a page, is run or fetched once.
"""

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

INTERVAL_SECONDS = 1.0
MS_PER_SECOND = 1000
PATIENCE_SECONDS = 10.0
"""How long each tick waits at least for slow collectors, to their own deadlines: nobody is delayed by it here."""


def preview(
    settings: AgentSettings, host: Host, collectors: Callable[[Host, AgentSettings], Iterable[Collector]]
) -> list[Sample]:
    """The newest sample of each series, sorted. Reads the host; opens no file of the agent's, and no connection."""
    own = replace(settings, interval_seconds=INTERVAL_SECONDS, state_dir=None, spool_dir=None)
    tally = Tally()
    opened = replace(open_backlog(own, tally), knows_predecessor=True)
    agent = assemble(own, opened, tally, host, collectors(host, own))
    members = agent.crew.members.values()
    agent.crew.patience_seconds = max([PATIENCE_SECONDS, *(one.collector.deadline_seconds for one in members)])
    # the first tick too comes as a second begins: they are a whole one apart
    time.sleep(agent.schedule.wait_seconds(round(host.wall_seconds() * MS_PER_SECOND)))
    wait_seconds = agent.step()
    agent.crew.begin_anew()
    agent.previous_ms = None
    time.sleep(wait_seconds)
    agent.step()
    agent.crew.close(COLLECTORS_END_SECONDS)
    opened.backlog.close()
    found: dict[tuple[str, str], Sample] = {}
    while (batch := opened.backlog.take()) is not None:
        for sample in map(Sample, batch.names, batch.labels, batch.values):
            found[sample[:2]] = sample
        opened.backlog.done()
    return sorted(found.values())

"""Which backlog an agent has: a spool on the disk if it has a state folder, else the memory."""

import logging
from dataclasses import dataclass

from pulsemon_producers.backlog import Backlog
from pulsemon_producers.batches import Sealer
from pulsemon_producers.outbox import Outbox
from pulsemon_producers.settings import AgentSettings
from pulsemon_producers.spool.opening import SpoolSettings, open_spool
from pulsemon_producers.state_file import UNKNOWN, ProducerState, StateFile
from pulsemon_producers.tally import Tally

log = logging.getLogger(__name__)

SOURCE = "agent"


@dataclass(frozen=True, slots=True)
class OpenedBacklog:
    """The backlog, with the producer before this one; ``knows_predecessor`` is False if nothing tells of it."""

    backlog: Backlog
    previous: ProducerState
    knows_predecessor: bool


def open_backlog(settings: AgentSettings, tally: Tally) -> OpenedBacklog:
    """The backlog that the settings ask for; the memory's if the disk refuses, which is logged."""
    if (folder := settings.spool_folder) is not None:
        try:
            return _spool(
                SpoolSettings(folder, settings.spool_bytes, settings.buffer_samples, settings.interval_ms),
                settings,
                tally,
            )
        except OSError as error:
            log.warning(
                "The spool in %s cannot be used (%s). Samples wait in memory alone, and are lost when the agent ends; "
                "free or mend the disk and start the agent again.",
                folder,
                error,
            )
    state_file = StateFile(settings.state_dir)
    previous = state_file.load()
    outbox = Outbox(settings.buffer_samples, tally, _sealer(settings, state_file, previous or UNKNOWN))
    return OpenedBacklog(outbox, previous or UNKNOWN, previous is not None)


def _spool(spool: SpoolSettings, settings: AgentSettings, tally: Tally) -> OpenedBacklog:
    before = StateFile(settings.state_dir).load() or UNKNOWN
    opened = open_spool(spool, tally, lambda previous: _sealer(settings, StateFile(None), previous), before)
    return OpenedBacklog(opened.spool, opened.previous, opened.knows_predecessor)


def _sealer(settings: AgentSettings, state_file: StateFile, previous: ProducerState) -> Sealer:
    return Sealer(settings.server_id, SOURCE, state_file, previous, settings.interval_ms)

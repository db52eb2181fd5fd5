"""Which backlog an agent has: a spool on the disk if it has a state folder, else the memory."""

import logging
from dataclasses import dataclass
from pathlib import Path

from pulsemon_producers.backlog import Backlog
from pulsemon_producers.batches import Sealer
from pulsemon_producers.outbox import Outbox
from pulsemon_producers.settings import MIN_SPOOL_BYTES, AgentSettings
from pulsemon_producers.spool.opening import SpoolSettings, open_spool
from pulsemon_producers.spool.state import SpoolStateFile
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
    elif settings.place_of_spool is not None:
        _tell_left_behind(settings.place_of_spool)
    state_file = StateFile(settings.state_dir)
    previous = state_file.load()
    outbox = Outbox(settings.buffer_samples, tally, _sealer(settings, state_file, previous or UNKNOWN))
    return OpenedBacklog(outbox, previous or UNKNOWN, previous is not None)


def _tell_left_behind(folder: Path) -> None:
    """Says if batches wait in a spool that was switched off. Opens nothing for writing."""
    state = SpoolStateFile(folder).load()
    if state is not None and state.waiting_samples:
        log.warning(
            "spool_bytes is 0, and %d samples wait in the spool in %s. They are kept and not sent. To send them, start "
            "the agent with spool_bytes of at least %d until pulsemon.agent.buffer.bytes{tier=disk} is 0; to give them "
            "up, delete the folder.",
            state.waiting_samples,
            folder,
            MIN_SPOOL_BYTES,
        )


def _spool(spool: SpoolSettings, settings: AgentSettings, tally: Tally) -> OpenedBacklog:
    before = StateFile(settings.state_dir).load() or UNKNOWN
    opened = open_spool(spool, tally, lambda previous: _sealer(settings, StateFile(None), previous), before)
    return OpenedBacklog(opened.spool, opened.previous, opened.knows_predecessor)


def _sealer(settings: AgentSettings, state_file: StateFile, previous: ProducerState) -> Sealer:
    return Sealer(settings.server_id, SOURCE, state_file, previous, settings.interval_ms)

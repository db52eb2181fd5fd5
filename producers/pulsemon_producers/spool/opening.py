"""Opens the spool of an agent."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from pulsemon_producers.batches import Sealer
from pulsemon_producers.spool.disk_spool import DiskSpool
from pulsemon_producers.spool.recovery import Recovered, recover
from pulsemon_producers.spool.segments import Segments
from pulsemon_producers.spool.state import SpoolStateFile
from pulsemon_producers.state_file import UNKNOWN, ProducerState
from pulsemon_producers.tally import SPOOL_DAMAGED, Tally

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SpoolSettings:
    """``max_bytes`` of files in ``folder``; ``max_unwritten_samples`` in memory if the disk fails."""

    folder: Path
    max_bytes: int
    max_unwritten_samples: int
    interval_ms: int


@dataclass(frozen=True, slots=True)
class Opened:
    """The spool, with the producer before this one; ``knows_predecessor`` is False if that could not be read."""

    spool: DiskSpool
    previous: ProducerState
    knows_predecessor: bool


def open_spool(
    settings: SpoolSettings,
    tally: Tally,
    sealer_after: Callable[[ProducerState], Sealer],
    without_spool: ProducerState = UNKNOWN,
) -> Opened:
    """The spool with all that an earlier agent left in it; ``without_spool`` is the last producer that had none.

    Raises OSError if the folder cannot be used.
    """
    segments = Segments(settings.folder, settings.max_bytes)
    state_file = SpoolStateFile(settings.folder)
    recovered = _following(without_spool, recover(segments, state_file.load()))
    previous = recovered.state.producer
    tally.restore_unreported(recovered.state.unreported)
    tally.drop(SPOOL_DAMAGED, recovered.lost_samples)
    if recovered.lost_samples:
        log.warning(
            "The spool in %s is damaged: %d samples are lost, and counted as %s in the next batch. All that is whole "
            "is sent.",
            settings.folder,
            recovered.lost_samples,
            SPOOL_DAMAGED,
        )
    spool = DiskSpool(
        recovered,
        segments,
        state_file,
        sealer_after(previous),
        tally,
        settings.max_unwritten_samples,
        settings.interval_ms,
    )
    if waiting := spool.fill().samples:
        log.info("%d samples wait in the spool; they are sent first.", waiting)
    return Opened(spool, previous, recovered.knows_predecessor)


def _following(without_spool: ProducerState, recovered: Recovered) -> Recovered:
    """A spool that is new follows the producer before it."""
    if recovered.state.producer != UNKNOWN:
        return recovered
    state = replace(
        recovered.state,
        producer_id=without_spool.producer_id,
        sequence=without_spool.sequence,
        used=without_spool.used,
    )
    return replace(recovered, state=state)

"""What an agent finds in its spool when it starts: which batches have a number, and what a damaged disk has lost."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import MetricBatch

from pulsemon_producers.spool.record import Found, decode
from pulsemon_producers.spool.segments import Segments
from pulsemon_producers.spool.state import Mark, Numbered, SpoolState


class Entry(NamedTuple):
    """A batch that has its number, with its serial in the spool."""

    serial: int
    batch: MetricBatch


@dataclass(frozen=True, slots=True)
class Recovered:
    """``numbered`` are to be sent as they are, before anything else; ``lost_samples`` were put and are not there."""

    state: SpoolState
    numbered: tuple[Entry, ...]
    lost_samples: int
    knows_predecessor: bool


def readable(found: Iterable[Found]) -> Iterator[tuple[Found, MetricBatch]]:
    """Records with their batches; what is no batch counts as lost when the next one comes."""
    for one in found:
        try:
            yield one, decode(one)
        except ContractError:
            continue


def recover(segments: Segments, loaded: SpoolState | None) -> Recovered:
    """Reads what is numbered and not known to be acknowledged. Writes nothing; so it may happen again. OSError."""
    state = loaded or _from_segments(segments)
    state = replace(state, put=max(state.put, segments.last()))
    passed = state.passed
    numbered: list[Entry] = []
    known_samples = lost = 0
    for found, spooled in readable(segments.read(state.done)):
        batch = spooled if spooled.producer_id else _from_group(found.serial, spooled, state.group)
        if batch is None:
            if found.serial <= state.passed.serial:
                continue  # it was dropped
            break
        numbered.append(Entry(found.serial, batch))
        if found.serial <= state.passed.serial:
            known_samples += found.samples
        else:
            lost += found.samples_before - passed.samples
            passed = Mark(found.serial, found.samples_through)
    lost += max(0, state.numbered_samples - known_samples)
    if passed < state.put and next(readable(segments.read(passed.serial)), None) is None:
        lost += state.put.samples - passed.samples
        passed = state.put
    return Recovered(_state(state, passed, numbered), tuple(numbered), lost, loaded is not None)


def _from_segments(segments: Segments) -> SpoolState:
    """Without a state everything that is there is sent."""
    first = segments.first()
    return SpoolState(put=first, passed=first, done=first.serial)


def _from_group(serial: int, batch: MetricBatch, group: Numbered | None) -> MetricBatch | None:
    """The batch with the number that it was given after it had been written, None if it has none yet."""
    if group is None or serial not in group.serials:
        return None
    place = group.serials.index(serial)
    return replace(
        batch,
        producer_id=group.producer_id,
        previous_producer_id=group.previous_producer_id,
        previous_sequence=group.previous_sequence,
        sequence=group.sequence + place,
        dropped={} if place else dict(group.dropped),
    )


def _state(state: SpoolState, passed: Mark, numbered: list[Entry]) -> SpoolState:
    unreported = Counter(state.unreported)
    in_group = frozenset(state.group.serials if state.group else ())
    for entry in numbered:
        if entry.serial > state.counted and entry.serial not in in_group:
            unreported -= Counter(entry.batch.dropped)
    last = numbered[-1].batch if numbered else None
    return replace(
        state,
        passed=passed,
        numbered_samples=sum(len(entry.batch.values) for entry in numbered),
        unreported=_counts(unreported),
        counted=max(state.counted, passed.serial),
        producer_id=last.producer_id if last else state.producer_id,
        sequence=last.sequence if last else state.sequence,
    )


def _counts(counter: "Counter[str]") -> Mapping[str, int]:
    return {reason: count for reason, count in counter.items() if count > 0}

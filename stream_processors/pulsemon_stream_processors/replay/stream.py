"""A stream of alert events, its SHA-256, and whether another one says the same."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from pulsemon_schemas import codec
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import AlertEvent
from pulsemon_schemas.rules.environments import environment_of


class Pair(NamedTuple):
    """An alert event as it is written."""

    key: bytes
    value: bytes


@dataclass(slots=True)
class AlertStream:
    """The events of one partition, or of all environments, in order."""

    pairs: list[Pair] = field(default_factory=list)

    def sha256(self) -> str:
        """Over the keys and values in order, each with its length before it."""
        total = hashlib.sha256()
        for part in (part for pair in self.pairs for part in pair):
            total.update(b"%d:%s" % (len(part), part))
        return total.hexdigest()

    def events(self) -> Iterable[AlertEvent]:
        """The events themselves."""
        return (event for event in map(read_event, self.pairs) if event is not None)


class Verdict(Enum):
    """What a comparison found. ``BEHIND``: all that is in the live stream is equal, and it lacks its newest events."""

    EQUAL = "equal"
    BEHIND = "behind"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Comparison:
    """``first_difference`` is the place of the first event that is not the same, -1 if there is none."""

    verdict: Verdict
    first_difference: int = -1


def compare(replayed: AlertStream, live: AlertStream) -> Comparison:
    """Whether two streams are the same bytes."""
    if replayed.pairs == live.pairs:
        return Comparison(Verdict.EQUAL)
    pairs = enumerate(zip(replayed.pairs, live.pairs, strict=False))
    at = next((index for index, (one, other) in pairs if one != other), None)
    if at is not None:
        return Comparison(Verdict.DIFFERENT, at)
    shorter = min(len(replayed.pairs), len(live.pairs))
    return Comparison(Verdict.BEHIND if shorter == len(live.pairs) else Verdict.DIFFERENT, shorter)


class LiveStreams:
    """The live stream sorted into what each partition's engine said and what the fleet's did."""

    def __init__(self, topic_id: str) -> None:
        self.fleet = AlertStream()
        self._topic_id = topic_id

    def take(self, pairs: Iterable[tuple[bytes, bytes]], first_offset: int, end_offset: int) -> AlertStream:
        """What a partition said of the records in [first, end) of its metrics log; what the fleet said is put aside."""
        own = AlertStream()
        for pair in (Pair(*one) for one in pairs):
            event = read_event(pair)
            if event is None or event.topic_id != self._topic_id:
                continue
            if environment_of(event.server_id) is not None:
                self.fleet.pairs.append(pair)
            elif first_offset <= event.last_offset < end_offset:
                own.pairs.append(pair)
        return own

    def fleet_between(self, since_ms: int, until_ms: int) -> AlertStream:
        """What the fleet said of the times in [since, until]."""
        chosen = AlertStream()
        for pair in self.fleet.pairs:
            event = read_event(pair)
            if event is not None and since_ms <= event.occurred_at_ms <= until_ms:
                chosen.pairs.append(pair)
        return chosen


def read_event(pair: Pair) -> AlertEvent | None:
    """The event in a pair; None for a record that is none."""
    try:
        event = codec.decode(pair.value)
    except ContractError:
        return None
    return event if isinstance(event, AlertEvent) else None

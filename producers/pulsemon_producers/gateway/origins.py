"""Who the producer of a batch is, if its sender has no sequence of its own: the gateway, for each server one."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pulsemon_schemas.batch_encoder import BatchEncoder
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import MetricBatch

from pulsemon_producers.gateway.outgoing import Outgoing
from pulsemon_producers.gateway.point import Point

SOURCE = "gateway"
ID_BYTES = 8
MAX_SERVERS = 100_000


@dataclass(slots=True)
class Course:
    """One producer: its id, and the number of its next batch."""

    producer_id: str
    next: int = 0


class Origins:
    """Gives batches their place in a sequence. ``new_id`` makes an id that nobody else has."""

    def __init__(self, partition_count: int, new_id: Callable[[], str]) -> None:
        self._partition_count = partition_count
        self._new_id = new_id
        self._sequences: OrderedDict[str, Course] = OrderedDict()
        self._encoder = BatchEncoder()

    def outgoing(
        self, server_id: str, groups: Sequence[Sequence[Point]], now_ms: int, repeat_id: str = ""
    ) -> list[Outgoing]:
        """The records of one request, in the order of the groups.

        With a ``repeat_id`` they are the batches of a producer of their own, the same for each try and at every
        gateway, so that readers keep the first; else they continue the sequence that this gateway has for the server.
        """
        sequence = Course(repeat_id) if repeat_id else self._sequence(server_id)
        made: list[Outgoing] = []
        for points in groups:
            made.append(self._record(server_id, points, now_ms, sequence))
            sequence.next += 1
        return made

    def forget(self, server_id: str) -> None:
        """After a batch that may or may not be in the log: the next one is of a new producer, so that no hole is."""
        self._sequences.pop(server_id, None)

    def _sequence(self, server_id: str) -> Course:
        found = self._sequences.get(server_id)
        if found is None:
            found = self._sequences[server_id] = Course(self._new_id())
            if len(self._sequences) > MAX_SERVERS:
                self._sequences.popitem(last=False)
        self._sequences.move_to_end(server_id)
        return found

    def _record(self, server_id: str, points: Sequence[Point], now_ms: int, sequence: Course) -> Outgoing:
        key = server_id.encode()
        batch = MetricBatch(
            server_id=server_id,
            source=SOURCE,
            producer_id=sequence.producer_id,
            sequence=sequence.next,
            previous_producer_id="",
            previous_sequence=-1,
            recorded_at_ms=points[0].recorded_at_ms,
            sent_at_ms=now_ms,
            names=tuple(point.name for point in points),
            labels=tuple(point.labels for point in points),
            values=tuple(point.value for point in points),
        )
        value = self._encoder.encode(batch)
        items = tuple({point.item for point in points})
        return Outgoing(key, value, partition_for(key, self._partition_count), len(points), items)


def repeat_id(server_id: str, batch_id: str, body: bytes) -> str:
    """The producer of a batch with an id of its own. Another body under the same id is another one: nothing is lost."""
    digest = hashlib.blake2b(digest_size=ID_BYTES, person=b"pulsemon-batch")
    for part in (server_id.encode(), batch_id.encode(), body):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()

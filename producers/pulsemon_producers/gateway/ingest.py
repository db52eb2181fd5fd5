"""What happens to a body that a key has sent: read, held against the rules, written, and answered once it is durable.

Knows nothing of HTTP. Every way in ends in the same few steps.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pulsemon_producers.gateway import batch_intake, influx_points, json_samples
from pulsemon_producers.gateway.grouping import groups
from pulsemon_producers.gateway.keyring import Principal
from pulsemon_producers.gateway.origins import Origins, repeat_id
from pulsemon_producers.gateway.outgoing import Outgoing
from pulsemon_producers.gateway.point import Point
from pulsemon_producers.gateway.problems import (
    LINES_REJECTED,
    LOG_AWAY,
    MALFORMED,
    RECORDS_TOO_LARGE,
    REJECTED,
    REPEATED_ID,
    TOO_MANY_SAMPLES,
    Kind,
    Problem,
    Rejected,
)
from pulsemon_producers.gateway.repeats import Answered, Repeats

RETRY_AFTER_SECONDS = 1.0
MAX_REJECTED = 100
"""So many are named in an answer; the others are counted."""


class Writer(Protocol):
    """Where records go."""

    async def write(self, records: Sequence[Outgoing]) -> Mapping[int, str]:
        """Returns when the log has them: those that it has not, by their index, with the reason."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is in the log: items (batches, samples or lines) and samples. ``texts`` were passed over."""

    accepted: int
    samples: int
    texts: int = 0


class Ingest:
    """Takes bodies for one topic with ``partition_count``. ``charge`` is told what a key sends, before it is written.

    ``now_ms`` is the time of this host. Every method raises Problem, and returns only when all of it is durable.
    """

    def __init__(
        self,
        writer: Writer,
        partition_count: int,
        max_samples: int,
        now_ms: Callable[[], int],
        new_id: Callable[[], str],
        charge: Callable[[Principal, int], None],
    ) -> None:
        self._writer = writer
        self._partition_count = partition_count
        self._max_samples = max_samples
        self._now_ms = now_ms
        self._charge = charge
        self._origins = Origins(partition_count, new_id)
        self._repeats = Repeats()

    async def take_batches(self, principal: Principal, body: bytes) -> Receipt:
        """Framed Avro batches, which keep their identity."""
        records = batch_intake.split(body)
        taken, rejected = batch_intake.admit(records, principal.server_id, self._partition_count, self._now_ms())
        samples = sum(one.samples for one in taken)
        self._charge(principal, samples)
        await self._write(principal, taken)
        _refuse(rejected, len(taken), "batches")
        return Receipt(len(taken), samples)

    async def take_json(self, principal: Principal, body: bytes, batch_id: str) -> Receipt:
        """Samples as JSON. ``batch_id`` is that of the header, which may stand in the body instead."""
        now_ms = self._now_ms()
        item = json_samples.read(body, now_ms)
        found = json_samples.checked_batch_id(batch_id) or item.batch_id
        if not item.points and not item.rejected:
            raise Problem(MALFORMED, "There are no samples in it; nothing was written.")
        receipt = await self._take_points(principal, body, found, item.points, len(item.points), now_ms)
        _refuse(item.rejected, receipt.accepted, "samples")
        return receipt

    async def take_lines(self, principal: Principal, body: bytes, step_ns: int, batch_id: str = "") -> Receipt:
        """Influx line protocol; a line is taken whole or not at all."""
        now_ms = self._now_ms()
        item = influx_points.read(body, step_ns, principal.server_id, now_ms)
        lines = item.lines - len(item.rejected)
        found = json_samples.checked_batch_id(batch_id)
        receipt = await self._take_points(principal, body, found, item.points, lines, now_ms)
        _refuse(item.rejected, receipt.accepted, "lines", LINES_REJECTED)
        return Receipt(receipt.accepted, receipt.samples, item.texts)

    async def _take_points(
        self, principal: Principal, body: bytes, batch_id: str, points: list[Point], items: int, now_ms: int
    ) -> Receipt:
        if len(points) > self._max_samples:
            raise Problem(
                TOO_MANY_SAMPLES,
                f"{len(points)} samples; a body has at most {self._max_samples}. Nothing was written: send parts.",
            )
        own_id = repeat_id(principal.server_id, batch_id, body) if batch_id else ""
        known = self._repeats.answered(principal.key_id, batch_id, now_ms) if batch_id else None
        if known is not None and known.digest == own_id:
            return Receipt(known.accepted, 0)
        if known is not None:
            raise Problem(REPEATED_ID, f"The batch id {batch_id!r} was used for another body; nothing was written.")
        self._charge(principal, len(points))
        records = self._origins.outgoing(principal.server_id, list(groups(points)), now_ms, own_id)
        await self._write(principal, records)
        if batch_id:
            self._repeats.keep(principal.key_id, batch_id, Answered(own_id, items, now_ms))
        return Receipt(items, len(points))

    async def _write(self, principal: Principal, records: Sequence[Outgoing]) -> None:
        failures = await self._writer.write(records)
        if failures:
            self._origins.forget(principal.server_id)
            reason = next(iter(failures.values()))
            raise Problem(
                LOG_AWAY,
                f"The log has not confirmed {len(failures)} of {len(records)} records ({reason}). "
                "Send the same again: what is there already is kept once.",
                retry_after_seconds=RETRY_AFTER_SECONDS,
            )


def _refuse(rejected: Sequence[Rejected], accepted: int, what: str, kind: Kind = REJECTED) -> None:
    """Says what was not written, once all else is."""
    if not rejected:
        return
    if kind is REJECTED and all(one.code == "too_large" for one in rejected):
        kind = RECORDS_TOO_LARGE
    first = rejected[0]
    raise Problem(
        kind,
        f"{accepted} {what} are in the log, {len(rejected)} are not and never will be; the first: {first.code}, "
        f"{first.detail}.",
        rejected=rejected[:MAX_REJECTED],
        accepted=accepted,
    )

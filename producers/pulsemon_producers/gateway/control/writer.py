"""Writes changes into the control log, and says what each did once it is read back."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pulsemon_schemas.codec import encode
from pulsemon_schemas.control import UNUSED, Verdict
from pulsemon_schemas.records import ControlRecord
from pulsemon_schemas.topics import CONTROL

from pulsemon_producers.gateway.control.configuration import Configuration, Held, Outcome
from pulsemon_producers.gateway.problems import (
    BODY_TOO_LARGE,
    CHANGE_UNCONFIRMED,
    VERSION_CONFLICT,
    Problem,
)

READ_BACK_SECONDS = 10.0
RETRY_AFTER_SECONDS = 1.0
PARTITION = 0
MAX_RECORD_BYTES = 900_000
"""Below what the topic takes."""


class Log(Protocol):
    """Where records go."""

    async def append(self, topic: str, key: bytes, value: bytes, partition: int) -> int:
        """The offset of the record, once all replicas have it. Raises OSError if that is not known."""
        ...


Describe = Callable[[Held], Mapping[str, Any]]
"""How a version is shown, without what nobody may see."""


class ControlWriter:
    """The one writer of control records of a gateway. Requests write at once; the log's client makes batches of them.

    Whoever reads the log for ``configuration`` must go on meanwhile: what a record did is known when it was read.
    """

    def __init__(self, log: Log, configuration: Configuration, read_back_seconds: float = READ_BACK_SECONDS) -> None:
        self._log = log
        self._configuration = configuration
        self._read_back_seconds = read_back_seconds

    async def write(self, record: ControlRecord, describe: Describe) -> Outcome:
        """The outcome of a change that is made: by this record, or by an earlier one with the same change id.

        Raises Problem: VERSION_CONFLICT if another version is in force, CHANGE_UNCONFIRMED if it is not known.
        """
        known = self._foreseen(record)
        outcome = known if known is not None else await self._written(record)
        if not outcome.verdict.is_made:
            raise conflict(record.expected_version, outcome, describe)
        return outcome

    def _foreseen(self, record: ControlRecord) -> Outcome | None:
        """What the record would do where that is certain, so that it need not be written: versions only grow."""
        key = (record.entity_type, record.entity_id)
        newest = self._configuration.newest(*key)
        made = self._configuration.made_by(*key, record.change_id)
        if made != UNUSED:
            return Outcome(Verdict(void=True, version=made, repeated=True), newest)
        current = self._configuration.version(*key)
        return Outcome(Verdict(void=True, version=current), newest) if record.expected_version < current else None

    async def _written(self, record: ControlRecord) -> Outcome:
        value = encode(record)
        if len(value) > MAX_RECORD_BYTES:
            raise Problem(BODY_TOO_LARGE, f"{len(value)} bytes are more than the log takes; nothing was changed.")
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        watch = self._configuration.watch(record, lambda found: None if done.done() else done.set_result(found))
        try:
            watch.written_at(await self._log.append(CONTROL.name, record.entity_id.encode(), value, PARTITION))
            async with asyncio.timeout(self._read_back_seconds):
                return await done
        except OSError as error:  # a timeout is one
            raise _unconfirmed(record, str(error) or "it was not read back in time") from error
        finally:
            self._configuration.unwatch(record, watch)


def conflict(expected_version: int, outcome: Outcome, describe: Describe) -> Problem:
    """Another version than the expected one is in force: both, and who made the other."""
    newest = outcome.newest
    if newest is None:
        text = "the id was never used"
    else:
        behalf = f" for {newest.on_behalf_of}" if newest.on_behalf_of else ""
        what = "ended it" if newest.is_ended else "is in force"
        text = f"version {newest.version}, made by {newest.author}{behalf}, {what}"
    return Problem(
        VERSION_CONFLICT,
        f"Version {expected_version} was expected, but {text}. Nothing was changed: look at it, then decide again.",
        members={
            "expected_version": expected_version,
            "version": outcome.verdict.version,
            "in_force": None if newest is None or newest.is_ended else describe(newest),
        },
    )


def _unconfirmed(record: ControlRecord, why: str) -> Problem:
    return Problem(
        CHANGE_UNCONFIRMED,
        f"The log has not confirmed it ({why}). Send the same again with the header Idempotency-Key: "
        f"{record.change_id}. If it is made already, you get the version that was made then.",
        retry_after_seconds=RETRY_AFTER_SECONDS,
        members={"change_id": record.change_id},
    )

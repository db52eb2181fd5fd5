"""What the spool must know beside its records: how far it came, and which of them have which number."""

import json
import logging
import os
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

from pulsemon_producers.state_file import ProducerState
from pulsemon_producers.used_times import NEVER_USED, UsedTimes

log = logging.getLogger(__name__)

FILE_NAME = "state"
VERSION = 1
SLOT_BYTES = 8192
SLOTS = 4
"""The last that was synced, one that is being synced, the last that was saved, and one to write to."""
PREFIX_BYTES = 8


class Mark(NamedTuple):
    """A place in the count of everything that was ever put: the serial of a record, and all samples up to it."""

    serial: int = 0
    samples: int = 0


START = Mark()


@dataclass(frozen=True, slots=True)
class Numbered:
    """Records that were written without a number and have one since: their serials, in order, from ``sequence`` on."""

    producer_id: str
    previous_producer_id: str
    previous_sequence: int
    sequence: int
    serials: tuple[int, ...]
    dropped: Mapping[str, int]
    """What the first of them tells of drops."""


@dataclass(frozen=True, slots=True)
class SpoolState:
    """One moment. ``put``: all records; ``passed``: those that are numbered, dropped or lost; ``done``: acknowledged.

    ``numbered_samples`` are in numbered records that are not done. ``unreported`` counts drops that no batch tells of
    yet; records that were numbered as they were written, with a serial above ``counted``, tell of some of them.
    """

    producer_id: str = ""
    sequence: int = -1
    used: UsedTimes = NEVER_USED
    put: Mark = START
    passed: Mark = START
    done: int = 0
    numbered_samples: int = 0
    group: Numbered | None = None
    unreported: Mapping[str, int] = field(default_factory=dict)
    counted: int = 0

    @property
    def waiting_samples(self) -> int:
        """Samples that were put, and neither acknowledged nor given up."""
        return self.put.samples - self.passed.samples + self.numbered_samples

    @property
    def producer(self) -> ProducerState:
        """The last batch that was numbered, and the times of all of this host's batches."""
        return ProducerState(self.producer_id, self.sequence, self.used)


FIELDS = tuple(one.name for one in fields(SpoolState))


class SpoolStateFile:
    """Slots in one file, written in turn.

    A write that is torn by a kill leaves the one before; one that is torn by a power loss, with whatever else had not
    reached the disk, leaves the last that was synced.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._generation = 0
        self._saved = self._synced = self._syncing = 0
        self._handle: int | None = None
        self._is_failing = False

    def load(self) -> SpoolState | None:
        """The newest state; a new one at a first start; None if a file is there and neither slot can be read."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return SpoolState()
        except OSError as error:
            self._tell_unreadable(error)
            return None
        slots = [(slot, _parse(data[slot * SLOT_BYTES : (slot + 1) * SLOT_BYTES])) for slot in range(SLOTS)]
        good = [(*found, slot) for slot, found in slots if found is not None]
        if not good:
            self._tell_unreadable("none of its copies is whole")
            return None
        self._generation, state, self._saved = max(good, key=lambda one: one[0])
        self._synced = self._syncing = self._saved
        return state

    def save(self, state: SpoolState, *, is_synced: bool) -> None:
        """Survives the end of the process; with ``is_synced`` that of the machine. A failing disk is logged once."""
        self._generation += 1
        kept = {self._saved, self._synced, self._syncing}
        slot = next(number for number in range(SLOTS) if number not in kept)
        try:
            os.pwrite(self._open(), _slot(self._generation, state), slot * SLOT_BYTES)
        except OSError as error:
            self._tell_failing(error)
            return
        self._saved = slot
        self._is_failing = False
        if is_synced:
            self.sync()

    def sync(self) -> None:
        """Returns when what was saved last survives the end of the machine; for one other thread than ``save``."""
        self._syncing = self._saved
        try:
            os.fdatasync(self._open())
        except OSError as error:
            self._tell_failing(error)
        else:
            self._synced = self._syncing

    def close(self) -> None:
        """Lets go of the file."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _open(self) -> int:
        if self._handle is None:
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return self._handle

    def _tell_unreadable(self, why: object) -> None:
        log.warning(
            "%s cannot be read (%s). All spooled batches are sent, those that were delivered already a second time; "
            "whether the last ones before this start were lost cannot be proved.",
            self._path,
            why,
        )

    def _tell_failing(self, error: OSError) -> None:
        if not self._is_failing:
            log.warning(
                "%s cannot be written (%s). Samples are sent as before; free or mend the disk, else batches that wait "
                "when the agent ends may be lost, or be in the log twice.",
                self._path,
                error,
            )
        self._is_failing = True


def _slot(generation: int, state: SpoolState) -> bytes:
    # by hand: dataclasses.asdict copies everything in depth, at each tick
    item = {name: getattr(state, name) for name in FIELDS}
    item |= {"version": VERSION, "generation": generation, "used": state.used.runs}
    if state.group is not None:
        item["group"] = asdict(state.group)
    text = json.dumps(item, separators=(",", ":")).encode()
    if len(text) + PREFIX_BYTES > SLOT_BYTES:
        raise OSError(f"{len(text)} bytes are more than a slot holds")
    return zlib.crc32(text).to_bytes(4, "big") + len(text).to_bytes(4, "big") + text


def _parse(slot: bytes) -> tuple[int, SpoolState] | None:
    """Generation and state of a slot, None if it is not whole or was written by another version."""
    length = int.from_bytes(slot[4:PREFIX_BYTES], "big")
    text = slot[PREFIX_BYTES : PREFIX_BYTES + length]
    if not text or len(text) < length or zlib.crc32(text).to_bytes(4, "big") != slot[:4]:
        return None
    item: dict[str, Any] = json.loads(text)
    if item.pop("version") != VERSION:
        return None
    generation = int(item.pop("generation"))
    item["used"] = UsedTimes.of(item["used"])
    item["put"], item["passed"] = Mark(*item["put"]), Mark(*item["passed"])
    if item["group"] is not None:
        item["group"] = Numbered(**item["group"] | {"serials": tuple(item["group"]["serials"])})
    return generation, SpoolState(**item)

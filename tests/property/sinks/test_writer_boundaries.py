"""Whatever sinks do to one another and whenever they die: the same blocks, and each record stored once.

The store is a model of what tokens and keys do. Several incarnations of one partition's writer act in any order; any of
them may be cut off before or after each effect, and zombies go on with what they had in hand.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from pulsemon_schemas.records import LogRecord
from pulsemon_sinks.buffer import Entry, Fault, FlushLimits
from pulsemon_sinks.clickhouse.errors import StoreRefusedError, StoreUnreachableError
from pulsemon_sinks.containers import Places
from pulsemon_sinks.destination import Destination
from pulsemon_sinks.ledger import Block, BrokenChainError, LogId
from pulsemon_sinks.writer import PartitionWriter

LOG = LogId("pulsemon.metrics", "id-1")
BAD = Fault("malformed", "made so")
GOOD, POISON = b"good", b"poison"


@dataclass
class Model:
    """The store and the dead letter topic, shared by all incarnations.

    ``cuts`` says which of the next effects are cut off.
    """

    cuts: list[int]
    blocks: list[Block] = field(default_factory=list)
    skips: dict[int, dict[int, Fault]] = field(default_factory=dict)
    sent: dict[str, tuple[int, ...]] = field(default_factory=dict)
    tokens: dict[str, tuple[int, ...]] = field(default_factory=dict)
    letters: list[int] = field(default_factory=list)
    noted: set[int] = field(default_factory=set)

    def cut(self, before: bool) -> None:
        """0 lets an effect pass, 1 cuts off before it, 2 after it."""
        kind = self.cuts[-1] if self.cuts else 0
        if (before and kind == 1) or (not before and kind == 2):
            self.cuts.pop()
            raise StoreUnreachableError("cut off", 0.0)
        if not before and kind == 0 and self.cuts:
            self.cuts.pop()


@dataclass
class Boundaries:
    model: Model

    def newest(self, partition: int) -> Block | None:
        self.model.cut(before=True)
        return self.model.blocks[-1] if self.model.blocks else None

    def agree(self, partition: int, proposal: Block, entries: Collection[Entry], *, is_opening: bool) -> Block:
        self.model.cut(before=True)
        blocks = self.model.blocks
        if is_opening:
            if not blocks:
                blocks.append(proposal)
            self.model.cut(before=False)
            return blocks[0]
        known = [one for one in blocks if one.first == proposal.first]
        if not known:
            if not blocks or blocks[-1].last != proposal.first - 1:
                raise BrokenChainError
            blocks.append(proposal)
            known = [proposal]
        self.model.cut(before=False)
        return known[0]


@dataclass
class LeftOut:
    model: Model

    def agreed(self, partition: int, first: int) -> dict[int, Fault]:
        return dict(self.model.skips.get(first, {}))

    def agree(self, partition: int, first: int, faults: Mapping[int, Fault]) -> dict[int, Fault]:
        self.model.skips.setdefault(first, {}).update(faults)
        return self.agreed(partition, first)

    def are_sent(self, partition: int, first: int) -> bool:
        self.model.cut(before=True)
        return first in self.model.noted

    def note_sent(self, partition: int, first: int) -> None:
        self.model.cut(before=True)
        self.model.noted.add(first)
        self.model.cut(before=False)


@dataclass
class Records:
    model: Model

    def store(self, records: Sequence[LogRecord], places: Places, token: str) -> None:
        self.model.cut(before=True)
        offsets = tuple(one.offset for one in records)
        assert self.model.sent.setdefault(token, offsets) == offsets, "one token stood for different records"
        if POISON in {one.value for one in records}:
            raise StoreRefusedError(469, "constraint")
        self.model.tokens[token] = offsets
        self.model.cut(before=False)

    def find_refused(self, records: Sequence[LogRecord], places: Places) -> dict[int, Fault]:
        return {one.offset: BAD for one in records if one.value == POISON}


@dataclass
class Letters:
    model: Model

    def send(self, entry: Entry, fault: Fault, topic_id: str) -> None:
        self.model.letters.append(entry.record.offset)

    def is_drained(self, timeout_seconds: float) -> bool:
        return True


@dataclass
class Incarnation:
    """A sink that has the partition, or had it and does not know."""

    writer: PartitionWriter
    position: int = -1
    now: float = 0.0

    def act(self, log: Sequence[Entry], count: int, model: Model) -> None:
        self.now += 1.0
        try:
            if not self.writer.is_open:
                self.position = self.writer.open(log[0].record.offset)
            for entry in [one for one in log if one.record.offset >= self.position][:count]:
                self.writer.accept(entry, self.now)
                self.position = entry.record.offset + 1
            if self.writer.is_due(self.now + 0.9):
                self.writer.advance(self.now + 0.9)
        except StoreUnreachableError:
            return
        except BrokenChainError:
            raise AssertionError("the chain never breaks while the store keeps what it has") from None
        stored = {offset for offsets in model.tokens.values() for offset in offsets}
        behind = [one.record.offset for one in log if one.record.offset < self.writer.next_offset and is_good(one)]
        assert stored.issuperset(behind), "went past an offset that is not stored"


def entry(offset: int, fault: Fault | None = None, value: bytes = GOOD) -> Entry:
    return Entry(LogRecord(LOG.topic, 0, offset, 0, b"k", value), 1, 0, fault)


def is_good(one: Entry) -> bool:
    return one.fault is None and one.record.value == GOOD


@st.composite
def logs(draw: st.DrawFn) -> list[Entry]:
    """Records with gaps between their offsets; some are bad, and some only the store refuses."""
    steps = draw(st.lists(st.integers(1, 3), min_size=1, max_size=25))
    entries, offset = [], draw(st.integers(0, 5))
    for step in steps:
        fault = BAD if draw(st.integers(0, 5)) == 0 else None
        entries.append(entry(offset, fault, POISON if draw(st.integers(0, 5)) == 0 else GOOD))
        offset += step
    return entries


def incarnation(model: Model, block_size: int) -> Incarnation:
    destination = Destination(LOG, Boundaries(model), LeftOut(model), Records(model), Letters(model))
    return Incarnation(PartitionWriter(0, destination, FlushLimits(block_size, 10_000, 0.5)))


ACTIONS = st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(1, 9)), min_size=5, max_size=60)


@settings(max_examples=300, deadline=None)
@given(log=logs(), actions=ACTIONS, cuts=st.lists(st.integers(0, 2), max_size=40))
def test_every_record_is_stored_once_and_blocks_are_cut_once(
    log: list[Entry], actions: list[tuple[int, bool, int]], cuts: list[int]
) -> None:
    model = Model(cuts)
    sinks = {number: incarnation(model, number + 1) for number in range(4)}
    for number, dies, count in actions:
        if dies:
            sinks[number] = incarnation(model, count)
        sinks[number].act(log, count, model)
    model.cuts.clear()
    last = incarnation(model, 3)
    for _ in range(3 * len(log) + 3):
        last.act(log, 5, model)

    stored = [offset for offsets in model.tokens.values() for offset in offsets]
    assert sorted(stored) == [one.record.offset for one in log if is_good(one)]
    assert set(model.letters) == {one.record.offset for one in log if not is_good(one)}
    assert last.writer.next_offset == log[-1].record.offset + 1
    for one, following in pairwise(model.blocks):
        assert following.first == one.last + 1


def test_of_two_openings_the_first_counts_and_the_other_starts_again() -> None:
    """Retention moved the beginning of the log between the two, before either had stored anything."""
    model = Model([])
    log = [entry(offset) for offset in range(10)]
    early, late = incarnation(model, 4), incarnation(model, 4)
    assert early.writer.open(0) == 0
    assert late.writer.open(3) == 3
    early.act(log, 4, model)
    early.position = 0
    early.act(log, 4, model)
    for one in log[3:]:
        late.writer.accept(one, 0.0)
    assert not late.writer.advance(1.0)
    assert not late.writer.is_open
    for _ in range(6):
        late.act(log, 4, model)
    stored = [offset for offsets in model.tokens.values() for offset in offsets]
    assert sorted(stored) == list(range(10))

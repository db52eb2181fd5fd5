import itertools
import math
import string

import pytest
from pulsemon_schemas import codec
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.reasons import NOT_APPLIED, REASONS
from pulsemon_schemas.records import LogRecord, MetricBatch
from pulsemon_schemas.ticks import TICK_KEY, make_tick
from pulsemon_schemas.topics import MAX_RECORD_BYTES
from pulsemon_schemas.validity import EARLIEST_MS, MAX_AHEAD_MS, MAX_SAMPLES, check
from support.batches import NOW_MS, PARTITION_COUNT, batch, log_record

USUAL = codec.encode(batch())
KEY = b"0123456789abcdef"
# One sample too many, in names so short that the record is not too long.
LETTERS = sorted(string.ascii_letters)
MANY = tuple(itertools.islice(map("".join, itertools.product(LETTERS, repeat=3)), MAX_SAMPLES + 1))
TICK = make_tick(
    KEY,
    partition=2,
    topic_id="t",
    control_topic_id="c",
    control_offset=41,
    producer_id="processor-1",
    sequence=5,
    now_ms=NOW_MS,
)


def tick_record(made: MetricBatch = TICK, partition: int = 2) -> LogRecord:
    return log_record(made, partition=partition, key=TICK_KEY)


@pytest.mark.parametrize(
    "record",
    [
        log_record(batch()),
        log_record(batch(names=(), labels=(), values=())),
        log_record(batch(values=(math.nan, math.inf, -math.inf))),
        log_record(batch(recorded_at_ms=EARLIEST_MS)),
        log_record(batch(), append_time_ms=NOW_MS - MAX_AHEAD_MS),
        log_record(batch(sequence=0)),
        log_record(batch(sent_at_ms=0)),
        log_record(batch(server_id="größe")),
        tick_record(),
    ],
    ids=["usual", "heartbeat", "non-finite", "2020", "10 min ahead", "first", "sent never", "umlauts", "tick"],
)
def test_valid(record: LogRecord) -> None:
    head = check(record, PARTITION_COUNT, KEY)

    assert head.values() == pytest.approx(codec.decode(record.value).values, nan_ok=True)  # type: ignore[union-attr]


INVALID: list[tuple[str, LogRecord]] = [
    ("framing", log_record(b"")),
    ("framing", log_record(b'{"server_id": "web-1"}')),
    ("unknown_schema", log_record(b"\x00\x00\x00\x00\x63" + USUAL[5:])),
    ("unknown_schema", log_record(b"\x00\x00\x00\x00\x02" + USUAL[5:])),
    ("truncated", log_record(USUAL[:-1])),
    ("truncated", log_record(USUAL[:5])),
    ("trailing_bytes", log_record(USUAL + b"\x00")),
    ("trailing_bytes", log_record(USUAL + USUAL)),
    ("malformed", log_record(b"\x00\x00\x00\x00\x01\x01")),
    ("malformed", log_record(batch(server_id=""))),
    ("not_utf8", log_record(USUAL.replace(b"mountpoint", b"mount\xffoint"))),
    ("not_utf8", log_record(USUAL.replace(b"agent", b"\xffgent"))),
    ("unequal_arrays", log_record(batch(values=(1.0,)))),
    ("unsorted", log_record(batch(names=("b", "a", "c"), labels=("", "", "")))),
    ("unsorted", log_record(batch(names=("a", "a", "c"), labels=("", "", "")))),
    ("too_large", log_record(b"\x00" * (MAX_RECORD_BYTES + 1))),
    ("too_large", log_record(batch(names=MANY, labels=("",) * len(MANY), values=(0.0,) * len(MANY)))),
    ("negative_sequence", log_record(batch(sequence=-1))),
    ("key_mismatch", log_record(batch(), key=b"web-2")),
    ("key_mismatch", log_record(batch(), key=b"")),
    ("wrong_partition", log_record(batch(), partition=(log_record(batch()).partition + 1) % PARTITION_COUNT)),
    ("too_old", log_record(batch(recorded_at_ms=EARLIEST_MS - 1))),
    ("too_old", log_record(batch(recorded_at_ms=0))),
    ("too_new", log_record(batch(), append_time_ms=NOW_MS - MAX_AHEAD_MS - 1)),
    ("too_new", log_record(batch(recorded_at_ms=4_070_908_800_000))),
    ("bad_signature", tick_record(batch(server_id="_tick"))),
    ("bad_signature", tick_record(partition=3)),
]


@pytest.mark.parametrize(("reason", "record"), INVALID)
def test_invalid(reason: str, record: LogRecord) -> None:
    with pytest.raises(ContractError) as caught:
        check(record, PARTITION_COUNT, KEY)
    assert caught.value.reason == reason
    assert caught.value.detail


def test_every_reason_has_a_case_and_every_case_a_listed_reason() -> None:
    assert {reason for reason, _ in INVALID} == set(REASONS) - {NOT_APPLIED}


def test_each_reason_says_what_happened_in_one_sentence() -> None:
    for sentence in REASONS.values():
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert sentence.count(".") == 1


def test_without_a_secret_no_tick_is_valid() -> None:
    with pytest.raises(ContractError, match="bad_signature"):
        check(tick_record(), PARTITION_COUNT)


def test_a_tick_of_another_topic_is_invalid() -> None:
    check(tick_record(), PARTITION_COUNT, KEY, "t")
    with pytest.raises(ContractError, match="bad_signature: the Tick is for topic t, not u"):
        check(tick_record(), PARTITION_COUNT, KEY, "u")

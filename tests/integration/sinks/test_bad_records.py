"""Bad records go to the dead letter topic as they came, with the reason; their neighbours are stored."""

import struct

import pytest
from pulsemon_schemas import codec
from pulsemon_schemas.partitioner import partition_for
from support.sinks import AT_MS, Place, batch, headers, running_sink
from support.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

GOOD = codec.encode(batch())
KEY = b"web-1"
YEAR_2099_MS = 4_070_908_800_000


def unequal() -> bytes:
    return codec.encode(batch(values=(1.0, 2.0)))


CASES: dict[str, tuple[str, bytes | None, bytes | None]] = {
    "garbage": ("framing", KEY, b"\xde\xad\xbe\xef garbage"),
    "nothing": ("framing", KEY, b""),
    "tombstone": ("framing", KEY, None),
    "unknown schema": ("unknown_schema", KEY, b"\0" + struct.pack(">I", 4711) + GOOD[5:]),
    "truncated": ("truncated", KEY, GOOD[:-9]),
    "two records in one": ("trailing_bytes", KEY, GOOD + GOOD[5:]),
    "unequal arrays": ("unequal_arrays", KEY, unequal()),
    "stamp of 2099": ("too_new", KEY, codec.encode(batch(recorded_at_ms=YEAR_2099_MS))),
    "stamp of 1970": ("too_old", KEY, codec.encode(batch(recorded_at_ms=0))),
    "key of another server": ("key_mismatch", b"web-2", GOOD),
    "no key": ("key_mismatch", None, GOOD),
    "unsorted": ("unsorted", KEY, codec.encode(batch(names=("b", "a", "c")))),
    "negative sequence": ("negative_sequence", KEY, codec.encode(batch(sequence=-1, recorded_at_ms=AT_MS))),
}


def test_every_kind_of_bad_record_and_its_neighbours(place: Place) -> None:
    own = partition_for(KEY, place.partition_count)
    with running_sink(place, flush_seconds=0.5):
        for number, (_, key, value) in enumerate(CASES.values()):
            place.send([batch(sequence=2 * number)])
            place.send_raw(key, value, partition=own)
            place.send([batch(sequence=2 * number + 1)])
        place.send_raw(KEY, codec.encode(batch(sequence=999)), partition=1 - own)
        place.flush()
        letters = place.dead_letters(len(CASES) + 1)
        place.wait_for("batches", 2 * len(CASES))
        place.wait_for("samples", 6 * len(CASES))

    found = {int(headers(one)["offset"]): one for one in letters if headers(one)["partition"] == str(own)}
    for number, (reason, key, value) in enumerate(CASES.values()):
        letter = found[3 * number + 1]
        assert headers(letter)["reason"] == reason
        assert headers(letter)["topic"] == place.topic("metrics")
        assert headers(letter)["detail"]
        assert headers(letter)["role"] == "sink"
        assert (letter.key(), letter.value()) == (key, value)
    strays = [one for one in letters if headers(one)["partition"] == str(1 - own)]
    assert [headers(one)["reason"] for one in strays] == ["wrong_partition"]
    agreed = place.rows("SELECT arrayJoin(skipped), arrayJoin(reasons) FROM {}.sink_skips WHERE round > 0")
    assert agreed == [], "one round tells all that heads can tell"


def test_a_block_of_nothing_but_bad_records(place: Place) -> None:
    own = partition_for(KEY, place.partition_count)
    with running_sink(place):
        for _ in range(3):
            place.send_raw(KEY, b"bad", partition=own)
        place.flush()
        assert len(place.dead_letters(3)) == 3
        place.send([batch()])
        place.wait_for("batches", 1)


def test_dead_letters_are_sent_once_however_often_the_sink_starts(place: Place) -> None:
    for number in range(3):
        place.send_raw(KEY, b"bad %d" % number)
    place.flush()
    for number in range(3):
        with running_sink(place):
            place.send([batch(sequence=number, server="db-1")])
            place.wait_for("batches", number + 1)
            wait_until(lambda: place.rows("SELECT count() FROM {}.sink_letters") == [(1,)], 10, "the letters sent")
    letters = place.dead_letters(3)
    assert len({(headers(one)["partition"], headers(one)["offset"]) for one in letters}) == len(letters) == 3

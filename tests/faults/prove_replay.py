"""The proof of determinism: 200 servers and six hours, replayed twice, and once in pieces of any length.

Run it with ``make prove-replay``; it takes some minutes of CPU and needs no Kafka. Each engine, the fleet's too, is
made anew from the bytes of its state at 100 random offsets.
"""

import time

import pytest
from support.recorded_log import Plan, record
from support.recorded_replay import logs_of, replayed

pytestmark = pytest.mark.slow

SPLITS = 100


def test_six_hours_twice_and_in_pieces_have_one_sha256() -> None:
    recording = record(Plan("metrics-id", "control-id", b"secret", 1_780_000_000_000))
    logs = logs_of(recording.entries(), recording.plan.partition_count)
    print(f"\n{sum(map(len, logs))} records in {len(logs)} partitions, {len(recording.control)} control records")
    digests = []
    for name, splits in (("once", 0), ("again", 0), (f"in pieces, {SPLITS} cuts for each engine", SPLITS)):
        began = time.process_time()
        run = replayed(recording, logs, splits)
        digests.append(run.digest())
        seconds = time.process_time() - began
        print(f"{name}: {len(run.outputs)} and {len(run.fleet_outputs)} outputs in {seconds:.1f} s of CPU")
        print(f"  outputs {digests[-1].outputs}\n  state   {digests[-1].state}")
    assert digests[0] == digests[1] == digests[2]

"""The proof of calm: flapping values and disks that fill, as means over many seeds, beside the best figures of others.

Run it with ``make prove-rules``; it takes a minute or two of CPU. Those of others are of one measurement of their
policies on traces of the same kind: transitions a day, false episodes, and hours before the disk is full.
"""

from statistics import mean

import pytest
from support.disk_judging import FAST, SLOW, verdict
from support.disk_traces import disk_trace
from support.flap_judging import USUAL, day
from support.flap_traces import LIMIT, flap_trace

pytestmark = pytest.mark.slow

SEEDS = range(20)
TRANSITIONS = {"at the limit": 1.0, "below the limit": 12.7, "one incident": 2.0}
LEAD_HOURS = {"6 % a day": 22.3, "20 % a day": 23.4, "60 % a day": 15.5, "45 % in 3 h": 2.6}
NEVER_FULL = ("nightly burst", "weekly sawtooth")


@pytest.mark.parametrize("kind", TRANSITIONS)
def test_values_near_their_limit(kind: str) -> None:
    print()
    for name, level, more in (
        ("usual levels", USUAL, {}),
        ("the last sample alone", {"limit": LIMIT}, {}),
        ("the same without flapping", {"limit": LIMIT}, {"flapping": False}),
    ):
        days = [day(level, flap_trace(kind, seed), **more) for seed in SEEDS]
        transitions, minutes = mean(one.transitions for one in days), mean(one.firing_minutes for one in days)
        told = mean(len(one.told) for one in days)
        print(f"{kind}, {name}: {transitions:.1f} transitions, {told:.1f} events, {minutes:.0f} minutes a day")
        if level is USUAL:
            assert transitions <= TRANSITIONS[kind]


@pytest.mark.parametrize("kind", [*LEAD_HOURS, *NEVER_FULL])
def test_disks_that_fill_and_those_that_only_look_so(kind: str) -> None:
    found = [verdict((SLOW, FAST), disk_trace(kind, seed)) for seed in SEEDS]
    false = sum(one.false_episodes for one in found)
    print(f"\n{kind}: {false} false episodes in {len(found)} traces", end="")
    assert false == 0
    if kind in LEAD_HOURS:
        hours = mean(one.lead_hours or 0.0 for one in found)
        print(f", {hours:.2f} h before it is full")
        assert round(hours, 1) >= LEAD_HOURS[kind]

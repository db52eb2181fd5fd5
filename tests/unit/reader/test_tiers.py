"""Which tier answers which window."""

import pytest
from pulsemon_sinks.reader.choice import Window
from pulsemon_sinks.reader.tiers import DAYS, HOURS, MINUTES, Reach, Tier

DAY = 86_400
NOW = 20_000 * DAY + 5 * 3600
KEPT = {"samples": 14 * DAY, "samples_1m": 30 * DAY, "samples_1h": 730 * DAY, "samples_1d": None}
REACH = Reach(NOW // 3600 * 3600, KEPT)


def window(length: int, step: int, ago: int = 0) -> Window:
    return Window((NOW - ago - length) * 1000, (NOW - ago) * 1000, step)


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (window(900, 10), None),
        (window(6 * 3600, 60), None),  # the newest hours are raw
        (window(DAY, 300), MINUTES),
        (window(DAY, 10), None),  # finer than a minute
        (window(DAY, 90), None),  # buckets would hold one minute or two
        (window(7 * DAY, 3600), HOURS),
        (window(7 * DAY, 20_160), HOURS),  # no multiple, but rows enough
        (window(365 * DAY, DAY), DAYS),
        (window(40 * DAY, 3600), HOURS),
        (window(3600, 10, ago=20 * DAY), MINUTES),  # the raw samples of then are gone
        (window(3600, 10, ago=40 * DAY), HOURS),  # and so are the minutes
        (window(3600, 10, ago=1000 * DAY), DAYS),
    ],
)
def test_the_tier_follows_range_step_and_age(asked: Window, wanted: Tier | None) -> None:
    assert REACH.tier(asked, NOW * 1000) == wanted


def test_counters_need_several_rows_a_bucket() -> None:
    assert REACH.tier(window(7 * DAY, 3600), NOW * 1000, has_counters=True) == MINUTES
    assert REACH.tier(window(60 * DAY, DAY), NOW * 1000, has_counters=True) == HOURS


def test_without_rollups_all_is_read_raw() -> None:
    assert Reach(0, KEPT).tier(window(7 * DAY, 3600), NOW * 1000) is None


def test_what_the_engine_really_keeps_decides() -> None:
    longer = Reach(REACH.made_before, {**KEPT, "samples": None, "samples_1m": 90 * DAY})
    assert longer.tier(window(3600, 10, ago=40 * DAY), NOW * 1000) is None
    assert longer.tier(window(DAY, 300, ago=40 * DAY), NOW * 1000) == MINUTES

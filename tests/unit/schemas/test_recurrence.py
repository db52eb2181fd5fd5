"""Windows that come again, as data: each file of ``recurrence/`` is a rule, and the moments in UTC when it holds."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pulsemon_schemas.quiet_windows import expanded, is_due
from pulsemon_schemas.recurrence import intervals, read_recurrence
from pulsemon_schemas.rules import RuleError, parse_quiet
from pulsemon_schemas.rules.fields import Fields

CASES = sorted((Path(__file__).parent / "recurrence").glob("*.json"))
NOON_MS = round(datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp() * 1000)
DAY_MS = 86_400_000
SUNDAYS = {
    "rrule": "FREQ=WEEKLY;BYDAY=SU",
    "starts_at": "2026-11-01T02:00",
    "zone": "Europe/Berlin",
    "duration_seconds": 7200,
}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_rule_holds_when_its_zone_says(path: Path) -> None:
    case = json.loads(path.read_text())
    problems: list[str] = []
    found = read_recurrence(Fields(case["recurrence"], problems))
    assert not problems
    assert found is not None
    since, before = (datetime.fromisoformat(case[name]) for name in ("since", "before"))
    shown = [[_text(start), _text(end)] for start, end in intervals(found, since, before)]
    assert shown == case["intervals"]


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"zone": "Europe/Atlantis"}, "zone: 'Europe/Atlantis' is no zone"),
        ({"zone": "../../etc/passwd"}, "zone: "),
        ({"rrule": "FREQ=SECONDLY"}, "FREQ must be one of"),
        ({"rrule": "FREQ=WEEKLY;BYDAY=XX"}, "cannot be understood"),
        ({"rrule": "FREQ=WEEKLY;FREQ=DAILY"}, "twice"),
        ({"rrule": "FREQ=DAILY;BYEASTER=1"}, "BYEASTER is no part"),
        ({"rrule": "FREQ=DAILY;COUNT=3;UNTIL=20270101T000000Z"}, "exclude each other"),
        ({"rrule": "FREQ=DAILY;UNTIL=20270101"}, "UNTIL must be in UTC"),
        ({"rrule": "FREQ=DAILY;INTERVAL=0"}, "INTERVAL must be a number from 1"),
        (
            {"rrule": "FREQ=WEEKLY;BYDAY=MO"},
            "starts_at: is no time of the rule, the first after it is 2026-11-02T02:00",
        ),
        ({"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "none within 8 years"),
        ({"starts_at": "2026-11-01T02:00+01:00"}, "starts_at: must be a time such as"),
        ({"duration_seconds": 0}, "duration_seconds: must be at least 1"),
        ({"rule": "FREQ=DAILY"}, "rule: is not known: did you mean rrule?"),
        (
            {"rrule": "FREQ=DAILY;BYHOUR=2;BYMINUTE=" + ",".join(map(str, range(60))), "duration_seconds": 1},
            "more than",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_makes_no_sense_is_refused_by_name(wrong: dict[str, Any], problem: str) -> None:
    with pytest.raises(RuleError) as refused:
        expanded("maintenance", "sundays", {"recurrence": {**SUNDAYS, **wrong}}, NOON_MS)
    assert problem in str(refused.value)


def test_a_body_is_ahead_by_sixty_days_at_least_and_seldom_written() -> None:
    body = expanded("maintenance", "sundays", {"recurrence": SUNDAYS, "comment": "backups"}, NOON_MS)
    assert (body["comment"], body["recurrence"]) == ("backups", SUNDAYS)
    assert expanded("maintenance", "sundays", body, NOON_MS + 11 * 3_600_000) == body, "the same all day"
    written = 0
    for day in range(70):
        now_ms = NOON_MS + day * DAY_MS
        if is_due("maintenance", "sundays", body, now_ms):
            body, written = expanded("maintenance", "sundays", body, now_ms), written + 1
        period = parse_quiet("maintenance", "sundays", body)
        ahead = [start for start, _ in period.intervals if now_ms < start < now_ms + 60 * DAY_MS]
        assert len(ahead) >= 7, "at 2:00 on the 28th of March there is none"
        assert all(end > now_ms - 22 * DAY_MS for _, end in period.intervals), "the past is left out"
    assert 3 <= written <= 10, "the log is kept for ever"
    assert not is_due("silence", "once", {"intervals": [[0, 1]]}, NOON_MS)
    assert expanded("silence", "once", {"intervals": [[0, 1]]}, NOON_MS) == {"intervals": [[0, 1]]}


def test_a_window_that_is_further_ahead_is_written_and_one_that_is_over_keeps_its_last() -> None:
    yearly = {**SUNDAYS, "rrule": "FREQ=YEARLY", "starts_at": "2025-06-01T02:00"}
    body = expanded("maintenance", "yearly", {"recurrence": yearly}, NOON_MS)
    assert [_text(start) for start, _ in body["intervals"]] == ["2027-06-01T00:00:00+00:00"]
    over = {**SUNDAYS, "rrule": "FREQ=WEEKLY;COUNT=2"}
    body = expanded("maintenance", "over", {"recurrence": over}, NOON_MS - 14 * DAY_MS)
    assert not is_due("maintenance", "over", body, NOON_MS + 100 * DAY_MS)
    later = expanded("maintenance", "over", body, NOON_MS + 100 * DAY_MS)
    assert later["intervals"] == body["intervals"][-1:]
    with pytest.raises(RuleError, match="never holds again"):
        expanded("maintenance", "over", {"recurrence": over}, NOON_MS + 100 * DAY_MS)


def test_a_rule_of_long_ago_takes_no_longer_than_a_new_one() -> None:
    old = {**SUNDAYS, "rrule": "FREQ=HOURLY;INTERVAL=5", "starts_at": "2000-01-01T00:00", "duration_seconds": 60}
    new = {**old, "starts_at": _same_phase()}
    bodies = [expanded("maintenance", "hours", {"recurrence": one}, NOON_MS) for one in (old, new)]
    assert bodies[0]["intervals"] == bodies[1]["intervals"]


def _same_phase() -> str:
    start = datetime(2000, 1, 1)  # noqa: DTZ001 - a time of the zone
    late = datetime(2026, 10, 1)  # noqa: DTZ001
    step = timedelta(hours=5)
    return (start + step * ((late - start) // step)).isoformat()


def _text(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat()

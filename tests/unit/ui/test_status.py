import pytest
from pulsemon_sinks.reader.alerts import ServerStatus
from pulsemon_ui.view_models.status import Status, Verdict, decide, has_stopped, is_judging, judge, reference_ms

NOW = 1_800_000_000_000


@pytest.mark.parametrize(
    ("age_seconds", "status"),
    [(0, Status.OK), (30, Status.OK), (31, Status.LATE), (90, Status.LATE), (91, Status.SILENT), (9999, Status.SILENT)],
)
def test_a_server_is_judged_against_the_newest_data(age_seconds: int, status: Status) -> None:
    assert judge(NOW - age_seconds * 1000, as_of_ms=NOW, now_ms=NOW).status is status


def test_a_server_that_never_sent_is_new() -> None:
    assert judge(None, as_of_ms=NOW, now_ms=NOW).status is Status.NEW


def test_when_the_way_of_the_data_lags_no_server_is_called_silent() -> None:
    assert judge(NOW - 80_000, as_of_ms=NOW - 80_000, now_ms=NOW).status is Status.OK


def test_when_nothing_arrives_nothing_can_be_said_of_any_server() -> None:
    verdict = judge(NOW - 91_000, as_of_ms=NOW - 91_000, now_ms=NOW)

    assert verdict.status is Status.SILENT
    assert verdict.silent_seconds == 91


def test_a_host_whose_clock_runs_ahead_does_not_make_the_others_silent() -> None:
    assert judge(NOW, as_of_ms=NOW + 300_000, now_ms=NOW).status is Status.OK
    assert reference_ms(NOW + 300_000, NOW) == NOW


def test_silence_is_counted_to_now() -> None:
    assert judge(NOW - 200_000, as_of_ms=NOW - 50_000, now_ms=NOW).silent_seconds == 200


@pytest.mark.parametrize(
    ("as_of_ms", "stopped"), [(None, False), (NOW, False), (NOW - 90_000, False), (NOW - 90_001, True)]
)
def test_data_have_stopped_after_the_time_that_one_server_may_be_silent(as_of_ms: int | None, stopped: bool) -> None:
    assert has_stopped(as_of_ms, NOW) is stopped


def said(word: str) -> ServerStatus:
    """What a processor said ten minutes ago."""
    return ServerStatus("a-1", word, "ok", NOW - 600_000, NOW, "", {})


@pytest.mark.parametrize(
    ("word", "by_age", "judging", "status"),
    [
        ("critical", Status.OK, True, Status.CRITICAL),
        ("warning", Status.OK, True, Status.WARNING),
        ("ok", Status.OK, True, Status.OK),
        ("down", Status.OK, True, Status.SILENT),
        ("stale", Status.OK, True, Status.LATE),
        ("maintenance", Status.SILENT, True, Status.MAINTENANCE),
        ("retired", Status.SILENT, False, Status.RETIRED),
        # a rule may let a server be silent for longer than others
        ("ok", Status.SILENT, True, Status.OK),
        # what a processor that stands still said of a silence is overtaken; of the rest it is the last that is known
        ("ok", Status.SILENT, False, Status.SILENT),
        ("critical", Status.LATE, False, Status.LATE),
        ("down", Status.OK, False, Status.OK),
        ("critical", Status.OK, False, Status.CRITICAL),
        # a server that nobody registered, and one of which the store knows older data than the processor
        ("new", Status.OK, True, Status.NEW),
        ("new", Status.SILENT, True, Status.SILENT),
        ("new", Status.NEW, True, Status.NEW),
        # a word of a later version
        ("odd", Status.LATE, True, Status.LATE),
    ],
)
def test_the_processor_decides_where_it_can(word: str, by_age: Status, judging: bool, status: Status) -> None:
    verdict = decide(Verdict(by_age, 5.0), said(word), is_judging=judging, now_ms=NOW)

    assert verdict.status is status
    if status is not by_age:
        assert (verdict.silent_seconds, verdict.lasted_seconds) == (5.0, 600.0)


def test_without_a_processor_the_age_of_the_data_decides() -> None:
    assert decide(Verdict(Status.LATE, 50.0), None, is_judging=False, now_ms=NOW) == Verdict(Status.LATE, 50.0)


@pytest.mark.parametrize(
    ("judged_ms", "as_of_ms", "judging"),
    [
        (None, NOW, False),
        (NOW - 5_000, NOW, True),
        (NOW - 91_000, NOW, False),
        # the way of the data lags: Ticks come as late as all else
        (NOW - 80_000, NOW - 75_000, True),
        (NOW - 300_000, NOW - 300_000, False),
    ],
)
def test_a_processor_judges_while_its_ticks_are_as_new_as_the_data(
    judged_ms: int | None, as_of_ms: int, judging: bool
) -> None:
    assert is_judging(judged_ms, as_of_ms, NOW) is judging


def test_old_values_are_old_whatever_the_status() -> None:
    assert Verdict(Status.MAINTENANCE, 500.0).is_silent
    assert not Verdict(Status.CRITICAL, 5.0).is_silent

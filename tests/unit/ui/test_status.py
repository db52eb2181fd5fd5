import pytest
from pulsemon_ui.view_models.status import Status, has_stopped, judge, reference_ms

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

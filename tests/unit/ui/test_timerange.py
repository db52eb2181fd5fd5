from datetime import UTC

import pytest
from pulsemon_sinks.reader.choice import Window
from pulsemon_ui.view_models.timerange import (
    RANGES,
    Span,
    aligned_window,
    chosen,
    coarse,
    complete_window,
    fixed_span,
    live_span,
    span_text,
    step_seconds,
    viewer_zone,
)

NOW = 1_800_000_007_000


@pytest.mark.parametrize("word", RANGES)
def test_a_live_range_ends_with_the_bucket_of_now_and_draws_few_points(word: str) -> None:
    window = live_span(word, NOW).window

    assert window.end_ms > NOW >= window.end_ms - max(10, window.step_seconds) * 1000
    assert window.end_ms - window.start_ms == RANGES[word] * 1000
    assert (window.end_ms - window.start_ms) // 1000 // window.step_seconds <= 361


@pytest.mark.parametrize(("seconds", "step"), [(900, 10), (3600, 10), (21_600, 60), (86_400, 300), (86_401, 3600)])
def test_raw_up_to_six_hours_then_five_minutes_then_hours(seconds: int, step: int) -> None:
    assert step_seconds(seconds) == step


def test_an_unknown_range_is_the_default() -> None:
    assert live_span("no' OR 1", NOW) == live_span("6h", NOW)


@pytest.mark.parametrize(
    ("start", "end"),
    [(None, "5"), ("5", None), ("abc", "5"), ("200", "100"), ("-5", "100"), ("100", "130"), ("9" * 40, "9" * 41)],
)
def test_what_is_no_time_in_the_url_is_no_span(start: str | None, end: str | None) -> None:
    assert fixed_span(start, end, NOW) is None


def test_a_fixed_span_does_not_move_nor_reach_into_the_future() -> None:
    span = fixed_span("1799996400", "1900000000", NOW)

    assert span == Span(Window(1_799_996_400_000, 1_800_000_007_000, 20), is_live=False)


@pytest.mark.parametrize(("times", "ends"), [("100-1000", ("100", "1000")), ("100-110", ("75", "135"))])
def test_a_drag_chooses_a_minute_at_least(times: str, ends: tuple[str, str]) -> None:
    assert chosen(times) == ends


@pytest.mark.parametrize("times", ["", "100", "100-", "200-100", "a-b", "-1-5"])
def test_a_message_that_is_no_drag_chooses_nothing(times: str) -> None:
    assert chosen(times) is None


def test_viewers_in_the_same_bucket_ask_the_same_question() -> None:
    assert aligned_window(NOW, 3600, 60) == aligned_window(NOW + 40_000, 3600, 60)


def test_what_is_counted_is_counted_in_finished_buckets() -> None:
    for second in (0, 1, 599):
        window = complete_window((1200 + second) * 1000, 1800, 600)
        assert (window.start_ms, window.end_ms) == (-600_000, 1_200_000)


def test_a_table_needs_fewer_buckets_than_a_chart() -> None:
    assert coarse(Window(0, 6_000_000, 10), 60).step_seconds == 100


def test_times_are_told_in_the_viewers_zone() -> None:
    span = Span(Window(1_800_000_000_000, 1_800_003_600_000, 10), is_live=False)

    assert span_text(span, UTC) == "Fri 15 Jan, 08:00 to 09:00"
    assert span_text(span, viewer_zone("Asia/Tokyo")) == "Fri 15 Jan, 17:00 to 18:00"
    assert viewer_zone("No/Where") is UTC
    assert viewer_zone(None) is not None

import pytest
from pulsemon_ui.view_models.gaps import alone, bridged

N = None


def test_empty_buckets_between_samples_of_a_slower_series_are_filled() -> None:
    assert bridged([0.0, N, N, 3.0, N, N, 6.0]) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def test_a_gap_stays_a_gap() -> None:
    assert bridged([1.0, 1.0, 1.0, N, N, N, N, 1.0, 1.0]) == [1.0, 1.0, 1.0, N, N, N, N, 1.0, 1.0]


def test_a_series_that_becomes_faster_is_not_torn() -> None:
    assert N not in bridged([0.0, N, N, N, N, N, 6.0, N, N, N, N, N, 12.0, 13.0, 14.0])


def test_edges_stay_empty() -> None:
    assert bridged([N, 1.0, 2.0, N]) == [N, 1.0, 2.0, N]


def test_two_lonely_samples_are_not_joined() -> None:
    assert bridged([1.0, N, N, N, N, 1.0]) == [1.0, N, N, N, N, 1.0]


def test_samples_as_far_apart_as_they_are_sent_are_joined() -> None:
    assert bridged([1.0, N, N, 4.0], least=3.0) == [1.0, 2.0, 3.0, 4.0]
    assert bridged([1.0, *[N] * 6, 8.0], least=3.0) == pytest.approx([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    assert bridged([1.0, *[N] * 7, 9.0], least=3.0) == [1.0, *[N] * 7, 9.0]


def test_values_that_no_line_shows() -> None:
    assert alone([1.0, N, 2.0, 3.0, N, 4.0]) == [0, 5]
    assert alone([1.0]) == [0]
    assert alone([N, 1.0, 2.0]) == []


def test_nothing_comes_of_nothing() -> None:
    assert bridged([]) == []
    assert bridged([N, N]) == [N, N]

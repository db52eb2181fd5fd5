from pulsemon_ui.view_models.gaps import bridged

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


def test_nothing_comes_of_nothing() -> None:
    assert bridged([]) == []
    assert bridged([N, N]) == [N, N]

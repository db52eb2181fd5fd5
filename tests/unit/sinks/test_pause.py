from pulsemon_sinks.pause import Pause


def test_pauses_grow_to_a_limit_and_end_with_success() -> None:
    pause = Pause(longest_seconds=1.0)
    lengths = []
    for _ in range(5):
        pause.extend(100.0, least_seconds=0.2)
        lengths.append(next(n / 10 for n in range(20) if pause.is_over(100.0 + n / 10)))
    assert lengths == [0.2, 0.4, 0.8, 1.0, 1.0]
    pause.end()
    assert pause.is_over(0.0)

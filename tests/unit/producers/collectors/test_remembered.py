from pulsemon_producers.collectors.base import Tick
from pulsemon_producers.collectors.remembered import Remembered


def test_a_fact_is_looked_up_once_a_minute_and_after_a_boot() -> None:
    asked: list[int] = []

    def look_up() -> int:
        asked.append(len(asked))
        return asked[-1]

    fact = Remembered(look_up)

    found = [fact.at(Tick(seconds * 1000, None, "boot", {})) for seconds in (30, 40, 50, 60, 70, 110, 120)]

    assert found == [0, 0, 0, 1, 1, 1, 2]
    assert fact.at(Tick(121_000, None, "another boot", {})) == 3

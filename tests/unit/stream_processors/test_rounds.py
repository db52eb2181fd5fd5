from pulsemon_stream_processors.rounds import Rounds


def run(rounds: Rounds, partitions: list[int], seconds: range) -> list[tuple[int, int]]:
    """(second, partition) of each turn."""
    turns = []
    for second in seconds:
        for partition in rounds.due(partitions, float(second)):
            turns.append((second, partition))
            rounds.done(partition, float(second))
    return turns


def test_the_partitions_take_turns_over_the_interval() -> None:
    assert run(Rounds(40.0, 4), [0, 1, 2, 3], range(81)) == [
        (10, 0), (20, 1), (30, 2), (40, 3), (50, 0), (60, 1), (70, 2), (80, 3),
    ]  # fmt: skip


def test_the_longest_waiting_is_first() -> None:
    rounds = Rounds(40.0, 4)
    rounds.due([3, 2, 1, 0], 0.0)
    assert rounds.due([3, 2, 1, 0], 35.0) == [0, 1, 2]


def test_a_partition_that_went_away_begins_its_turn_anew_and_one_that_stayed_does_not() -> None:
    rounds = Rounds(40.0, 4)
    rounds.due([0, 1], 0.0)
    rounds.due([0], 15.0)
    assert rounds.due([0, 1], 20.0) == [0]
    assert rounds.due([0, 1], 40.0) == [0, 1]

"""Workers that are killed and stopped in the middle of their work say what a replay of the same log says."""

import functools
import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.kafka import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(240)]

FEED_SECONDS = 28.0


def test_kills_and_a_zombie_change_nothing(kafka: "Broker", tmp_path: Path) -> None:
    from support.fault_run import (
        Feeder,
        finish,
        kill,
        pause,
        recorded_room,
        run_faults,
        running_crew,
        wait_until_at_work,
    )
    from support.replay import differences

    chance = random.Random(11)
    room, recording = recorded_room(kafka, servers=24, seconds=1800, garbage=0.004, duplicates=0.01)
    feeder = Feeder(room, recording, FEED_SECONDS)
    with running_crew(room, tmp_path, 2) as crew:
        feeder.start()
        wait_until_at_work(room, crew)
        once = functools.partial(kill, crew, chance)
        faults = [once, functools.partial(pause, crew, chance, 8.0), once, once]
        in_time = run_faults(faults, lambda: chance.uniform(2.0, 4.0), lambda: feeder.is_done)
        finish(room, crew, feeder, 60.0)

    assert in_time == len(faults), "the log was at its end before the last fault"
    assert crew.exits[-9] == 3
    assert len(room.alerts()) > 100
    assert differences(room) == []

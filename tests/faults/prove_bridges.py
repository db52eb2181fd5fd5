"""A program that reads alerts, killed twenty times, and its broker with it: each transition is told, few of them twice.

``make prove-bridges`` takes some three minutes: the group waits six seconds for each that died.
"""

import collections
import logging
import random
import signal
from pathlib import Path

import pytest
from support.alerts import transition
from support.bridges import make_alarm, running
from support.kafka import running_broker
from support.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

ALERTS, TRANSITIONS = 50, 20
KILLS = 20
BROKER_KILLS = (7, 14)
PER_LIFE = ALERTS * TRANSITIONS // (KILLS + 1)

TELLER = """
import os
from pulsemon import alerts

reading = alerts.read(group=os.environ["GROUP"], topic=os.environ["TOPIC"], start="earliest", session_seconds=6)
for alert in reading:
    print(alert.id, alert.transition)
"""


def test_every_transition_is_told_and_at_most_one_twice_for_each_kill(tmp_path: Path) -> None:
    chance = random.Random(7)
    told: collections.Counter[str] = collections.Counter()
    with running_broker(tmp_path) as broker:
        alarm = make_alarm(broker)
        alarm.tell(
            *[
                transition(server=f"web-{alert}", alert=f"a{alert}", number=number)
                for number in range(TRANSITIONS)
                for alert in range(ALERTS)
            ]
        )
        for life in range(KILLS):
            with running(TELLER, alarm.environment()) as program:
                program.wait_for(chance.randrange(1, PER_LIFE))
                if life in BROKER_KILLS:
                    broker.kill()
                    broker.start()
                program.signal(signal.SIGKILL)
            told.update(program.lines)
            print(f"life {life}: {len(told)} of {ALERTS * TRANSITIONS}, {sum(told.values()) - len(told)} twice")
        with running(TELLER, alarm.environment()) as program:
            wait_until(lambda: alarm.lag() == 0, 120, "all alerts told")
        told.update(program.lines)

    twice = sum(told.values()) - len(told)
    print(
        f"{len(told)} transitions, {KILLS} kills of the reader, {len(BROKER_KILLS)} of the broker: {twice} told twice"
    )
    assert set(told) == {f"a{alert} {number}" for alert in range(ALERTS) for number in range(TRANSITIONS)}
    assert twice <= KILLS + len(BROKER_KILLS)


def test_it_waits_for_a_broker_that_is_away_and_says_so_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pulsemon.alerts")
    with running_broker(tmp_path) as broker:
        alarm = make_alarm(broker)
        with alarm.reading() as found:
            alarm.tell(transition())
            wait_until(lambda: len(found) == 1, 20, "the first alert")
            broker.kill()
            wait_until(lambda: caplog.records, 10, "a word about it")
            broker.start()
            alarm.room.producer = broker.producer()
            alarm.tell(transition(number=1))
            wait_until(lambda: len(found) == 2, 20, "the second alert")
            wait_until(lambda: len(caplog.records) == 2, 10, "the good news")

    said = [one.getMessage() for one in caplog.records]
    assert said[0].startswith("Reading alerts is disturbed: ")
    assert said[1].startswith("Reading alerts goes on")
    assert [alert.transition for alert in found] == [0, 1]

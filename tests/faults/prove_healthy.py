"""The proof that healthy hosts are left alone: days of simulated servers, and this host, under all default rules.

``make prove-healthy`` takes about a minute. Servers of each role are taken at times at which the simulator's timetable
has no trouble for them, nor had as long before; their curves have the usual days, nights and deployments. No
warning may fire, and at most three times a server and day may anything be told. What the collectors read on this host
goes through the same engine and is only printed: nobody knows whether it is well. The last line printed is JSON.
"""

import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest
from pulsemon_deploy.bench.report import commit
from pulsemon_deploy.bench.this_host import readings
from pulsemon_deploy.simulate.feed import Feed
from pulsemon_deploy.simulate.fleet import Server, fleet
from pulsemon_deploy.simulate.incidents import incidents_of
from pulsemon_deploy.simulate.roles import ROLES
from pulsemon_schemas import codec
from pulsemon_schemas.records import AlertEvent, ControlRecord, MetricBatch
from pulsemon_schemas.rules import default_records
from pulsemon_stream_processors.engine import PartitionEngine
from support.engine import Log, alerts, control_record, history, place

pytestmark = [pytest.mark.slow]

BEGIN = 1_795_478_400
"""A midnight of UTC."""
DAY, HOUR = 86_400, 3600
INTERVAL_SECONDS = 10
SEEDS = (1, 7, 11)
HOURS_A_ROLE = 48
MIN_HOST_HOURS = 100
MAX_INFO_A_DAY = 3
MIN_RULES = 15
"""Of what simulated servers send."""
READINGS = 360


class Stretch(NamedTuple):
    """When one server is well."""

    seed: int
    server: Server
    begin: int
    end: int


def healthy_stretches() -> Iterator[Stretch]:
    """Of each role so many hours in which nothing happens: whole days where there are any."""
    left = dict.fromkeys(ROLES, HOURS_A_ROLE * HOUR)
    for seconds, day, seed in itertools.product((DAY, 3 * HOUR), range(7), SEEDS):
        for server, begin in itertools.product(fleet(100, seed), range(0, DAY, seconds)):
            at = BEGIN + day * DAY + begin
            if left[server.role.name] > 0 and not incidents_of(seed, server, at - seconds, at + seconds):
                left[server.role.name] -= seconds
                yield Stretch(seed, server, at, at + seconds)


def batches_of(stretch: Stretch) -> Iterator[MetricBatch]:
    """What the server sends."""
    numbers = itertools.count()
    feed = Feed(stretch.seed, stretch.server, INTERVAL_SECONDS, lambda: f"{stretch.server.server_id}-{next(numbers)}")
    for tick in range(stretch.begin, stretch.end, INTERVAL_SECONDS):
        batch = feed.batch(tick, tick * 1000)
        if batch is not None:
            yield batch


def judged(server: ControlRecord, batches: Iterable[MetricBatch], judging: set[str]) -> list[AlertEvent]:
    """What begins to fire; rules that judge a series are added to ``judging``."""
    control = [*default_records(), server]
    engine = PartitionEngine(place(), history(control))
    log = Log(control=control)
    found: list[AlertEvent] = []
    for batch in batches:
        log.now_ms = batch.sent_at_ms
        for record in (log.tick(), log.append(batch.server_id.encode(), codec.encode(batch))):
            found += alerts(engine.apply(record))
    state = engine.snapshot(server.entity_id)
    assert state is not None
    judging |= {control[watch["rule"]].entity_id for watch in state["watches"]}
    return [event for event in found if event.state == "firing" and event.previous_state != "firing"]


def told(events: Iterable[AlertEvent]) -> Mapping[str, int]:
    return dict(Counter(f"{event.level} {event.rule_id}" for event in events))


@pytest.mark.timeout(0)
def test_healthy_hosts_are_left_alone() -> None:
    by_role: dict[str, Counter[str]] = defaultdict(Counter)
    info: Counter[tuple[str, int]] = Counter()
    seconds, samples, judging = Counter[str](), 0, set[str]()
    for stretch in healthy_stretches():
        server, batches = stretch.server, list(batches_of(stretch))
        events = judged(control_record(f"server/{server.server_id}", server.description()), batches, judging)
        by_role[server.role.name].update(told(events))
        info[server.server_id, stretch.begin // DAY] += sum(event.level == "info" for event in events)
        seconds[server.role.name] += len(batches) * INTERVAL_SECONDS
        samples += sum(len(batch.names) for batch in batches)
    hours, worst_info = sum(seconds.values()) // HOUR, max(info.values())
    real = list(readings(READINGS, BEGIN * 1000, INTERVAL_SECONDS * 1000))
    judging_here: set[str] = set()
    here = judged(control_record(f"server/{real[0].server_id}", {}), real, judging_here)
    warnings = sum(count for told_ in by_role.values() for what, count in told_.items() if not what.startswith("info"))
    figures: dict[str, Any] = {
        "name": "healthy",
        "commit": commit(),
        "host_hours": hours,
        "host_hours_by_role": {role: found // HOUR for role, found in seconds.items()},
        "samples": samples,
        "rules_that_judged": len(judging),
        "warnings": warnings,
        "most_info_a_server_and_day": worst_info,
        "by_role": {role: dict(what) for role, what in by_role.items()},
        "this_host": {
            "readings": len(real),
            "series": len(real[-1].names),
            "rules_that_judged": len(judging_here),
            "fired": told(here),
        },
    }
    print(f"\n{json.dumps(figures)}")
    assert set(seconds) == set(ROLES)
    assert hours >= MIN_HOST_HOURS
    assert len(judging) >= MIN_RULES
    assert warnings == 0
    assert worst_info <= MAX_INFO_A_DAY

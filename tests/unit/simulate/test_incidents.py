import pytest
from pulsemon_deploy.simulate.fleet import fleet
from pulsemon_deploy.simulate.incidents import LANES, Kind, going_on, incidents_of

NOW = 1_795_557_600
WEEK = 7 * 86_400
HOUR = 3600


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whenever_somebody_looks_something_is_wrong_and_most_is_well(seed: int) -> None:
    servers = fleet(50, seed)
    for hour in range(0, 7 * 24, 5):
        struck = {server.server_id for server, _ in going_on(seed, servers, NOW - hour * HOUR)}
        assert 3 <= len(struck) <= 35, f"{hour} hours ago: {struck}"


def test_a_week_has_every_kind_of_trouble() -> None:
    servers = fleet(50, seed=1)
    kinds = {one.kind for server in servers for one in incidents_of(1, server, NOW - WEEK, NOW)}
    assert kinds == set(Kind)


def test_one_server_is_silent_nearly_always() -> None:
    servers = fleet(50, seed=1)
    moments = [NOW - quarter * 900 for quarter in range(300)]
    silent = [any(one.kind is Kind.SILENT for _, one in going_on(1, servers, moment)) for moment in moments]
    assert sum(silent) / len(silent) > 0.85


def test_a_region_slows_down_as_a_whole() -> None:
    servers = fleet(120, seed=1)
    times = {
        (one.started_at, one.ended_at, server.region.name)
        for server in servers
        for one in incidents_of(1, server, NOW - 2 * WEEK, NOW)
        if one.kind is Kind.REGION_SLOWDOWN
    }
    for started_at, _, region in times:
        there = [server for server in servers if server.region.name == region]
        assert all(
            any(one.started_at == started_at for one in incidents_of(1, server, started_at, started_at + 1))
            for server in there
        )
    assert len(times) >= 4


def test_what_is_asked_for_in_parts_is_what_is_asked_for_at_once() -> None:
    for server in fleet(50, seed=1):
        whole = incidents_of(1, server, NOW - WEEK, NOW)
        parts = {
            one
            for day in range(7)
            for one in incidents_of(1, server, NOW - WEEK + day * 86_400, NOW - (6 - day) * 86_400)
        }
        assert set(whole) == parts
        assert list(whole) == sorted(whole, key=lambda one: one.started_at)


def test_incidents_stay_within_their_slots() -> None:
    lengths = {lane.kind: max(other.slot_seconds for other in LANES if other.kind is lane.kind) for lane in LANES}
    for server in fleet(50, seed=2):
        for one in incidents_of(2, server, NOW - WEEK, NOW):
            assert 0 < one.ended_at - one.started_at <= lengths[one.kind]
            assert one.is_on(one.started_at)
            assert not one.is_on(one.ended_at)

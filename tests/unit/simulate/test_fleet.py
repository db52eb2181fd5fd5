from collections import Counter

from pulsemon_deploy.simulate.fleet import BLOCK, REGIONS, fleet
from pulsemon_deploy.simulate.roles import DAYS, ROLES


def test_ids_are_distinct_at_any_size() -> None:
    ids = [server.server_id for server in fleet(3000, seed=1)]
    assert len(set(ids)) == 3000
    assert all(server_id.isascii() and server_id == server_id.lower() for server_id in ids)


def test_the_first_servers_do_not_depend_on_how_many_there_are() -> None:
    assert fleet(120, seed=4)[:7] == fleet(7, seed=4)


def test_another_seed_is_another_fleet() -> None:
    assert fleet(50, seed=1) != fleet(50, seed=2)


def test_fifty_servers_have_all_roles_regions_and_environments() -> None:
    servers = fleet(BLOCK, seed=1)
    assert {server.role.name for server in servers} == set(ROLES)
    assert {server.region for server in servers} == set(REGIONS)
    assert Counter(server.environment for server in servers) == {"prod": 40, "staging": 10}


def test_the_body_of_a_control_record_has_what_the_dashboard_filters_by() -> None:
    body = fleet(1, seed=1)[0].description()
    assert set(body) == {"name", "environment", "region", "role", "labels"}


def test_every_role_has_a_day_of_24_hours_that_ends_as_it_begins() -> None:
    for role in ROLES.values():
        day = DAYS[role.day]
        assert len(day) == 25
        assert day[0] == day[-1]

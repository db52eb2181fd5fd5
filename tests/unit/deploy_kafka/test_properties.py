from pathlib import Path

import pytest
from pulsemon_deploy.kafka.properties import server_properties

SECRET = bytes(range(32))


@pytest.fixture
def properties() -> dict[str, str]:
    lines = server_properties(Path("/data"), 19092, 19093, SECRET).splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_every_listener_is_on_loopback_and_asks_for_a_login(properties: dict[str, str]) -> None:
    assert properties["listeners"] == "CLIENTS://127.0.0.1:19092,CONTROLLER://127.0.0.1:19093"
    assert properties["listener.security.protocol.map"] == "CLIENTS:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT"


def test_what_no_acl_allows_is_forbidden(properties: dict[str, str]) -> None:
    assert properties["allow.everyone.if.no.acl.found"] == "false"
    assert properties["authorizer.class.name"].endswith(".StandardAuthorizer")
    assert properties["super.users"] == "User:admin;User:broker"


def test_no_topic_comes_by_accident(properties: dict[str, str]) -> None:
    assert properties["auto.create.topics.enable"] == "false"


def test_the_secret_itself_is_not_in_the_file(properties: dict[str, str]) -> None:
    assert all(SECRET.hex() not in value for value in properties.values())


def test_a_killed_broker_may_come_back_soon(properties: dict[str, str]) -> None:
    assert int(properties["broker.session.timeout.ms"]) == 1000
    assert int(properties["broker.heartbeat.interval.ms"]) == 200

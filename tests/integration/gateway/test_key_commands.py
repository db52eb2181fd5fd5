"""Servers and keys from the command line, and what the gateway makes of them."""

import json
from typing import Any

import pytest
from click.testing import Result
from support.command_line import invoke, use_kafka
from support.gateways import Gateway, batch, batches_of, framed
from support.kafka import Broker
from support.waiting import wait_until

pytestmark = pytest.mark.kafka


@pytest.fixture(autouse=True)
def operator(gateway: Gateway, kafka: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    use_kafka(monkeypatch, kafka)


def answer(*arguments: str) -> Any:
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output + result.stderr
    return json.loads(result.stdout)


def test_a_server_is_added_with_a_key_that_works_at_once(gateway: Gateway, kafka: Broker, server_id: str) -> None:
    arguments = ("--environment", "prod", "--label", "rack=7", "--url", "https://gw.example")
    result: Result = invoke("server", "add", server_id, *arguments)
    assert result.exit_code == 0, result.output
    line = result.stdout.splitlines()[-1].strip()
    key = line.partition("PULSEMON_AGENT_KEY=")[2].split()[0]
    assert result.stdout.count(key) == 2
    assert line == (
        f"PULSEMON_AGENT_TRANSPORT=http PULSEMON_AGENT_URL=https://gw.example PULSEMON_AGENT_SERVER_ID={server_id} "
        f"PULSEMON_AGENT_KEY={key} pulsemon run agent"
    )
    wait_until(lambda: gateway.knows(key), 2.0, "the gateway to know the key")
    assert gateway.post_avro(framed(batch(server_id)), key).status == 202
    assert len(batches_of(kafka, server_id)) == 1
    again = invoke("server", "add", server_id)
    assert (again.exit_code, "is registered already" in again.stderr) == (1, True)


def test_keys_are_made_listed_rotated_and_revoked(gateway: Gateway, server_id: str) -> None:
    assert invoke("key", "add", server_id).exit_code == 1, "the server is not registered"
    first = answer("server", "add", server_id)
    second = answer("key", "add", server_id, "--expires-in", "90d", "--reason", "a second collector")
    rows = answer("key", "list", "--server", server_id)
    assert {one["id"] for one in rows} == {first["id"], second["id"]}
    assert {one["state"] for one in rows} == {"good"}
    assert first["key"] not in json.dumps(rows)

    rotated = answer("key", "rotate", first["id"], "--grace", "0", "--change-id", "once")
    again = invoke("key", "rotate", first["id"], "--change-id", "once")
    assert (again.exit_code, "was made before" in again.stderr, "pm_" in again.stdout) == (1, True, False)
    wait_until(lambda: gateway.knows(rotated["key"]), 2.0, "the new secret")
    assert gateway.post_avro(framed(batch(server_id)), first["key"]).problem == "key-rotated-out"
    assert answer("key", "revoke", second["id"])["outcome"] == "made"
    wait_until(lambda: not gateway.knows(second["key"]), 2.0, "the end of the key")
    assert gateway.post_avro(framed(batch(server_id)), second["key"]).problem == "key-revoked"
    assert invoke("key", "rotate", second["id"]).exit_code == 1, "a revoked key stays so"

"""Operator tokens from the command line: the first one can come from nowhere else."""

import json
from typing import Any

import pytest
from support.command_line import invoke, use_kafka
from support.control_api import FRESH, ask
from support.gateways import Gateway
from support.kafka import Broker
from support.waiting import wait_until

pytestmark = pytest.mark.kafka


@pytest.fixture(autouse=True)
def operator(kafka: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    use_kafka(monkeypatch, kafka)


def answer(*arguments: str) -> Any:
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output + result.stderr
    return json.loads(result.stdout)


def test_a_token_is_made_used_rotated_and_revoked(gateway: Gateway, server_id: str) -> None:
    made = answer("token", "add", "ci", "--scope", "control:read", "--scope", "control:write", "--expires-in", "90d")
    text = made["token"]
    wait_until(lambda: ask(gateway, "GET", "/servers?limit=1", text).status == 200, 5.0, "the gateway to know it")
    written = ask(gateway, "PUT", f"/servers/{server_id}", text, {}, FRESH)
    assert written.json["author"] == f"ci/{made['id']}"
    rows = [one for one in answer("token", "list") if one["id"] == made["id"]]
    assert [(one["name"], one["state"]) for one in rows] == [("ci", "good")]
    assert text not in json.dumps(rows)

    turned = answer("token", "rotate", made["id"], "--grace", "0", "--change-id", "once")
    again = invoke("token", "rotate", made["id"], "--change-id", "once")
    assert (again.exit_code, "was made before" in again.stderr, "pm_" in again.stdout) == (1, True, False)
    wait_until(lambda: ask(gateway, "GET", "/servers?limit=1", turned["token"]).status == 200, 5.0, "the other secret")
    assert ask(gateway, "GET", "/servers", text).problem == "key-rotated-out"
    answer("token", "revoke", made["id"])
    wait_until(lambda: ask(gateway, "GET", "/servers", turned["token"]).status == 401, 5.0, "the revocation")
    assert invoke("token", "rotate", made["id"]).exit_code == 1
    assert invoke("token", "revoke", "nobody").exit_code == 1


def test_a_token_says_what_it_is_for(gateway: Gateway) -> None:
    assert invoke("token", "add", "ci").exit_code == 2
    assert invoke("token", "add", "a/b", "--scope", "all").exit_code == 2
    shown = invoke("token", "add", "ann", "--scope", "all")
    assert shown.exit_code == 0
    assert shown.stdout.count("pm_") == 1

"""Hosts that register themselves: counted exactly, asked about when they are known, and never two servers unasked."""

import json
import os
import threading
import tomllib
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pulsemon_producers.enrolment import machine
from pulsemon_schemas import keys
from pulsemon_schemas.enrolment import fingerprint
from support.command_line import invoke, use_kafka
from support.control_api import ask, new_token
from support.gateways import Gateway, Reply, batch, framed, running_gateway
from support.kafka import Broker
from support.waiting import wait_until

pytestmark = pytest.mark.kafka


@pytest.fixture(autouse=True)
def operator(kafka: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    use_kafka(monkeypatch, kafka)


@pytest.fixture(scope="module")
def other(kafka: Broker) -> Iterator[Gateway]:
    """A second gateway on the same log."""
    with running_gateway(kafka) as gateway:
        yield gateway


def token(*gateways: Gateway, **options: object) -> Any:
    """A new enrolment token that these gateways know."""
    given = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    result = invoke("enrolment", "add", *given, "--json")
    assert result.exit_code == 0, result.output + result.stderr
    made = json.loads(result.stdout)
    for gateway in gateways:
        wait_until(lambda at=gateway: enrol(at, made["token"], {}).status == 422, 5, "the gateway to know it")  # type: ignore[misc]
    return made


def a_machine() -> str:
    return fingerprint(uuid.uuid4().hex)


def wish(server_id: str, **own: Any) -> dict[str, Any]:
    """What a host asks for, with a key that nobody has."""
    seen = keys.shown(keys.new_text(keys.new_id(os.urandom), os.urandom))
    assert seen is not None
    return {"server_id": server_id, "key": {"id": seen.key_id, "sha256": seen.digest}, **own}


def enrol(gateway: Gateway, text: str, item: Any) -> Reply:
    return ask(gateway, "POST", "/enrol", text, item)


def test_a_host_enrols_from_its_command_line_and_sends(
    gateway: Gateway, server_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "machine-id").write_text(uuid.uuid4().hex)
    monkeypatch.setattr(machine.machine_fingerprint, "__defaults__", ((tmp_path / "machine-id",),))
    made = token(gateway, uses=2, environment="prod", label="rack=7")
    config = tmp_path / "agent.toml"
    line = ("agent", "enrol", "--url", gateway.url, "--token", made["token"], "--config", str(config))

    result = invoke(*line, "--server-id", server_id)

    assert result.exit_code == 0, result.output + result.stderr
    said = tomllib.loads(config.read_text())["agent"]
    assert (said["transport"], said["url"], said["server_id"]) == ("http", gateway.url, server_id)
    key = Path(said["key_file"]).read_text().strip()
    assert gateway.post_avro(framed(batch(server_id)), key).status == 202
    registered = json.loads(invoke("server", "show", server_id, "--json").stdout)
    assert (registered["environment"], registered["labels"]) == ("prod", "rack=7")
    assert registered["history"][0]["author"] == f"enrolment/{made['id']}"

    again = invoke(*line, "--server-id", f"{server_id}-new")
    assert (again.exit_code, server_id in again.stdout, "--again" in again.stdout) == (1, True, True)
    assert Path(said["key_file"]).read_text().strip() == key, "nothing was changed"
    same = invoke(*line, "--again")
    assert same.exit_code == 0, same.output + same.stderr
    assert tomllib.loads(config.read_text())["agent"]["server_id"] == server_id
    assert Path(said["key_file"]).read_text().strip() != key
    used_up = invoke(*line, "--again")
    assert (used_up.exit_code, "used up" in used_up.stderr) == (1, True)


def test_a_token_is_refused_for_its_own_reason_and_opens_nothing_else(gateway: Gateway, server_id: str) -> None:
    made, expired = token(gateway), token(expires_in="0")
    assert enrol(gateway, "", wish(server_id)).problem == "key-missing"
    assert enrol(gateway, made["token"][:-1] + "0", wish(server_id)).problem == "key-unknown"
    assert gateway.post_avro(framed(batch(server_id)), made["token"]).problem == "key-unknown"
    assert ask(gateway, "GET", "/servers", made["token"]).problem == "key-unknown"
    operators, _ = new_token(gateway)
    assert enrol(gateway, operators, wish(server_id)).problem == "key-unknown"
    assert enrol(gateway, made["token"], {"server_id": "_tick", "keys": 1}).problem == "entity-invalid"
    wait_until(lambda: enrol(gateway, expired["token"], {}).problem == "key-expired", 5, "its end")
    assert invoke("enrolment", "revoke", made["id"]).exit_code == 0
    wait_until(lambda: enrol(gateway, made["token"], {}).problem == "key-revoked", 5, "its revocation")
    states = {one["id"]: one["state"] for one in json.loads(invoke("enrolment", "list", "--json").stdout)}
    assert (states[expired["id"]], states[made["id"]]) == ("expired", "revoked")


def test_the_same_request_again_is_the_same_enrolment(gateway: Gateway, other: Gateway, server_id: str) -> None:
    made = token(gateway, other, uses=1)
    asked = wish(server_id, machine=a_machine())
    first, second = enrol(gateway, made["token"], asked), enrol(other, made["token"], asked)
    assert (first.status, second.status) == (201, 200), second
    assert first.json["key_id"] == second.json["key_id"]
    stranger = enrol(other, made["token"], {**asked, "key": wish("x")["key"]})
    assert stranger.problem == "enrolment-used-up", "who repeats it with a key of his own is somebody else"


def test_a_known_machine_is_asked_about_and_a_copied_one_becomes_another_server(
    gateway: Gateway, server_id: str
) -> None:
    made, identity = token(gateway, uses=20), a_machine()
    assert enrol(gateway, made["token"], wish(server_id, machine=identity)).status == 201
    known = enrol(gateway, made["token"], wish(f"{server_id}-b", machine=identity))
    assert (known.problem, [one["id"] for one in known.json["servers"]]) == ("machine-known", [server_id])
    same = enrol(gateway, made["token"], wish(f"{server_id}-b", machine=identity, if_known="same"))
    assert (same.status, same.json["server_id"]) == (201, server_id)
    copied = enrol(gateway, made["token"], wish(f"{server_id}-b", machine=identity, if_known="other"))
    assert (copied.status, copied.json["server_id"]) == (201, f"{server_id}-b")
    either = enrol(gateway, made["token"], wish("any", machine=identity, if_known="same"))
    assert (either.problem, len(either.json["servers"])) == ("machine-known", 2)

    taken = enrol(gateway, made["token"], wish(server_id, machine=a_machine()))
    assert (taken.problem, taken.json["servers"][0]["id"]) == ("server-id-taken", server_id)
    assert enrol(gateway, made["token"], wish(server_id)).problem == "server-id-taken"
    stolen = wish(f"{server_id}-c") | {"key": {"id": made["id"], "sha256": "0" * 64}}
    assert enrol(gateway, made["token"], stolen).problem == "entity-invalid", "ids of keys and tokens are used once"


def test_uses_are_counted_exactly_by_two_gateways(gateway: Gateway, other: Gateway, server_id: str) -> None:
    made = token(gateway, other, uses=5)
    wishes = [wish(f"{server_id}-{number}", machine=a_machine()) for number in range(12)]
    replies = together(lambda number: enrol((gateway, other)[number % 2], made["token"], wishes[number]), 12)
    assert sorted(reply.status for reply in replies) == [201] * 5 + [403] * 7
    rows = {one["id"]: one for one in json.loads(invoke("enrolment", "list", "--json").stdout)}
    assert (rows[made["id"]]["uses"], rows[made["id"]]["state"]) == (5, "used up")


def test_one_machine_that_enrols_at_two_gateways_at_once_is_one_server(
    gateway: Gateway, other: Gateway, server_id: str
) -> None:
    """With tokens of their own, so that nothing but the machine itself brings them together."""
    tokens = [token(gateway, other, uses=50)["token"] for _ in range(2)]
    for turn in range(6):
        identity = a_machine()
        wishes = [wish(f"{server_id}-{turn}-{number}", machine=identity) for number in range(2)]
        replies = together(
            lambda number, wishes=wishes: enrol((gateway, other)[number], tokens[number], wishes[number]),
            2,
        )
        assert sorted(reply.status for reply in replies) == [201, 409], replies
    rows = json.loads(invoke("server", "list", "--json").stdout)
    assert len([one for one in rows if one["id"].startswith(server_id)]) == 6


def test_tokens_are_made_seen_and_ended_over_the_api(gateway: Gateway, server_id: str) -> None:
    operators, _ = new_token(gateway)
    asked = {"max_uses": 3, "environment": "prod", "labels": {"rack": "7"}, "expires_in_seconds": 3600}
    made = ask(gateway, "POST", "/enrolment-tokens", operators, asked)
    assert made.status == 201, made
    assert enrol(gateway, made.json["secret"], wish(server_id)).json["server"]["labels"] == {"rack": "7"}
    path = f"/enrolment-tokens/{made.json['id']}"
    shown = ask(gateway, "GET", path, operators).json["body"]
    assert (shown["uses"], shown["max_uses"], shown["environment"], shown["state"]) == (1, 3, "prod", "good")
    assert "secrets" not in json.dumps(shown)
    assert ask(gateway, "POST", f"{path}/revoke", operators).status == 200
    assert enrol(gateway, made.json["secret"], wish(f"{server_id}-b")).problem == "key-revoked"
    wrong = ask(gateway, "POST", "/enrolment-tokens", operators, {"max_uses": 0.5, "region": "x" * 300})
    assert {one["pointer"] for one in wrong.json["errors"]} == {"/max_uses", "/region"}
    reader, _ = new_token(gateway, ["control:read"])
    assert ask(gateway, "POST", "/enrolment-tokens", reader, {}).problem == "scope-missing"


def together(do: Any, count: int) -> list[Reply]:
    barrier = threading.Barrier(count)

    def one(number: int) -> Reply:
        barrier.wait(10)
        found: Reply = do(number)
        return found

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))

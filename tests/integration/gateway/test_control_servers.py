"""Servers over the control API: a success is in the log and in force, and nobody overwrites what he has not seen."""

import json
import uuid

import pytest
from pulsemon_schemas.records import ControlRecord
from support.control_api import FRESH, ask, etag, new_token, write_record
from support.gateways import Gateway, running_gateway
from support.kafka import Broker
from support.waiting import wait_until

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module", name="token")
def all_scopes(gateway: Gateway) -> str:
    return new_token(gateway, name="ann")[0]


def test_a_server_is_made_seen_changed_and_ended(gateway: Gateway, token: str, server_id: str) -> None:
    path = f"/servers/{server_id}"
    body = {"name": "Web", "environment": "production", "labels": {"rack": "b"}}
    said = {"Pulsemon-Reason": "new rack", "Pulsemon-On-Behalf-Of": "bob"}
    made = ask(gateway, "PUT", path, token, body, {**FRESH, **said})
    assert made.status == 201, made
    assert made.headers["etag"] == f'"{made.json["version"]}"'
    shown = ask(gateway, "GET", path, token)
    assert {**shown.json, "remarks": []} == made.json
    assert shown.json["body"] == {**body, "region": "", "role": ""}
    assert (shown.json["reason"], shown.json["on_behalf_of"]) == ("new rack", "bob")
    assert shown.json["author"].startswith("ann/"), "the author is whose token it was, whatever is claimed"
    assert shown.json["state"] is None

    changed = ask(gateway, "PUT", path, token, {**body, "role": "web"}, etag(made))
    assert (changed.status, changed.json["body"]["role"]) == (200, "web")
    assert changed.json["version"] > made.json["version"]
    late = ask(gateway, "PUT", path, token, {**body, "role": "db"}, etag(made))
    assert (late.status, late.problem) == (409, "version-conflict")
    assert late.json["expected_version"] == made.json["version"]
    assert late.json["version"] == changed.json["version"]
    assert {**late.json["in_force"], "remarks": []} == changed.json

    assert ask(gateway, "DELETE", path, token, headers=etag(made)).problem == "version-conflict"
    ended = ask(gateway, "DELETE", path, token, headers=etag(changed))
    assert (ended.status, ended.body) == (204, b"")
    assert ask(gateway, "GET", path, token).problem == "entity-unknown"
    assert ask(gateway, "PUT", path, token, body, etag(changed)).problem == "version-conflict"
    again = ask(gateway, "PUT", path, token, body, FRESH)
    assert again.status == 201
    assert again.json["version"] > int(ended.headers["etag"].strip('"'))


def test_a_change_says_what_it_has_seen(gateway: Gateway, token: str, server_id: str) -> None:
    path = f"/servers/{server_id}"
    assert ask(gateway, "PUT", path, token, {}).problem == "precondition-required"
    assert ask(gateway, "DELETE", path, token).problem == "precondition-required"
    made = ask(gateway, "PUT", path, token, {}, FRESH)
    twice = ask(gateway, "PUT", path, token, {}, FRESH)
    assert (twice.status, twice.json["version"]) == (409, made.json["version"])
    assert ask(gateway, "PUT", path, token, {}, {"If-Match": "*"}).status == 200
    assert ask(gateway, "PUT", path, token, {}, {"If-Match": "999999999"}).problem == "version-conflict"
    for wrong in (
        {"If-Match": 'W/"1"'},
        {"If-Match": '"1", "2"'},
        {"If-None-Match": '"1"'},
        {**FRESH, "If-Match": "1"},
    ):
        assert ask(gateway, "PUT", path, token, {}, wrong).problem == "invalid-request"


def test_repeating_a_change_gets_the_version_that_was_made_then(gateway: Gateway, token: str, server_id: str) -> None:
    path = f"/servers/{server_id}"
    once = {**FRESH, "Idempotency-Key": uuid.uuid4().hex}
    made = ask(gateway, "PUT", path, token, {"role": "web"}, once)
    again = ask(gateway, "PUT", path, token, {"role": "web"}, once)
    assert (made.status, again.status) == (201, 200)
    assert again.json == made.json
    assert ask(gateway, "PUT", path, token, {"role": "db"}, once).problem == "idempotency-key-reused"
    newer = ask(gateway, "PUT", path, token, {"role": "db"}, etag(made))
    late = ask(gateway, "PUT", path, token, {"role": "web"}, once)
    assert (late.status, late.headers["etag"]) == (200, made.headers["etag"])
    assert ask(gateway, "GET", path, token).json["version"] == newer.json["version"]


def test_a_change_past_this_gateway_counts_here_too(
    gateway: Gateway, kafka: Broker, token: str, server_id: str
) -> None:
    path = f"/servers/{server_id}"
    made = ask(gateway, "PUT", path, token, {}, FRESH)
    write_record(
        gateway,
        ControlRecord("server", server_id, "put", made.json["version"], "x1", "cli", "", "", '{"role":"cli"}'),
    )
    assert ask(gateway, "PUT", path, token, {"role": "mine"}, etag(made)).problem == "version-conflict"
    wait_until(
        lambda: ask(gateway, "GET", path, token).json["body"] == {"role": "cli"}, 5.0, "the change of somebody else"
    )
    with running_gateway(kafka) as other:
        assert ask(other, "GET", path, token).json == ask(gateway, "GET", path, token).json
        changed = ask(other, "PUT", path, token, {"role": "other"}, {"If-Match": "*"})
        assert changed.status == 200
        assert ask(gateway, "PUT", path, token, {"role": "mine"}, etag(changed)).status == 200


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": 1}, "/name"),
        ({"enviroment": "x"}, "/enviroment"),
        ({"labels": {"a": 1}}, "/labels/a"),
        ({"role": "x" * 254}, "/role"),
    ],
)
def test_a_body_that_makes_no_sense_is_named_with_its_place(
    gateway: Gateway, token: str, server_id: str, body: object, pointer: str
) -> None:
    reply = ask(gateway, "PUT", f"/servers/{server_id}", token, body, FRESH)
    assert (reply.status, reply.problem) == (422, "entity-invalid")
    assert [one["pointer"] for one in reply.json["errors"]] == [pointer]


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b'{"name": NaN}', b'{"name": 1e999}', b'{"name": "\\ud800"}', b'{"a":' * 70 + b"1" + b"}" * 70],
)
def test_what_is_no_json_object_is_refused(gateway: Gateway, token: str, server_id: str, raw: bytes) -> None:
    headers = {"Content-Type": "application/json", **FRESH}
    reply = gateway.ask("PUT", f"/api/v1/servers/{server_id}", raw, token, headers)
    assert (reply.status, reply.problem) == (400, "malformed-body")
    assert gateway.ask("PUT", f"/api/v1/servers/{server_id}", b"{}", token, FRESH).problem == "media-type-unknown"


def test_lists_come_in_pages_and_can_be_narrowed(gateway: Gateway, token: str) -> None:
    place = uuid.uuid4().hex[:8]
    for number in range(7):
        body = {
            "name": f"Host {number}",
            "region": place,
            "role": "web" if number % 2 else "db",
            "labels": {"n": str(number)},
        }
        assert ask(gateway, "PUT", f"/servers/{place}-{number}", token, body, FRESH).status == 201
    seen: list[str] = []
    cursor = ""
    for _ in range(4):
        page = ask(gateway, "GET", f"/servers?region={place}&limit=3{cursor}", token).json
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [f"{place}-{number}" for number in range(7)]

    def ids(query: str) -> list[str]:
        found = ask(gateway, "GET", f"/servers?region={place}&{query}", token).json["items"]
        return [one["id"].rpartition("-")[2] for one in found]

    assert ids("role=web") == ["1", "3", "5"]
    assert ids("label=n=3") == ["3"]
    assert ids("label=n&label=n%3D4") == ["4"]
    assert ids("q=HOST+2") == ["2"]
    assert ids("status=new&role=db") == ["0", "2", "4", "6"]
    assert ids("status=ok") == []
    for wrong in ("limit=0", "limit=1001", "limit=x", "cursor=%2F", "colour=red", "role=a&role=b"):
        assert ask(gateway, "GET", f"/servers?{wrong}", token).problem == "invalid-request", wrong


STRANGE = [{}, {"labels": 7, "scope": [], "receivers": 5, "metric": [], "scopes": 3, "secrets": {}, "intervals": "x"}]
PLACES = {
    "server": ("servers", ("environment", "region", "role", "label", "status", "q")),
    "rule": ("rules", ("metric", "kind", "owner", "enabled", "q")),
    "silence": ("silences", ("holds", "rule_id", "q")),
    "maintenance": ("maintenance", ("holds", "rule_id", "q")),
    "route": ("routes", ("receiver", "q")),
    "key": ("keys", ("server_id", "state", "q")),
    "operator_token": ("tokens", ("state", "q")),
}


@pytest.mark.parametrize("entity_type", PLACES)
def test_what_others_wrote_into_the_log_breaks_no_list(gateway: Gateway, token: str, entity_type: str) -> None:
    path, parameters = PLACES[entity_type]
    for body in STRANGE:
        entity_id = uuid.uuid4().hex[:12]
        record = ControlRecord(entity_type, entity_id, "put", -1, "x", "stranger", "", "", json.dumps(body))
        write_record(gateway, record)
        one = f"/{path}/{entity_id}"
        wait_until(lambda one=one: ask(gateway, "GET", one, token).status == 200, 5.0, "the record")  # type: ignore[misc] # of this turn
    for parameter in parameters:
        for value in ("x", "now", "true"):
            reply = ask(gateway, "GET", f"/{path}?limit=1000&{parameter}={value}", token)
            assert reply.status == 200, (parameter, reply)
    assert ask(gateway, "GET", f"/{path}?limit=1000", token).status == 200
    assert ask(gateway, "GET", "/rules/explain?server=x&metric=y", token).status == 200

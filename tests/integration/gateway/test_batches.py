"""Avro batches over HTTP: in the log as they came, once the answer is 202; who may send them, and what is refused."""

import gzip
import logging
import time
from dataclasses import replace

import pytest
from pulsemon_producers.gateway.problems import KINDS
from pulsemon_schemas.keys import revoked, rotated
from pulsemon_schemas.runtime.own_metrics import OwnMetrics
from support.gateways import NOW_MS, Gateway, batch, batches_of, framed, running_gateway
from support.kafka import Broker
from support.waiting import wait_until

pytestmark = pytest.mark.kafka


def test_several_batches_of_one_body_are_in_the_log_as_they_came(
    gateway: Gateway, kafka: Broker, server_id: str
) -> None:
    key = gateway.new_key(server_id).text
    sent = [batch(server_id, number) for number in range(5)]
    began_ms = time.time() * 1000
    reply = gateway.post_avro(framed(*sent), key)
    assert (reply.status, reply.json["accepted"]) == (202, 5)
    assert began_ms - 1 <= reply.json["server_time"] <= time.time() * 1000 + 1
    assert batches_of(kafka, server_id) == sent
    assert reply.headers["ratelimit-policy"] == '"samples";q=1000000;w=20'
    assert reply.headers["ratelimit"].startswith('"samples";r=')


def test_gzip_is_unpacked_and_other_logins_are_taken(gateway: Gateway, kafka: Broker, server_id: str) -> None:
    import base64

    key = gateway.new_key(server_id).text
    basic = base64.b64encode(f"anybody:{key}".encode()).decode()
    for number, shown in enumerate((f"Token {key}", f"Basic {basic}", f"bearer {key}")):
        headers = {
            "Authorization": shown,
            "Content-Encoding": "gzip",
            "Content-Type": "application/vnd.pulsemon.batches+avro",
        }
        body = gzip.compress(framed(batch(server_id, number)))
        assert gateway.ask("POST", "/api/v1/metrics", body, "", headers).status == 202
    assert [one.sequence for one in batches_of(kafka, server_id)] == [0, 1, 2]


def test_bad_batches_are_named_and_their_neighbours_are_written(
    gateway: Gateway, kafka: Broker, server_id: str
) -> None:
    key = gateway.new_key(server_id).text
    future = batch(server_id, 1, recorded_at_ms=NOW_MS + 3_600_000)
    torn = framed(batch(server_id, 3))[4:-3]
    body = framed(batch(server_id, 0), future, batch(server_id, 2)) + len(torn).to_bytes(4, "big") + torn
    reply = gateway.post_avro(body, key)
    assert (reply.status, reply.problem, reply.json["accepted"]) == (422, "items-rejected", 2)
    assert [(one["index"], one["pointer"], one["code"]) for one in reply.json["errors"]] == [
        (1, "/1", "too_new"),
        (3, "/3", "truncated"),
    ]
    assert [one.sequence for one in batches_of(kafka, server_id)] == [0, 2]


def test_nothing_of_a_body_is_written_if_any_batch_is_of_another_server(
    gateway: Gateway, kafka: Broker, server_id: str
) -> None:
    key = gateway.new_key(server_id).text
    for other in ("another", "_tick"):
        reply = gateway.post_avro(framed(batch(server_id), batch(other)), key)
        assert (reply.status, reply.problem) == (403, "other-server")
    assert batches_of(kafka, server_id) == []


def test_each_bad_key_has_a_problem_of_its_own_and_writes_nothing(
    gateway: Gateway, kafka: Broker, server_id: str
) -> None:
    good = gateway.new_key(server_id)
    body = framed(batch(server_id))

    def problem(key: str, body: bytes = body) -> tuple[int, str]:
        reply = gateway.post_avro(body, key)
        if reply.status == 400:
            return reply.status, reply.problem
        assert "www-authenticate" in reply.headers or reply.status == 403
        return reply.status, reply.problem

    now_ms = int(time.time() * 1000)
    cases = {
        "key-expired": replace(good.key, expires_at_ms=now_ms - 1),
        "key-rotated-out": rotated(good.key, "0" * 64, now_ms - 5000, grace_ms=1000),
        "scope-missing": replace(good.key, scopes=frozenset({"other"})),
        "key-revoked": revoked(good.key),
    }
    for name, version in cases.items():
        gateway.write_key(version)
        began = time.monotonic()
        wait_until(lambda name=name: problem(good.text, b"")[1] == name, 5.0, name)  # type: ignore[misc]
        assert time.monotonic() - began < 1.0, "a gateway follows the control log within a second"
        assert problem(good.text)[1] == name
    assert problem("") == (401, "key-missing")
    assert problem("pm_aaaaaaaaaaaa_nothing") == (401, "key-unknown")
    assert problem(good.text[:-1] + ("0" if good.text[-1] != "0" else "1")) == (401, "key-unknown")
    assert batches_of(kafka, server_id) == []


def test_a_key_that_is_rotated_stays_good_for_its_grace(gateway: Gateway, server_id: str) -> None:
    from pulsemon_deploy.key_changes import rotated_key

    old = gateway.new_key(server_id)
    new = rotated_key(old.key, int(time.time() * 1000), grace_ms=60_000)
    gateway.write_key(new.key)
    wait_until(lambda: gateway.knows(new.text), 5.0, "the new secret")
    assert {gateway.post_avro(framed(batch(server_id)), text).status for text in (old.text, new.text)} == {202}


def test_keys_in_addresses_are_refused_and_not_logged(
    gateway: Gateway, server_id: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = gateway.new_key(server_id).text
    # as when something else in the process has set logging up since
    monkeypatch.setattr(logging.getLogger("uvicorn.access"), "propagate", True)
    caplog.set_level(logging.DEBUG, "uvicorn.access")
    for query in (f"p={key}", "token=abc", f"anything={key}"):
        reply = gateway.ask("POST", f"/write?db=x&{query}", b"a b=1", key)
        assert (reply.status, reply.problem) == (400, "key-in-query")
        assert key not in reply.body.decode()
    assert key not in caplog.text


@pytest.mark.parametrize(
    ("body", "headers", "status", "problem"),
    [
        (b"", {}, 400, "malformed-body"),
        (b"\0\0\0\x05abc", {}, 400, "malformed-body"),
        (b"abc", {"Content-Type": "text/plain"}, 415, "media-type-unknown"),
        (b"abc", {"Content-Encoding": "br"}, 415, "media-type-unknown"),
        (b"abc", {"Content-Encoding": "gzip"}, 400, "malformed-body"),
        (gzip.compress(bytes(20))[:-4], {"Content-Encoding": "gzip"}, 400, "malformed-body"),
        (gzip.compress(bytes(6_000_000)), {"Content-Encoding": "gzip"}, 413, "body-too-large"),
        (bytes(5 * 1024 * 1024 + 1), {}, 413, "body-too-large"),
    ],
    ids=["empty", "lengths", "type", "encoding", "no-gzip", "torn-gzip", "bomb", "large"],
)
def test_bodies_that_are_none(
    gateway: Gateway, any_key: str, body: bytes, headers: dict[str, str], status: int, problem: str
) -> None:
    more = {"Content-Type": "application/vnd.pulsemon.batches+avro", **headers}
    reply = gateway.ask("POST", "/api/v1/metrics", body, any_key, more)
    assert (reply.status, reply.problem) == (status, problem)
    assert "server_time" in reply.json


def test_health_and_what_is_not_there(gateway: Gateway) -> None:
    assert gateway.ask("GET", "/livez").body == b"ok\n"
    assert gateway.ask("GET", "/readyz").status == 200
    assert gateway.ask("GET", "/nothing").problem == "not-found"
    for path in ("/write", "/api/v1/metrics"):
        assert gateway.ask("GET", path).problem == "method-not-allowed"


def test_all_of_it_is_described_as_openapi(gateway: Gateway) -> None:
    document = gateway.ask("GET", "/openapi.json").json
    assert document["openapi"].startswith("3.1")
    assert {"/api/v1/metrics", "/write", "/api/v2/write", "/readyz", "/subjects"} <= set(document["paths"])
    metrics = document["paths"]["/api/v1/metrics"]["post"]
    assert metrics["security"] == [{"bearer": []}, {"basic": []}]
    assert set(document["components"]["securitySchemes"]) == {"bearer", "basic"}
    reference = metrics["responses"]["401"]["content"]["application/problem+json"]["schema"]["$ref"]
    assert reference == "#/components/schemas/Problem"
    problem = document["components"]["schemas"]["Problem"]
    assert set(problem["properties"]["type"]["enum"]) == {kind.uri for kind in KINDS}


def test_what_a_gateway_counts_of_itself(gateway: Gateway, server_id: str) -> None:
    def counted() -> dict[str, float]:
        lines = gateway.ask("GET", "/metrics").body.decode().splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}

    key = gateway.new_key(server_id).text
    before = counted()
    assert gateway.post_avro(framed(batch(server_id, 0), batch(server_id, 1)), key).status == 202
    after = counted()
    more = {name: after[name] - before.get(name, 0) for name in after}
    assert (more["pulsemon_gateway_batches_total"], more["pulsemon_gateway_samples_total"]) == (2, 4)
    assert more['pulsemon_gateway_answers_total{status="202"}'] == 1
    assert (after["pulsemon_gateway_held_bytes"], more["pulsemon_gateway_log_seconds_count"]) == (0, 1)


def test_a_gateway_tells_of_itself_as_every_role_does(kafka: Broker, server_id: str) -> None:
    with running_gateway(kafka, lambda send: OwnMetrics(server_id, "gateway", 1.0, send)) as own:
        key = own.new_key(f"{server_id}-x").text
        assert own.post_avro(framed(batch(f"{server_id}-x", 0)), key).status == 202
        assert own.post_avro(b"", key).status == 400

        def told() -> dict[str, float]:
            newest = batches_of(kafka, server_id)[-1:]
            return {
                f"{name}{labels}": value
                for one in newest
                for name, labels, value in zip(one.names, one.labels, one.values, strict=True)
            }

        wait_until(lambda: told().get("pulsemon.gateway.samples") == 2, 10.0, "what the gateway tells of itself")
        last = told()
    assert (last["pulsemon.gateway.batches"], last["pulsemon.gateway.unconfirmed"]) == (1, 0)
    assert last["pulsemon.gateway.answersstatus=2xx"] >= 1
    assert last["pulsemon.gateway.answersstatus=4xx"] >= 1
    assert {one for one in last if not one.startswith("pulsemon.gateway.")} == set()
    assert batches_of(kafka, server_id)[0].source == "service", "it says nothing of the host's life"

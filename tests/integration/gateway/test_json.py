"""Samples as JSON: the gateway is the producer, ids make a retry harmless, and bad samples are named."""

import itertools
import time
from typing import Any

import pytest
from support.gateways import Gateway, batches_of, running_gateway
from support.kafka import Broker

pytestmark = pytest.mark.kafka
NOW_MS = int(time.time() * 1000)


def sample(name: str = "queue.depth", value: Any = 3, **more: Any) -> dict[str, Any]:
    return {"name": name, "value": value, **more}


def test_samples_become_one_batch_a_moment(gateway: Gateway, kafka: Broker, server_id: str) -> None:
    key = gateway.new_key(server_id).text
    samples = [
        sample("b", True, labels={"z": "1", "a": "x,y"}),
        sample("a", 1.5),
        sample("b", 2, labels={"a": "x,y", "z": "1"}),
        sample("old", 7, recorded_at=NOW_MS - 10_000),
    ]
    reply = gateway.post_json({"recorded_at": NOW_MS, "samples": samples}, key)
    assert (reply.status, reply.json["accepted"]) == (202, 4)
    assert gateway.post_json({"samples": [sample()]}, key).status == 202
    first, second, third = batches_of(kafka, server_id)
    assert (first.recorded_at_ms, first.names, first.values) == (NOW_MS - 10_000, ("old",), (7.0,))
    assert (second.names, second.labels, second.values) == (("a", "b"), ("", "a=x\\,y,z=1"), (1.5, 2.0))
    assert third.recorded_at_ms == pytest.approx(time.time() * 1000, abs=20_000)
    assert {one.source for one in (first, second, third)} == {"gateway"}
    assert [one.sequence for one in (first, second, third)] == [0, 1, 2]
    assert len({one.producer_id for one in (first, second, third)}) == 1


def test_a_batch_id_makes_the_same_body_one_batch_at_every_gateway(
    gateway: Gateway, kafka: Broker, server_id: str
) -> None:
    key = gateway.new_key(server_id).text
    item = {"batch_id": "first", "samples": [sample()]}
    assert [gateway.post_json(item, key).json["accepted"] for _ in range(3)] == [1, 1, 1]
    assert len(batches_of(kafka, server_id)) == 1
    with running_gateway(kafka) as other:
        assert other.post_json(item, key).status == 202
    first, second = batches_of(kafka, server_id)
    assert (first.producer_id, first.sequence) == (second.producer_id, second.sequence), "readers keep the first"
    changed = gateway.post_json({**item, "samples": [sample(value=4)]}, key)
    assert (changed.status, changed.problem) == (422, "batch-id-reused")
    again = gateway.post_json({"samples": [sample()]}, key, {"Idempotency-Key": "second"})
    assert again.status == 202
    assert len(batches_of(kafka, server_id)) == 3


def test_bad_samples_are_named_and_the_others_are_written(gateway: Gateway, kafka: Broker, server_id: str) -> None:
    key = gateway.new_key(server_id).text
    bad: list[tuple[Any, str, str]] = [
        (sample(value="3"), "not_a_number", "/samples/0/value"),
        (sample(value=10**400), "not_a_number", "/samples/1/value"),
        (sample(name=""), "bad_name", "/samples/2/name"),
        (sample(labels={"": "x"}), "bad_labels", "/samples/3/labels"),
        (sample(labels={"a": 1}), "bad_labels", "/samples/4/labels"),
        (sample(labels={str(number): "" for number in range(33)}), "bad_labels", "/samples/5/labels"),
        (sample(recorded_at=NOW_MS + 3_600_000), "too_new", "/samples/6/recorded_at"),
        (sample(recorded_at=1), "too_old", "/samples/7/recorded_at"),
        (sample(recorded_at=1.5), "bad_time", "/samples/8/recorded_at"),
        (7, "not_an_object", "/samples/9"),
        (sample(unit="s"), "unknown_member", "/samples/10"),
    ]
    reply = gateway.post_json({"samples": [*(one for one, _, _ in bad), sample("good", 1)]}, key)
    assert (reply.status, reply.problem, reply.json["accepted"]) == (422, "items-rejected", 1)
    assert [(one["code"], one["pointer"]) for one in reply.json["errors"]] == [one[1:] for one in bad]
    assert [one.names for one in batches_of(kafka, server_id)] == [("good",)]


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"samples": {}}', b'{"samples": []}', b'{"samples": [NaN]}', b"[" * 100_000, b"\xff"]
)
def test_what_is_no_such_body_is_refused_whole(gateway: Gateway, any_key: str, body: bytes) -> None:
    reply = gateway.ask("POST", "/api/v1/metrics", body, any_key, {"Content-Type": "application/json"})
    assert (reply.status, reply.problem) == (400, "malformed-body")


def test_a_key_that_sends_too_much_is_told_to_wait_and_others_are_not(kafka: Broker, server_id: str) -> None:
    with running_gateway(kafka, samples_per_second=10, burst_samples=100, max_samples=150) as gateway:
        key, other = gateway.new_key(server_id).text, gateway.new_key(server_id).text
        body = {"samples": [sample(f"n{number}") for number in range(120)]}
        assert gateway.post_json(body, key).status == 202
        limited = gateway.post_json(body, key)
        assert (limited.status, limited.problem) == (429, "rate-limited")
        assert 1 <= int(limited.headers["retry-after"]) <= 3
        assert limited.headers["ratelimit"].startswith('"samples";r=0;t=')
        influx = gateway.ask("POST", "/write", b"a b=1", key)
        assert (influx.status, influx.problem) == (503, "rate-limited-influx"), "Telegraf drops at any 4xx"
        assert gateway.post_json({"samples": [sample()]}, other).status == 202
        large = gateway.post_json({"samples": [sample(str(number)) for number in range(151)]}, other)
        assert (large.status, large.problem) == (413, "too-many-samples")


def test_a_large_moment_is_cut_into_batches_that_the_log_takes(gateway: Gateway, kafka: Broker, server_id: str) -> None:
    key = gateway.new_key(server_id).text
    samples = [sample(f"n{number:05}", labels={"a": "é" * 100}) for number in range(6000)]
    assert gateway.post_json({"recorded_at": NOW_MS, "samples": samples}, key).status == 202
    found = batches_of(kafka, server_id)
    assert [one.sequence for one in found] == list(range(len(found)))
    assert list(itertools.chain(*(one.names for one in found))) == [one["name"] for one in samples]

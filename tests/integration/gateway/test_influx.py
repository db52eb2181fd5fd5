"""What Telegraf's outputs influxdb and influxdb_v2 send, and what they make of the answers."""

import base64
import gzip
import time
import urllib.parse

import pytest
from support.gateways import Gateway, batches_of
from support.kafka import Broker

pytestmark = pytest.mark.kafka
NOW_S = int(time.time())


def test_version_1_as_telegraf_sends_it(gateway: Gateway, kafka: Broker, server_id: str) -> None:
    key = gateway.new_key(server_id).text
    login = {"Authorization": f"Basic {base64.b64encode(f'telegraf:{key}'.encode()).decode()}"}
    query = urllib.parse.urlencode({"q": 'CREATE DATABASE "telegraf"'}).encode()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    created = gateway.ask("POST", "/query", query, "", {**login, **form})
    assert (created.status, created.json) == (200, {"results": [{"statement_id": 0}]})
    cpu = f"cpu,cpu=cpu0,host={server_id} usage_idle=97.5,busy=2i {NOW_S}000000000"
    body = gzip.compress(f'{cpu}\nsystem,host={server_id} up=true,os="x"\n'.encode())
    reply = gateway.ask("POST", "/write?consistency=any&db=telegraf", body, "", {**login, "Content-Encoding": "gzip"})
    assert (reply.status, reply.body, reply.headers["pulsemon-texts-ignored"]) == (204, b"", "1")
    first, second = batches_of(kafka, server_id)
    assert first.recorded_at_ms == NOW_S * 1000
    assert (first.names, first.labels, first.values) == (
        ("cpu.busy", "cpu.usage_idle"),
        ("cpu=cpu0", "cpu=cpu0"),
        (2.0, 97.5),
    )
    assert (second.names, second.labels, second.values) == (("system.up",), ("",), (1.0,))
    assert gateway.ask("GET", "/ping").status == 204


def test_version_2_with_each_precision(gateway: Gateway, kafka: Broker, server_id: str) -> None:
    key = gateway.new_key(server_id).text
    units = {"s": 1, "ms": 1000, "us": 10**6, "ns": 10**9, "": 10**9}
    for number, (precision, factor) in enumerate(units.items()):
        path = f"/api/v2/write?bucket=b&org=o&precision={precision}"
        body = f"a b={number} {(NOW_S + number) * factor}".encode()
        assert gateway.ask("POST", path, body, "", {"Authorization": f"Token {key}"}).status == 204
    found = [(one.recorded_at_ms, one.values) for one in batches_of(kafka, server_id)]
    assert found == [((NOW_S + number) * 1000, (float(number),)) for number in range(len(units))]


def test_bad_lines_are_named_and_the_others_are_written(gateway: Gateway, kafka: Broker, server_id: str) -> None:
    key = gateway.new_key(server_id).text
    reply = gateway.ask(
        "POST", "/write", b"good a=1\nbad a=1x\n# no line\n\ngood,t=1 a=2\nnew a=1 9000000000000000000", key
    )
    assert (reply.status, reply.problem, reply.json["accepted"]) == (400, "lines-rejected", 2)
    assert [(one["pointer"], one["code"]) for one in reply.json["errors"]] == [("/1", "bad_line"), ("/5", "too_new")]
    assert "line 2" in reply.json["errors"][0]["detail"]
    assert reply.json["error"].startswith("partial write: "), "what clients of version 1 show"
    assert reply.json["message"] == reply.json["error"]
    assert [len(one.names) for one in batches_of(kafka, server_id)] == [2]


def test_an_unknown_precision_and_no_key(gateway: Gateway, any_key: str) -> None:
    assert gateway.ask("POST", "/write?precision=d", b"a b=1", any_key).problem == "invalid-request"
    assert gateway.ask("POST", "/write", b"a b=1").problem == "key-missing"
    assert gateway.ask("POST", "/query", b"q=SHOW+DATABASES", any_key).problem == "invalid-request"

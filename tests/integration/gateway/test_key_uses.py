"""A gateway tells when a key was last used, and ``key list`` shows it."""

import json
import time
from datetime import UTC, datetime

import pytest
from support.command_line import invoke, use_kafka
from support.gateways import running_gateway
from support.kafka import Broker
from support.waiting import wait_until

pytestmark = pytest.mark.kafka


def test_a_key_that_was_used_is_listed_with_the_time(
    kafka: Broker, monkeypatch: pytest.MonkeyPatch, server_id: str
) -> None:
    use_kafka(monkeypatch, kafka)
    with running_gateway(kafka) as gateway:
        made = json.loads(invoke("server", "add", server_id, "--json").stdout)
        other = json.loads(invoke("key", "add", server_id, "--json").stdout)
        began = datetime.fromtimestamp(int(time.time()), UTC)
        wait_until(lambda: gateway.knows(made["key"]), 5, "the gateway to know the key, and so its use")
    # a gateway that ends tells what it has not told yet
    rows = {one["id"]: one["last_used"] for one in json.loads(invoke("key", "list", "--json").stdout)}
    assert datetime.fromisoformat(rows[made["id"]]) >= began
    assert rows[other["id"]] is None

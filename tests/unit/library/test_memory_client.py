"""The client for tests of services: the same rules, nothing outside."""

import os
import subprocess
import sys
import threading

import pytest
from pulsemon import Client
from pulsemon.testing import MemoryClient


def test_it_has_everything_that_a_client_has() -> None:
    client: Client = MemoryClient()
    with client.up_down("shop.requests.active"), client.timer("shop.checkout"), client.exceptions("shop.errors"):
        client.counter("shop.orders").add(2)
    client.state("shop.breaker", states=("closed", "open")).set("open")
    client.observe("shop.basket.items", 7)
    client.set("shop.queue.depth", 3)
    client.event("deploy", "Version 4.2")

    assert isinstance(client, MemoryClient)
    assert client.value("shop.orders") == 2
    assert client.value("shop.requests.active") == 0
    assert client.value("shop.breaker", state="open") == 1
    assert client.value("shop.basket.items.p99") == pytest.approx(7, rel=0.01)
    assert [event.text for event in client.events] == ["Version 4.2"]
    assert client.flush()
    assert client.close()


def test_values_stay_the_same_however_often_they_are_asked_for() -> None:
    client = MemoryClient()
    client.observe("shop.basket.items", 7)
    first = client.values("shop.basket.items.p50")

    assert first
    assert client.values("shop.basket.items.p50") == first
    assert client.value("shop.basket.items.count") == 1


def test_it_drops_what_any_client_drops_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    client = MemoryClient(max_label_values=2)
    for number in range(4):
        client.count("shop.orders", order=number)
    client.count("shop.orders", -1, order=0)

    assert client.dropped == {"cardinality": 2, "invalid": 1}
    with pytest.raises(AssertionError, match="'cardinality': 2"):
        client.assert_nothing_dropped()
    assert "its label order has 2 values already" in caplog.text


def test_a_wrong_value_is_shown_beside_what_there_is() -> None:
    client = MemoryClient()
    client.count("shop.orders", channel="web")
    client.assert_value("shop.orders", 1, channel="web")
    client.assert_value("shop.orders", None, channel="phone")
    with pytest.raises(AssertionError, match=r"shop.orders\{channel=phone\} is None, not 1; there are .*channel=web"):
        client.assert_value("shop.orders", 1, channel="phone")


def test_two_clients_know_nothing_of_each_other() -> None:
    one, other = MemoryClient(), MemoryClient()
    one.count("shop.orders")
    assert other.value("shop.orders") is None


def test_it_starts_no_thread_and_reads_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSEMON_CLIENT_TRANSPORT", "nonsense")
    before = threading.enumerate()
    client = MemoryClient()
    client.count("shop.orders")
    client.event("deploy")

    assert threading.enumerate() == before
    client.assert_nothing_dropped()


def test_a_forked_child_begins_anew() -> None:
    client = MemoryClient()
    client.count("shop.orders", 5)
    client.event("deploy")
    assert client.value("shop.orders") == 5
    assert client.events
    child = os.fork()
    if not child:
        client.count("shop.orders", 2)
        os._exit(0 if (client.value("shop.orders"), client.events) == (2, []) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert client.value("shop.orders") == 5


def test_it_loads_no_kafka() -> None:
    script = """
import sys
from pulsemon.testing import MemoryClient
client = MemoryClient()
client.count("shop.orders")
client.assert_value("shop.orders", 1)
client.close()
print({"confluent_kafka", "fastavro", "socketserver"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

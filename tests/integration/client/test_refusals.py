"""A Kafka that does not trust or let us: what is wrong, what is kept and what to do, once."""

import time
from dataclasses import replace

import pytest
from pulsemon import Client
from pulsemon_producers.client.kafka_transport import CLIENT_ID, KafkaTransport
from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.runtime.secret import Secret
from pulsemon_schemas.topics import ALERTS, METRICS
from support.clients import dropped
from support.embedded_clients import Place
from support.waiting import wait_until

pytestmark = pytest.mark.kafka

TOLD_SECONDS = 20.0
TRIES_SECONDS = 1.5
"""As long as another try or two take, each of which must say nothing."""
LOGIN, RIGHTS = "PULSEMON_KAFKA_USERNAME and PULSEMON_KAFKA_PASSWORD", "Give the login the permission to write"
EXPECTED = (
    ("does not accept the login 'agent'", "invalid credentials", LOGIN),
    ("does not accept the login 'by-plain'", "supported mechanisms: SCRAM-SHA-512", LOGIN),
    ("does not let the login 'agent' write", "Topic authorization failed", RIGHTS),
    ("does not let the login 'bridge' write", "authorization failed", RIGHTS),
    ("does not take metrics", "wants another security_protocol"),
)


def sending(place: Place, settings: KafkaSettings, topic: str = "") -> Client:
    """A client that has counted something."""
    client = Client(
        "shop",
        transport=lambda: KafkaTransport(settings, topic or place.topics[METRICS.name]),
        flush_interval_seconds=0.2,
        runtime_folder=str(place.folder),
        handles_sigterm=False,
        environ={},
    )
    client.count("shop.orders")
    return client


def test_each_refusal_is_told_once_as_what_it_is(
    place: Place, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    agent = place.broker.settings_for("agent")

    def told_of(parts: tuple[str, ...]) -> list[str]:
        return [text for text in caplog.messages if all(part in text for part in parts)]

    clients = [
        sending(place, replace(agent, password=Secret("mistaken"))),
        sending(place, replace(agent, username="by-plain", sasl_mechanism="PLAIN")),
        sending(place, agent, ALERTS.name),
        sending(place, place.broker.settings_for("bridge")),
        sending(place, KafkaSettings(agent.bootstrap)),
    ]
    wait_until(lambda: all(map(told_of, EXPECTED)), TOLD_SECONDS, "the refusals to be told")
    until = time.monotonic() + TRIES_SECONDS
    assert [client.flush(until - time.monotonic()) for client in clients] == [False] * len(clients)
    assert [dropped(client) for client in clients] == [{}] * len(clients), "what is not taken is kept"
    told = list(caplog.messages)
    for client in clients:
        client.close(0)

    for parts in EXPECTED:
        assert len(told_of(parts)) == 1, (parts, told)
    others = [text for text in told if not any(text in told_of(parts) for parts in EXPECTED)]
    assert all(": no answer." in text for text in others), "a machine that is busy may take long to be refused"
    kept = "are kept in memory within the client's bounds"
    assert all(kept in text and agent.bootstrap in text and "mistaken" not in text for text in told)
    assert CLIENT_ID not in capfd.readouterr().err, "nothing but the log"

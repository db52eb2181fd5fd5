"""The agent's own way over HTTP, with a certificate, into the log."""

from pathlib import Path

import pytest
from pulsemon_producers.http_publisher import HttpPublisher
from pulsemon_producers.http_settings import HttpSettings
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.runtime.secret import Secret
from support.gateways import NOW_MS, Gateway, batch, batches_of, running_gateway
from support.kafka import Broker

pytestmark = pytest.mark.kafka
TLS = Path(__file__).parents[1] / "producers" / "tls"


def test_batches_of_an_agent_arrive_over_https_and_one_that_is_wrong_is_given_up(
    gateway: Gateway, kafka: Broker, server_id: str
) -> None:
    key = Secret(gateway.new_key(server_id).text)
    pem = TLS / "server.pem"
    with running_gateway(kafka, certificate_file=pem, private_key_file=pem) as secured:
        publisher = HttpPublisher(HttpSettings(f"https://localhost:{secured.port}", key, TLS / "ca.pem"))
        sent = [batch(server_id, number) for number in range(3)]
        assert all(publisher.publish(one) for one in sent)
        with pytest.raises(ContractError) as refused:
            publisher.publish(batch(server_id, 3, recorded_at_ms=NOW_MS + 3_600_000))
        assert refused.value.reason == "too_new"
        publisher.close()
    assert batches_of(kafka, server_id) == sent

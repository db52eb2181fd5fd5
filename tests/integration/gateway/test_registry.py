"""Clients of a schema registry read what is in the log through the gateway."""

import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext
from pulsemon_schemas.codec import encode
from pulsemon_schemas.topics import METRICS
from support.gateways import Gateway, batch

pytestmark = pytest.mark.kafka


def test_the_deserializer_of_confluent_kafka_works_unchanged(gateway: Gateway) -> None:
    with SchemaRegistryClient({"url": gateway.url}) as client:
        read = AvroDeserializer(client)(encode(batch("web-1")), SerializationContext(METRICS.name, MessageField.VALUE))
        assert (read["server_id"], read["names"], read["values"]) == ("web-1", ["a", "b"], [1.0, 2.0])
        assert "pulsemon.metrics-value" in client.get_subjects()
        latest = client.get_latest_version("pulsemon.control-value")
        assert (latest.schema_id, latest.version) == (2, 1)
        assert client.lookup_schema("pulsemon.control-value", latest.schema).schema_id == 2


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/schemas/ids/99", 40403),
        ("/subjects/nothing/versions", 40401),
        ("/subjects/pulsemon.metrics-value/versions/9", 40402),
        ("/subjects/pulsemon.metrics-value/versions/x", 42202),
    ],
)
def test_what_is_not_there_is_said_as_registries_say_it(gateway: Gateway, path: str, code: int) -> None:
    reply = gateway.ask("GET", path)
    assert (reply.status, reply.json["error_code"]) == (code // 100, code)

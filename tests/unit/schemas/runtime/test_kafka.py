import pytest
from confluent_kafka import Consumer, Producer
from pulsemon_schemas.errors import SettingsError
from pulsemon_schemas.runtime.kafka import (
    ENVIRONMENT_PREFIX,
    KafkaSettings,
    client_config,
    consumer_config,
    producer_config,
)
from pulsemon_schemas.runtime.settings import Secret, load

SECURED = KafkaSettings(
    bootstrap="a:9092,b:9093",
    security_protocol="SASL_SSL",
    username="sink",
    password=Secret("hunter2"),
    ca_file="/ca.pem",
)


def test_a_plain_client_sends_no_login() -> None:
    config = client_config(KafkaSettings())

    assert config["bootstrap.servers"] == "127.0.0.1:9092"
    assert config["security.protocol"] == "PLAINTEXT"
    assert not [name for name in config if name.startswith(("sasl.", "ssl."))]


def test_a_secured_client_has_login_and_authority() -> None:
    config = client_config(SECURED)

    assert config["sasl.mechanism"] == "SCRAM-SHA-512"
    assert config["sasl.username"] == "sink"
    assert config["sasl.password"] == "hunter2"
    assert config["ssl.ca.location"] == "/ca.pem"
    assert "hunter2" not in repr(SECURED)


def test_the_producer_loses_and_doubles_nothing() -> None:
    config = producer_config(KafkaSettings(), "agent-1")

    expected = {
        "client.id": "agent-1",
        "enable.idempotence": True,
        "acks": "all",
        "compression.type": "zstd",
        "partitioner": "murmur2_random",
    }
    assert expected.items() <= config.items()


def test_the_consumer_reads_what_is_committed_and_moves_no_offset_by_itself() -> None:
    config = consumer_config(KafkaSettings(), "pulsemon-sink", "sink-1")

    expected = {
        "group.id": "pulsemon-sink",
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "partition.assignment.strategy": "cooperative-sticky",
    }
    assert expected.items() <= config.items()


def test_the_client_library_takes_every_setting() -> None:
    plain = KafkaSettings(bootstrap="127.0.0.1:1")

    Producer(producer_config(plain, "a") | {"log_level": 0}).flush(0)
    Consumer(consumer_config(plain, "group", "a") | {"log_level": 0}).close()


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        ({"BOOTSTRAP": "localhost"}, "bootstrap has 'localhost': write host:port, several with commas"),
        ({"BOOTSTRAP": "a:1,b:70000"}, "bootstrap has 'b:70000'"),
        ({"SECURITY_PROTOCOL": "SASL_PLAINTEXT", "USERNAME": "a"}, "SASL_PLAINTEXT needs username and password"),
        ({"USERNAME": "a", "PASSWORD": "b"}, "no use without security_protocol"),
        ({"SECURITY_PROTOCOL": "TLS"}, "use one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"),
    ],
)
def test_settings_that_cannot_work_are_refused(environ: dict[str, str], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        load(KafkaSettings, ENVIRONMENT_PREFIX, {ENVIRONMENT_PREFIX + name: text for name, text in environ.items()})

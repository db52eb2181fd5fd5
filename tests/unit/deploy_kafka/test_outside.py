import pytest
from pulsemon_deploy.kafka import client_config_text, outside_broker
from pulsemon_schemas.errors import SettingsError
from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.runtime.settings import Secret


def test_nobody_elses_broker_is_set() -> None:
    assert outside_broker({}) is None
    assert outside_broker({"PULSEMON_KAFKA_BOOTSTRAP": ""}) is None


def test_a_broker_that_is_set_is_used() -> None:
    assert outside_broker({"PULSEMON_KAFKA_BOOTSTRAP": "kafka-1:9092"}) == KafkaSettings(bootstrap="kafka-1:9092")


def test_its_settings_are_checked() -> None:
    with pytest.raises(SettingsError, match="PULSEMON_KAFKA_BOOTSTRAPS"):
        outside_broker({"PULSEMON_KAFKA_BOOTSTRAP": "kafka-1:9092", "PULSEMON_KAFKA_BOOTSTRAPS": "kafka-2:9092"})


def test_other_clients_get_address_and_login_alone() -> None:
    settings = KafkaSettings("127.0.0.1:19092", "SASL_PLAINTEXT", "SCRAM-SHA-512", "agent", Secret("s3cret"))

    assert client_config_text(settings) == (
        "bootstrap.servers=127.0.0.1:19092\n"
        "security.protocol=SASL_PLAINTEXT\n"
        "sasl.mechanism=SCRAM-SHA-512\n"
        "sasl.username=agent\n"
        "sasl.password=s3cret\n"
    )

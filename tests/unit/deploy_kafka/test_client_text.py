from pulsemon_deploy.kafka import client_config_text
from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.runtime.settings import Secret


def test_other_clients_get_address_and_login_alone() -> None:
    settings = KafkaSettings("127.0.0.1:19092", "SASL_PLAINTEXT", "SCRAM-SHA-512", "agent", Secret("s3cret"))

    assert client_config_text(settings) == (
        "bootstrap.servers=127.0.0.1:19092\n"
        "security.protocol=SASL_PLAINTEXT\n"
        "sasl.mechanism=SCRAM-SHA-512\n"
        "sasl.username=agent\n"
        "sasl.password=s3cret\n"
    )

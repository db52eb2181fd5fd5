import shlex

from pulsemon_deploy.kafka import client_config_text, client_environment_text
from pulsemon_schemas.runtime.kafka import ENVIRONMENT_PREFIX, KafkaSettings
from pulsemon_schemas.runtime.settings import Secret, load


def test_other_clients_get_address_and_login_alone() -> None:
    settings = KafkaSettings("127.0.0.1:19092", "SASL_PLAINTEXT", "SCRAM-SHA-512", "agent", Secret("s3cret"))

    assert client_config_text(settings) == (
        "bootstrap.servers=127.0.0.1:19092\n"
        "security.protocol=SASL_PLAINTEXT\n"
        "sasl.mechanism=SCRAM-SHA-512\n"
        "sasl.username=agent\n"
        "sasl.password=s3cret\n"
    )


def test_programs_with_our_library_get_the_same_as_variables_that_a_shell_reads() -> None:
    settings = KafkaSettings("127.0.0.1:19092", "SASL_PLAINTEXT", "SCRAM-SHA-512", "bridge", Secret("s3 cret"))
    text = client_environment_text(settings)

    assert "PULSEMON_KAFKA_PASSWORD='s3 cret'\n" in text
    variables = dict(line.split("=", 1) for line in shlex.split(text))
    assert load(KafkaSettings, ENVIRONMENT_PREFIX, variables) == settings

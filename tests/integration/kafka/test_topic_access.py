"""For each topic: who is refused, and that each role can do what the data says and not more."""

import secrets
from dataclasses import replace

import pytest
from confluent_kafka.admin._scram import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.runtime.settings import Secret
from pulsemon_schemas.topics import ROLES, TOPICS
from support.kafka import Broker
from support.kafka_probes import DENIED, OK, end_offsets, read_each, write_each

pytestmark = pytest.mark.kafka

NAMES = [topic.name for topic in TOPICS]


@pytest.fixture(scope="module")
def stranger(broker: Broker) -> KafkaSettings:
    """Somebody who has a login and is in no list."""
    settings = replace(broker.settings, username="stranger", password=Secret(secrets.token_hex()))
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
    upsert = UserScramCredentialUpsertion("stranger", info, settings.password.reveal().encode())
    admin = broker.admin()
    for future in admin.alter_user_scram_credentials([upsert]).values():
        future.result(10)
    return settings


def test_the_administrator_may_do_all(broker: Broker) -> None:
    assert write_each(broker.settings, NAMES) == dict.fromkeys(NAMES, OK)
    assert read_each(broker.settings, NAMES) == dict.fromkeys(NAMES, OK)


def test_an_anonymous_client_writes_and_reads_nothing(broker: Broker) -> None:
    anonymous = KafkaSettings(bootstrap=broker.settings.bootstrap)
    before = end_offsets(broker.settings, NAMES)

    assert write_each(anonymous, NAMES, timeout_seconds=1) == dict.fromkeys(NAMES, "_MSG_TIMED_OUT")
    assert read_each(anonymous, NAMES, timeout_seconds=1) == {}
    assert end_offsets(broker.settings, NAMES) == before


def test_a_wrong_password_writes_and_reads_nothing(broker: Broker) -> None:
    impostor = replace(broker.settings_for("agent"), password=Secret("guessed"))

    assert write_each(impostor, NAMES, timeout_seconds=1) == dict.fromkeys(NAMES, "_MSG_TIMED_OUT")
    assert read_each(impostor, NAMES, timeout_seconds=1) == {}


def test_an_unlisted_principal_writes_and_reads_nothing(broker: Broker, stranger: KafkaSettings) -> None:
    before = end_offsets(broker.settings, NAMES)

    assert write_each(stranger, NAMES) == dict.fromkeys(NAMES, DENIED)
    assert read_each(stranger, NAMES) == dict.fromkeys(NAMES, DENIED)
    assert end_offsets(broker.settings, NAMES) == before


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_writes_and_reads_what_the_data_says(broker: Broker, role: str) -> None:
    settings = broker.settings_for(role)

    assert write_each(settings, NAMES) == {topic.name: OK if role in topic.writers else DENIED for topic in TOPICS}
    assert read_each(settings, NAMES) == {topic.name: OK if role in topic.readers else DENIED for topic in TOPICS}

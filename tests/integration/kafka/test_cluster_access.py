"""What roles may do beside topics: groups, transactions, and nothing that changes the cluster."""

from concurrent.futures import Future
from typing import Any

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, Producer, TopicPartition
from confluent_kafka.admin._acl import AclBinding, AclBindingFilter, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType
from confluent_kafka.admin._scram import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
from confluent_kafka.cimpl import NewTopic
from pulsemon_deploy.kafka import ensure_access
from pulsemon_deploy.kafka.access import grant_all, revoke_all
from pulsemon_deploy.kafka.admin import admin_client
from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config
from pulsemon_schemas.topics import METRICS
from support.kafka import Broker
from support.kafka_probes import DENIED, OK, read_each
from support.waiting import wait_until

pytestmark = pytest.mark.kafka


def commit_in(settings: KafkaSettings, group: str) -> str:
    offsets = ConsumerGroupTopicPartitions(group, [TopicPartition(METRICS.name, 0, 0)])
    admin = admin_client(settings)
    [future] = admin.alter_consumer_group_offsets([offsets], request_timeout=1).values()
    try:
        future.result(10)
    except KafkaException as error:
        return str(error.args[0].name())
    return OK


def begin_transaction(settings: KafkaSettings, transactional_id: str) -> str:
    producer = Producer({**client_config(settings), "transactional.id": transactional_id, "log_level": 0})
    try:
        producer.init_transactions(10)
    except KafkaException as error:
        return str(error.args[0].name())
    return OK


def test_a_role_commits_in_groups_of_its_name_alone(broker: Broker) -> None:
    sink = broker.settings_for("sink")

    # the first use of any group makes the broker create its topic for offsets
    wait_until(lambda: commit_in(sink, "pulsemon-sink") == OK, 20, "a first commit")
    assert commit_in(sink, "pulsemon-sink-of-a-test") == OK
    assert commit_in(sink, "pulsemon-processor") == "GROUP_AUTHORIZATION_FAILED"
    assert commit_in(sink, "anything") == "GROUP_AUTHORIZATION_FAILED"


def test_only_the_processor_begins_transactions(broker: Broker) -> None:
    denied = "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"

    assert begin_transaction(broker.settings_for("processor"), "pulsemon-processor-0") == OK
    assert begin_transaction(broker.settings_for("processor"), "pulsemon-sink-0") == denied
    assert begin_transaction(broker.settings_for("sink"), "pulsemon-sink-0") == denied


@pytest.mark.parametrize("role", ["agent", "operator"])
def test_a_role_changes_nothing_of_the_cluster(broker: Broker, role: str) -> None:
    admin = admin_client(broker.settings_for(role))
    everything = AclBinding(
        ResourceType.TOPIC,
        "*",
        ResourcePatternType.LITERAL,
        f"User:{role}",
        "*",
        AclOperation.ALL,
        AclPermissionType.ALLOW,
    )
    own_admin = UserScramCredentialUpsertion("admin", ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), b"mine")
    attempts: list[dict[Any, Future[Any]]] = [
        admin.create_topics([NewTopic("another", 1, 1)]),
        admin.delete_topics([METRICS.name]),
        admin.create_acls([everything]),
        admin.alter_user_scram_credentials([own_admin]),
    ]

    for attempt in attempts:
        for future in attempt.values():
            with pytest.raises(KafkaException, match="AUTHORIZATION_FAILED"):
                future.result(10)


def test_access_follows_the_data_and_leaves_others_alone(broker: Broker) -> None:
    """An old permission of a role on a topic of ours goes at the next start; one of somebody else's stays."""

    def may_read(user: str) -> AclBinding:
        return AclBinding(
            ResourceType.TOPIC,
            METRICS.name,
            ResourcePatternType.LITERAL,
            f"User:{user}",
            "*",
            AclOperation.READ,
            AclPermissionType.ALLOW,
        )

    admin = broker.admin()
    grant_all(admin, [may_read("agent"), may_read("somebody")])
    assert read_each(broker.settings_for("agent"), [METRICS.name]) == {METRICS.name: OK}

    ensure_access(broker.settings, lambda role: broker.settings_for(role).password.reveal())

    of_topic = AclBindingFilter(
        ResourceType.TOPIC,
        METRICS.name,
        ResourcePatternType.LITERAL,
        "User:somebody",
        "*",
        AclOperation.READ,
        AclPermissionType.ALLOW,
    )
    assert read_each(broker.settings_for("agent"), [METRICS.name]) == {METRICS.name: DENIED}
    assert admin.describe_acls(of_topic).result(10) == [may_read("somebody")]
    revoke_all(admin, [may_read("somebody")])

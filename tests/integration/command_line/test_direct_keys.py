"""Keys that are logins of Kafka too: what they open there, and when that ends."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import KafkaError, Message, Producer
from pulsemon_deploy.kafka import ensure_topics
from pulsemon_deploy.kafka.access import grant_all, revoke_all
from pulsemon_deploy.kafka.key_logins import KeyLogins, key_grants
from pulsemon_deploy.key_changes import new_key
from pulsemon_schemas.keys import WRITE_METRICS
from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config
from pulsemon_schemas.runtime.secret import Secret
from pulsemon_schemas.topics import METRICS, TOPICS
from support.command_line import invoke, use_kafka
from support.kafka import Broker
from support.kafka_probes import DENIED, OK, read_each, write_each
from support.waiting import wait_until

pytestmark = pytest.mark.kafka

NAMES = [topic.name for topic in TOPICS]


@pytest.fixture(autouse=True)
def administrator(kafka: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_topics(kafka.settings, 4)
    use_kafka(monkeypatch, kafka, "admin")


@pytest.fixture
def server_id() -> str:
    return f"direct-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def logins(kafka: Broker) -> Iterator[KeyLogins]:
    """Ends what a test leaves."""
    yield KeyLogins(kafka.settings)
    invoke("key", "sync")


def answer(*arguments: str) -> Any:
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output + result.stderr
    return json.loads(result.stdout)


def login(kafka: Broker, made: Any) -> KafkaSettings:
    return KafkaSettings(
        kafka.settings.bootstrap, "SASL_PLAINTEXT", username=made["login"], password=Secret(made["key"])
    )


def refusal(settings: KafkaSettings) -> str:
    """How the broker refuses a login."""
    errors: list[KafkaError] = []
    producer = Producer({**client_config(settings), "log_level": 0, "error_cb": errors.append})
    wait_until(lambda: producer.poll(0.02) >= 0 and bool(errors), 10, "the refusal")
    assert errors[0].name() == "_AUTHENTICATION", errors
    return errors[0].str()


class Open:
    """A connection that stays open."""

    def __init__(self, settings: KafkaSettings) -> None:
        self.outcome = ""
        self._producer = Producer({**client_config(settings), "log_level": 0, "message.timeout.ms": 10_000})

    def write(self) -> str:
        self._producer.produce(METRICS.name, b"value", b"key", 0, on_delivery=self._told)
        self._producer.flush(20)
        return self.outcome

    def _told(self, error: KafkaError | None, message: Message) -> None:
        self.outcome = OK if error is None else error.name()


def test_a_direct_key_writes_metrics_and_nothing_else(kafka: Broker, logins: KeyLogins, server_id: str) -> None:
    made = answer("server", "add", server_id, "--direct")
    settings = login(kafka, made)

    assert write_each(settings, NAMES) == {name: OK if name == METRICS.name else DENIED for name in NAMES}
    assert set(read_each(settings, NAMES).values()) == {DENIED}
    assert f"PULSEMON_KAFKA_USERNAME={made['login']} PULSEMON_KAFKA_PASSWORD={made['key']}" in made["start"]
    listed = answer("key", "list", "--server", server_id)
    assert [one["direct"] for one in listed] == [True]


def test_a_wrong_password_is_told_as_such_and_a_plain_key_has_no_login(
    kafka: Broker, logins: KeyLogins, server_id: str
) -> None:
    made = answer("server", "add", server_id, "--direct")
    assert "invalid credentials" in refusal(login(kafka, made | {"key": "guessed"}))

    plain = answer("key", "add", server_id)
    assert ("login" in plain, plain["direct"]) == (False, False)


def test_a_key_is_rotated_with_an_overlap_and_revoked_at_once(kafka: Broker, logins: KeyLogins, server_id: str) -> None:
    first = answer("server", "add", server_id, "--direct")
    second = answer("key", "rotate", first["id"], "--grace", "1h")
    old, new = Open(login(kafka, first)), Open(login(kafka, second))
    assert (old.write(), new.write()) == (OK, OK)

    third = answer("key", "rotate", first["id"], "--grace", "0")
    newest = Open(login(kafka, third))
    assert (old.write(), new.write(), newest.write()) == (DENIED, DENIED, OK), "permissions go first"
    assert refusal(login(kafka, first))

    answer("key", "revoke", first["id"])
    assert newest.write() == DENIED
    assert refusal(login(kafka, third))
    assert invoke("key", "sync", "--dry-run").exit_code == 0


def test_what_a_killed_command_left_is_found_and_finished(kafka: Broker, logins: KeyLogins, server_id: str) -> None:
    """Each way in which log and broker can differ, as a kill between them or a person at the broker leaves it."""
    made = answer("server", "add", server_id, "--direct")
    nobody = new_key(server_id, frozenset({WRITE_METRICS}), None, is_direct=True)
    admin = kafka.admin()
    right = {grant.binding() for grant in key_grants(made["login"], {WRITE_METRICS})}
    logins.make(nobody.login, {WRITE_METRICS}, nobody.text)  # its record was never written, or says revoked
    revoke_all(admin, right)
    excess = {grant.binding() for grant in key_grants(made["login"], {WRITE_METRICS}, [_alerts_as_if_for_agents()])}
    grant_all(admin, excess)

    found = invoke("key", "sync", "--dry-run", "--json")
    assert found.exit_code == 1
    assert json.loads(found.stdout) | {"logins": 0} == {
        "logins": 0,
        "ended": [nobody.login],
        "permissions_set_right": [made["login"]],
        "lost": [],
        "dry_run": True,
    }
    assert invoke("key", "sync").exit_code == 0

    assert invoke("key", "sync", "--dry-run").exit_code == 0
    assert write_each(login(kafka, made), NAMES) == {name: OK if name == METRICS.name else DENIED for name in NAMES}
    gone = KafkaSettings(
        kafka.settings.bootstrap, "SASL_PLAINTEXT", username=nobody.login, password=Secret(nobody.text)
    )
    assert refusal(gone)


def test_a_login_that_got_lost_is_told_and_a_rotation_makes_another(
    kafka: Broker, logins: KeyLogins, server_id: str
) -> None:
    made = answer("server", "add", server_id, "--direct")
    logins.end([made["login"]])

    lost = invoke("key", "sync")
    assert (lost.exit_code, made["login"] in lost.stdout, "key rotate" in lost.stdout) == (1, True, True)

    again = answer("key", "rotate", made["id"], "--grace", "0")
    assert write_each(login(kafka, again), [METRICS.name]) == {METRICS.name: OK}
    assert invoke("key", "sync").exit_code == 0


def test_who_may_not_change_logins_writes_nothing(
    kafka: Broker, monkeypatch: pytest.MonkeyPatch, server_id: str
) -> None:
    answer("server", "add", server_id)
    use_kafka(monkeypatch, kafka, "operator")
    refused = invoke("key", "add", server_id, "--direct")
    assert (refused.exit_code, "Nothing was changed" in refused.stderr) == (1, True), refused.stderr
    assert len(answer("key", "list", "--server", server_id)) == 1
    assert invoke("key", "sync").exit_code == 1
    plain = answer("key", "list", "--server", server_id)[0]["id"]
    assert invoke("key", "revoke", plain).exit_code == 0, "a key without a login needs no administrator"


def _alerts_as_if_for_agents() -> Any:
    from dataclasses import replace

    from pulsemon_schemas.topics import ALERTS

    return replace(ALERTS, writers=METRICS.writers, record=METRICS.record)

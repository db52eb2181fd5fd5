"""The part of commands about keys that Kafka has in it: logins made after the control log has the key, and ended."""

import os
import shlex
import time

from pulsemon_schemas import keys
from pulsemon_schemas.keys import Key
from pulsemon_schemas.runtime.kafka import KafkaSettings

from pulsemon_deploy.installation import installation
from pulsemon_deploy.kafka.key_logins import KeyLogins
from pulsemon_deploy.key_changes import NewSecret

ADMIN = "admin"


def key_logins() -> KeyLogins:
    """The logins at the broker of this installation."""
    return KeyLogins(installation(os.environ).kafka(ADMIN))


def make_login(new: NewSecret) -> None:
    """Makes the login of a secret that was never shown."""
    key_logins().make(new.login, new.key.scopes, new.text)


def end_logins(before: Key, after: Key) -> None:
    """Ends the logins that a key had and has no more. Errors as KeyLogins."""
    if before.is_direct:
        had = {keys.login_name(before.key_id, one.digest) for one in before.secrets}
        key_logins().end(had - keys.logins(after, int(time.time() * 1000)))


def direct_line(new: NewSecret) -> str:
    """What starts an agent that writes into Kafka itself, to be pasted there."""
    kafka = installation(os.environ).kafka(ADMIN)
    given = {"AGENT_SERVER_ID": new.key.server_id} | _login_settings(kafka, new)
    return " ".join([*(f"PULSEMON_{name}={shlex.quote(value)}" for name, value in given.items()), "pulsemon run agent"])


def _login_settings(kafka: KafkaSettings, new: NewSecret) -> dict[str, str]:
    settings = {
        "KAFKA_BOOTSTRAP": kafka.bootstrap,
        "KAFKA_SECURITY_PROTOCOL": kafka.security_protocol,
        "KAFKA_USERNAME": new.login,
        "KAFKA_PASSWORD": new.text,
    }
    return settings | ({"KAFKA_CA_FILE": kafka.ca_file} if kafka.ca_file else {})

"""Who may do what: logins and ACLs of a broker, made from the data about topics, at each start."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from confluent_kafka.admin import AdminClient

# The public names of confluent_kafka.admin are not marked as exported there, so type checkers refuse them.
from confluent_kafka.admin._acl import AclBinding, AclBindingFilter, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType
from confluent_kafka.admin._scram import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
from pulsemon_schemas.errors import TransientError
from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.topics import ROLES, TOPICS, Topic

from pulsemon_deploy.kafka.admin import admin_client
from pulsemon_deploy.kafka.scram import ITERATIONS

OWN_PREFIX = "pulsemon"
# Only a processor writes in transactions.
TRANSACTIONAL_ROLES = frozenset({"processor"})
DENIED = frozenset({"CLUSTER_AUTHORIZATION_FAILED", "TOPIC_AUTHORIZATION_FAILED"})
"""How the broker names what a login may not."""
TIMEOUT_SECONDS = 20.0
POLL_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Grant:
    """One permission of a role: an operation on a topic, or on all groups or transactional ids of a prefix."""

    role: str
    resource: ResourceType
    name: str
    operation: AclOperation
    is_prefix: bool = False

    def binding(self) -> AclBinding:
        """The same as Kafka's clients spell it: from any host, since the listener is bound to one."""
        pattern = ResourcePatternType.PREFIXED if self.is_prefix else ResourcePatternType.LITERAL
        allow = AclPermissionType.ALLOW
        return AclBinding(self.resource, self.name, pattern, f"User:{self.role}", "*", self.operation, allow)


def topic_grants(topics: Iterable[Topic]) -> set[Grant]:
    """Writers may write, readers may read; each implies that the topic may be described."""
    wanted = set()
    for topic in topics:
        wanted |= {Grant(role, ResourceType.TOPIC, topic.name, AclOperation.WRITE) for role in topic.writers}
        wanted |= {Grant(role, ResourceType.TOPIC, topic.name, AclOperation.READ) for role in topic.readers}
    return wanted


def role_grants(names: Iterable[str]) -> set[Grant]:
    """Groups, and transactional ids where a role has them, that begin with ``pulsemon-ROLE``."""
    wanted = set()
    for role in names:
        prefix = f"{OWN_PREFIX}-{role}"
        wanted.add(Grant(role, ResourceType.GROUP, prefix, AclOperation.READ, is_prefix=True))
        if role in TRANSACTIONAL_ROLES:
            wanted.add(Grant(role, ResourceType.TRANSACTIONAL_ID, prefix, AclOperation.WRITE, is_prefix=True))
    return wanted


def ensure_access(
    settings: KafkaSettings, password_for: Callable[[str], str], topics: Sequence[Topic] = TOPICS
) -> None:
    """Logins for all roles with the given passwords; their ACLs exactly as the data says.

    Old ACLs of our roles on our topics, groups and transactional ids go; those of others are not touched. Safe to
    repeat, and under use. Needs the administrator's login; raises KafkaException,
    or TransientError when they do not come into force.
    """
    admin = admin_client(settings)
    names = sorted(ROLES)
    finish(admin.alter_user_scram_credentials([_login(role, password_for(role)) for role in names]))
    wanted = {grant.binding() for grant in topic_grants(topics) | role_grants(names)}
    present = {acl for acl in present_grants(admin) if _is_ours(acl, names, topics)}
    grant_all(admin, wanted - present)
    revoke_all(admin, present - wanted)


def grant_all(admin: AdminClient, bindings: Iterable[AclBinding]) -> None:
    """Creates ACLs, those that exist stay; returns when the broker acts on them, a moment after it took them."""
    if wanted := set(bindings):
        finish(admin.create_acls(list(wanted), request_timeout=TIMEOUT_SECONDS))
        _wait(lambda: wanted <= set(present_grants(admin)))


def revoke_all(admin: AdminClient, bindings: Iterable[AclBinding]) -> None:
    """Deletes exactly these ACLs; returns when the broker no longer acts on them."""
    if unwanted := set(bindings):
        finish(admin.delete_acls([_exactly(acl) for acl in unwanted], request_timeout=TIMEOUT_SECONDS))
        _wait(lambda: not unwanted & set(present_grants(admin)))


def _login(role: str, password: str) -> UserScramCredentialUpsertion:
    info = ScramCredentialInfo(scram_mechanism(), ITERATIONS)
    return UserScramCredentialUpsertion(role, info, password.encode())


def set_password(admin: AdminClient, name: str, password: str) -> None:
    """Makes a login, or gives it another password. Raises KafkaException."""
    finish(admin.alter_user_scram_credentials([_login(name, password)]))


def scram_mechanism() -> ScramMechanism:
    """The one that all our logins have."""
    return ScramMechanism.SCRAM_SHA_512


def present_grants(admin: AdminClient) -> list[AclBinding]:
    """All ACLs of the broker. Raises KafkaException."""
    anything: Any = None  # a filter takes None for "any name", which its annotations leave out
    everything = AclBindingFilter(
        ResourceType.ANY,
        anything,
        ResourcePatternType.ANY,
        anything,
        anything,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
    found: list[AclBinding] = admin.describe_acls(everything, request_timeout=TIMEOUT_SECONDS).result(TIMEOUT_SECONDS)
    return found


def _is_ours(acl: AclBinding, names: Sequence[str], topics: Sequence[Topic]) -> bool:
    if acl.principal not in {f"User:{role}" for role in names}:
        return False
    if acl.restype == ResourceType.TOPIC:
        return acl.name in {topic.name for topic in topics}
    return acl.name.startswith(f"{OWN_PREFIX}-")


def _exactly(acl: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        acl.restype,
        acl.name,
        acl.resource_pattern_type,
        acl.principal,
        acl.host,
        acl.operation,
        acl.permission_type,
    )


def _wait(is_in_force: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not is_in_force():
        if time.monotonic() >= deadline:
            raise TransientError(f"Kafka took the permissions but did not act on them in {TIMEOUT_SECONDS:.0f} s", 5.0)
        time.sleep(POLL_SECONDS)


def finish(futures: dict[Any, Future[Any]]) -> None:
    """Waits for all; raises the error of the first that failed."""
    for future in futures.values():
        future.result(TIMEOUT_SECONDS)

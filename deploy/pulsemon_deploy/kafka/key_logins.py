"""Keys as logins of Kafka: what the control log wants there, what is there, and the way from one to the other.

The control log is written first and the broker follows: what a kill leaves undone in between, the log tells whoever
looks next. The other way round a login that was ended would look like one that got lost, and nobody could tell.
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass

from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclOperation
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.admin._scram import UserScramCredentialAlteration, UserScramCredentialDeletion
from confluent_kafka.cimpl import KafkaException
from pulsemon_schemas.errors import AuthError, PermanentError, TransientError
from pulsemon_schemas.keys import DIRECT_RECORDS, PREFIX, Key, logins
from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.topics import TOPICS, Topic

from pulsemon_deploy.kafka.access import (
    DENIED,
    Grant,
    finish,
    grant_all,
    present_grants,
    revoke_all,
    scram_mechanism,
    set_password,
)
from pulsemon_deploy.kafka.admin import admin_client

ROLE = "agent"
"""What a key may write is what an agent may, as far as its scopes go."""
NAMES = f"{PREFIX}_"
NO_AUTHORIZER = "SECURITY_DISABLED"
TIMEOUT_SECONDS = 20.0
UNDONE = "The control log is right as it is; what is not done yet, this does: pulsemon key sync"

Wanted = Mapping[str, frozenset[str]]
"""Login to the scopes of its key."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How the broker differs from the control log.

    ``lost`` are logins that the log wants and the broker lacks: the secret is kept nowhere, so nobody can make them.
    ``stray`` are logins that are not to be, ``missing`` and ``excess`` permissions.
    """

    lost: frozenset[str]
    stray: frozenset[str]
    missing: frozenset[AclBinding]
    excess: frozenset[AclBinding]

    @property
    def can_be_mended(self) -> bool:
        """Whether there is anything that ``mend`` sets right."""
        return bool(self.stray or self.missing or self.excess)

    @property
    def users(self) -> frozenset[str]:
        """The logins with too much, or with too little, that ``mend`` sets right."""
        return self.stray | {str(one.principal).removeprefix("User:") for one in self.missing | self.excess}


def wanted_logins(keys: Iterable[Key], now_ms: int) -> dict[str, frozenset[str]]:
    """The logins that these keys have now, with their scopes."""
    return {name: key.scopes for key in keys for name in logins(key, now_ms)}


def key_grants(login: str, scopes: Iterable[str], topics: Iterable[Topic] = TOPICS) -> set[Grant]:
    """What a login may: write the records of its scopes where an agent may; nothing else, and read nothing."""
    records = {DIRECT_RECORDS[scope] for scope in scopes if scope in DIRECT_RECORDS}
    return {
        Grant(login, ResourceType.TOPIC, topic.name, AclOperation.WRITE)
        for topic in topics
        if ROLE in topic.writers and topic.record in records
    }


class KeyLogins:
    """The logins of keys at one broker, with the administrator's login.

    Every method raises AuthError if that may not change logins, PermanentError if the broker lets everybody do all, and
    TransientError for all else that fails.
    """

    def __init__(self, settings: KafkaSettings, topics: Iterable[Topic] = TOPICS) -> None:
        self._settings = settings
        self._topics = tuple(topics)
        self._admin: AdminClient = admin_client(settings)

    def check(self, what_now: str = "Nothing was changed.") -> None:
        """Whether this login may change logins: to be asked before anything is written.

        It deletes permissions that nobody has. Questions would not do: to who may not ask about permissions
        confluent-kafka 2.16.1 says that there are none, and who may not ask about passwords has their process aborted.
        """
        with self._telling(what_now):
            revoke_all(self._admin, [grant.binding() for grant in key_grants(NAMES, DIRECT_RECORDS)])

    def make(self, login: str, scopes: Iterable[str], password: str) -> None:
        """Returns when the login works; it is told to nobody before. Safe to repeat."""
        with self._telling("The key is in the control log, and was not shown; for another: pulsemon key rotate"):
            set_password(self._admin, login, password)
            # of later records in the broker's own log, so that the password counts too when they do
            grant_all(self._admin, self._bindings(login, scopes))

    def end(self, names: Iterable[str]) -> None:
        """Ends logins: their permissions first, which refuses open connections too, then the passwords."""
        self.check(UNDONE)
        with self._telling(UNDONE):
            users = frozenset(names)
            self._end(users, {one for one in self._grants() if _user(one) in users})

    def drift(self, wanted: Wanted) -> Drift:
        """What differs from what is wanted."""
        self.check()
        with self._telling("Nothing was changed."):
            present, grants = self._users(), self._grants()
        right = {one for login, scopes in wanted.items() for one in self._bindings(login, scopes)}
        return Drift(
            lost=frozenset(wanted.keys() - present),
            stray=present - wanted.keys(),
            # what would let in a login that nobody can make is of no use
            missing=frozenset(one for one in right - grants if _user(one) in present),
            excess=frozenset(grants - right),
        )

    def mend(self, drift: Drift) -> None:
        """Sets right what can be."""
        with self._telling(UNDONE):
            self._end(drift.stray, drift.excess)
            grant_all(self._admin, drift.missing)

    def _end(self, users: frozenset[str], grants: Iterable[AclBinding]) -> None:
        revoke_all(self._admin, grants)
        if gone := users & self._users():
            deletions: list[UserScramCredentialAlteration] = [
                UserScramCredentialDeletion(name, scram_mechanism()) for name in sorted(gone)
            ]
            finish(self._admin.alter_user_scram_credentials(deletions))

    def _bindings(self, login: str, scopes: Iterable[str]) -> set[AclBinding]:
        return {grant.binding() for grant in key_grants(login, scopes, self._topics)}

    def _grants(self) -> set[AclBinding]:
        return {one for one in present_grants(self._admin) if _user(one).startswith(NAMES)}

    def _users(self) -> frozenset[str]:
        """To be asked after ``check`` alone."""
        asked = self._admin.describe_user_scram_credentials()
        assert isinstance(asked, Future), "one future answers the question for all users"
        found = asked.result(TIMEOUT_SECONDS)
        return frozenset(name for name in found if name.startswith(NAMES))

    @contextmanager
    def _telling(self, what_now: str) -> Iterator[None]:
        place = self._settings.bootstrap
        try:
            yield
        except KafkaException as error:
            if error.args[0].name() == NO_AUTHORIZER:
                raise PermanentError(f"{place} has no authorizer, so logins mean nothing there. {what_now}") from error
            if error.args[0].name() in DENIED:
                who = self._settings.username or "without a name"
                raise AuthError(f"the login {who} may not change logins at {place}. {what_now}") from error
            raise TransientError(f"the logins at {place} could not be changed: {error}. {what_now}") from error


def _user(acl: AclBinding) -> str:
    return str(acl.principal).removeprefix("User:")

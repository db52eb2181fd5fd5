"""Purges a server: the control log first, and what follows from it, in steps that each may be repeated.

The ``purged`` record is what ends it for every reader: gateways refuse its keys, and the processor tombstones what it
keeps. What is still to be done after a kill, the same command does.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pulsemon_schemas import keys
from pulsemon_schemas.control import SERVER, Fold
from pulsemon_schemas.keys import KEY, Key
from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.topics import METRICS
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.purge import Deleted, StoredServer

from pulsemon_deploy.compacted_topics import keys_left
from pulsemon_deploy.group_lag import group_lag
from pulsemon_deploy.kafka.key_logins import KeyLogins
from pulsemon_deploy.purge_receipt import COMPACTED

POLL_SECONDS = 0.5
NAMES = tuple(one.name for one in COMPACTED)


@dataclass(frozen=True, slots=True)
class TopicsLeft:
    """How many keys of the server have a value, by topic; not waited for any longer."""

    keys: dict[str, int]

    @property
    def is_done(self) -> bool:
        """Whether all are tombstones."""
        return not any(self.keys.values())


def is_purged(fold: Fold, server_id: str) -> bool:
    """Whether the newest word about a server is that it was purged."""
    version = fold.version(SERVER, server_id)
    return version >= 0 and fold.purges.get(server_id) == version


def keys_of(fold: Fold, server_id: str) -> list[Key]:
    """Every key that was ever made for a server and is remembered, good or not."""
    found = (keys.read(key_id, entity.body) for key_id, entity in fold.entities(KEY).items())
    return [key for key in found if key is not None and key.server_id == server_id]


def end_logins(admin: KafkaSettings, of: Sequence[Key]) -> list[str]:
    """Ends what these keys opened in Kafka; asks nothing of the broker if they opened nothing. Errors as KeyLogins."""
    names = [keys.login_name(key.key_id, one.digest) for key in of if key.is_direct for one in key.secrets]
    if names:
        KeyLogins(admin).end(names)
    return names


def delete_stored(settings: ClickHouseSettings, server_id: str) -> list[Deleted]:
    """Takes it out of every table. Errors as Store."""
    store = NativeStore(settings)
    try:
        return StoredServer(store, settings, server_id).delete()
    finally:
        store.close()


def wait_for_processor(
    admin: KafkaSettings,
    server_id: str,
    seconds: float,
    topics: Sequence[str] = NAMES,
    wait: Callable[[float], None] = time.sleep,
) -> TopicsLeft:
    """Returns when the processor has tombstoned the server, at its next Tick, or has not for so long.

    Raises TransientError.
    """
    deadline = time.monotonic() + seconds
    while True:
        left = TopicsLeft(keys_left(admin, topics, server_id))
        if left.is_done or time.monotonic() >= deadline:
            return left
        wait(POLL_SECONDS)


def unread_records(admin: KafkaSettings, sink_group: str) -> int:
    """How many records of the metrics topic the sink has not stored yet: any may be of the server."""
    return group_lag(admin, sink_group, METRICS.name).records


def retired_body(body: Mapping[str, object]) -> str:
    """What is said of a server that is not watched any more."""
    return json.dumps({**body, "retired": True}, sort_keys=True, separators=(",", ":"))

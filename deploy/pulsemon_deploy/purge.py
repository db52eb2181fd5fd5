"""Purges a server: the control log first, and what follows from it, in steps that each may be repeated.

The ``purged`` record is what ends it for every reader: gateways refuse its keys, and the processor tombstones what it
keeps. What is still to be done after a kill, the same command does.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pulsemon_schemas import keys
from pulsemon_schemas.control import SERVER, Fold
from pulsemon_schemas.keys import KEY, Key
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.topics import ALERTS, ALERTS_SHADOW, SERVER_STATE
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.purge import Deleted, StoredServer

from pulsemon_deploy.compacted_topics import keys_left
from pulsemon_deploy.kafka.key_logins import KeyLogins
from pulsemon_deploy.purge_receipt import COMPACTED
from pulsemon_deploy.topic_offsets import PartitionRange, group_offsets, partition_ranges

POLL_SECONDS = 0.5
TRANSACTIONAL = frozenset({ALERTS.name, ALERTS_SHADOW.name, SERVER_STATE.name})
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


def ends(admin: KafkaSettings, topics: Iterable[str], server_id: str) -> dict[str, PartitionRange]:
    """By topic, the partition that has all of the server, up to where it ends now. Raises TransientError."""
    found: dict[str, PartitionRange] = {}
    for topic in topics:
        ranges = partition_ranges(admin, topic)
        if ranges:
            found[topic] = ranges[partition_for(server_id.encode(), len(ranges))]
    return found


def wait_for_sink(
    admin: KafkaSettings,
    groups: Mapping[str, str],
    until: Mapping[str, PartitionRange],
    seconds: float,
    wait: Callable[[float], None] = time.sleep,
) -> list[str]:
    """Returns when the sink has stored all up to these ends, or has not for so long: the topics that are behind.

    ``groups`` are those in which it reads the topics. Raises TransientError.
    """
    deadline = time.monotonic() + seconds
    while True:
        behind = [topic for topic, end in until.items() if _is_behind(admin, groups[topic], topic, end)]
        if not behind or time.monotonic() >= deadline:
            return behind
        wait(POLL_SECONDS)


def _is_behind(admin: KafkaSettings, group_id: str, topic: str, end: PartitionRange) -> bool:
    """A transaction ends with a mark that has an offset, and that nobody reads."""
    last = end.end_offset - (topic in TRANSACTIONAL)
    return end.first_offset < last and group_offsets(admin, group_id, topic).get(end.partition, 0) < last


def retired_body(body: Mapping[str, object]) -> str:
    """What is said of a server that is not watched any more."""
    return json.dumps({**body, "retired": True}, sort_keys=True, separators=(",", ":"))

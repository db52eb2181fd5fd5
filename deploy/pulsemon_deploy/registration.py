"""First records of the control log: each is written once, by whoever first runs Pulse Monitor here."""

import json
import logging
from collections.abc import Mapping, Sequence

from confluent_kafka import Consumer, KafkaException
from pulsemon_schemas.control import PUT, SERVER, UNUSED
from pulsemon_schemas.errors import TransientError
from pulsemon_schemas.records import ControlRecord
from pulsemon_schemas.rules import default_records
from pulsemon_schemas.runtime.kafka import KafkaSettings

from pulsemon_deploy.control_log import QUIET, control_record, read_to_end, reader_config, write

log = logging.getLogger(__name__)

CLIENT_ID = "pulsemon-registration"
Key = tuple[str, str]


def register(
    settings: KafkaSettings, group_id: str, servers: Mapping[str, Mapping[str, object]], author: str
) -> tuple[str, ...]:
    """Writes a first record for each server id that the control log does not know; returns the ids written.

    The values are the bodies. Errors as write_first.
    """
    return write_first(settings, group_id, [_record(server_id, body, author) for server_id, body in servers.items()])


def register_default_rules(settings: KafkaSettings, group_id: str) -> tuple[str, ...]:
    """Puts the rules that come with Pulse Monitor in force where their ids were never used; returns the ids written.

    So a rule that somebody changed or deleted stays as it is. Errors as write_first.
    """
    return write_first(settings, group_id, default_records())


def write_first(settings: KafkaSettings, group_id: str, records: Sequence[ControlRecord]) -> tuple[str, ...]:
    """Writes those records whose entity the control log has never named; returns their entity ids.

    Whoever is first wins: the record of a second writer is void for every reader. Raises TransientError, after which
    everything may be repeated.
    """
    try:
        known = known_entities(settings, group_id, frozenset(map(_key, records)))
        new = [record for record in records if _key(record) not in known]
        if new:
            write(settings, new, CLIENT_ID)
            log.info("registered %s new: %s", len(new), ", ".join(sorted({record.entity_type for record in new})))
    except KafkaException as error:
        raise TransientError(f"the control log at {settings.bootstrap} could not be used: {error}") from error
    return tuple(record.entity_id for record in new)


def known_servers(settings: KafkaSettings, group_id: str, wanted: frozenset[str]) -> frozenset[str]:
    """Which of the wanted ids the control log has ever named. Raises KafkaException."""
    found = known_entities(settings, group_id, frozenset((SERVER, server_id) for server_id in wanted))
    return frozenset(server_id for _, server_id in found)


def known_entities(settings: KafkaSettings, group_id: str, wanted: frozenset[Key]) -> frozenset[Key]:
    """Which of the wanted entities the control log has ever named; reads no further than it must."""
    found: set[Key] = set()
    consumer = Consumer({**reader_config(settings, group_id), **QUIET})
    try:
        for message in read_to_end(consumer):
            record = control_record(message)
            if record is not None and _key(record) in wanted:
                found.add(_key(record))
                if found == wanted:
                    break
    finally:
        consumer.close()
    return frozenset(found)


def _key(record: ControlRecord) -> Key:
    return record.entity_type, record.entity_id


def _record(server_id: str, body: Mapping[str, object], author: str) -> ControlRecord:
    """The change id is always the same, so that two writers, or a retry, make one version."""
    return ControlRecord(
        entity_type=SERVER,
        entity_id=server_id,
        operation=PUT,
        expected_version=UNUSED,
        change_id=f"register-{server_id}",
        author=author,
        on_behalf_of="",
        reason="first seen",
        body=json.dumps(body, sort_keys=True, separators=(",", ":")),
    )

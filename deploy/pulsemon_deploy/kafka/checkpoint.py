"""``bootstrap.checkpoint``: the first metadata of a new cluster, written here so that no second Java process has to.

A Kafka metadata snapshot: three record batches (format v2), the header and the footer being control batches. The
records name the feature levels of this Kafka version and the users that can log in before any user was created.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pulsemon_deploy.kafka.scram import ScramCredential

# What ``StorageTool format`` of Kafka 4.3.1 writes: without group.version, new consumer groups are refused.
FEATURE_LEVELS = {
    "metadata.version": 30,
    "eligible.leader.replicas.version": 1,
    "group.version": 1,
    "share.version": 1,
    "streams.version": 1,
    "transaction.version": 2,
}

_FEATURE_RECORD, _SCRAM_RECORD = 12, 11
_SCRAM_SHA_512 = 2
_CONTROL_BATCH = 0x20
_SNAPSHOT_HEADER, _SNAPSHOT_FOOTER = 3, 4
_CRC32C_POLYNOMIAL = 0x82F63B78


@dataclass(frozen=True, slots=True)
class _Record:
    key: bytes | None
    value: bytes


def bootstrap_checkpoint(credentials: Iterable[ScramCredential], timestamp_ms: int) -> bytes:
    """The file's bytes: feature levels, then one login for each credential."""
    records = [_feature(name, level) for name, level in FEATURE_LEVELS.items()]
    records += [_scram(credential) for credential in credentials]
    header = _Record(struct.pack(">hh", 0, _SNAPSHOT_HEADER), struct.pack(">hqb", 0, 0, 0))
    footer = _Record(struct.pack(">hh", 0, _SNAPSHOT_FOOTER), struct.pack(">hb", 0, 0))
    return b"".join(
        (
            _batch(0, [header], _CONTROL_BATCH, timestamp_ms),
            _batch(1, records, 0, timestamp_ms),
            _batch(1 + len(records), [footer], _CONTROL_BATCH, timestamp_ms),
        )
    )


def _feature(name: str, level: int) -> _Record:
    return _Record(None, _metadata(_FEATURE_RECORD, _compact(name.encode()) + struct.pack(">h", level)))


def _scram(credential: ScramCredential) -> _Record:
    keys = _compact(credential.salt) + _compact(credential.stored_key) + _compact(credential.server_key)
    mechanism, iterations = struct.pack(">b", _SCRAM_SHA_512), struct.pack(">i", credential.iterations)
    return _Record(None, _metadata(_SCRAM_RECORD, _compact(credential.name.encode()) + mechanism + keys + iterations))


def _metadata(record_type: int, fields: bytes) -> bytes:
    """A metadata record: frame version 1, its type, record version 0, fields, no tagged fields."""
    return _unsigned(1) + _unsigned(record_type) + _unsigned(0) + fields + _unsigned(0)


def _compact(data: bytes) -> bytes:
    return _unsigned(len(data) + 1) + data


def _batch(base_offset: int, records: Sequence[_Record], attributes: int, timestamp_ms: int) -> bytes:
    body = b"".join(_record(delta, record) for delta, record in enumerate(records))
    last_delta = len(records) - 1
    no_producer = (-1, -1, -1)
    checked = struct.pack(">hiqqqhii", attributes, last_delta, timestamp_ms, timestamp_ms, *no_producer, len(records))
    checked += body
    head = struct.pack(">ibI", 0, 2, crc32c(checked))
    return struct.pack(">qi", base_offset, len(head) + len(checked)) + head + checked


def _record(offset_delta: int, record: _Record) -> bytes:
    key = _signed(-1) if record.key is None else _signed(len(record.key)) + record.key
    body = b"\0" + _signed(0) + _signed(offset_delta) + key + _signed(len(record.value)) + record.value + _signed(0)
    return _signed(len(body)) + body


def _signed(number: int) -> bytes:
    return _unsigned(number << 1 if number >= 0 else (-number << 1) - 1)


def _unsigned(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli), bit by bit: a checkpoint has a few hundred bytes."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (_CRC32C_POLYNOMIAL if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF

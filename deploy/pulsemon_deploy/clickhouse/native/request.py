"""The Query packet."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulsemon_deploy.clickhouse.access.applied import Setting
from pulsemon_deploy.clickhouse.engine.errors import BAD_ARGUMENTS, ProtocolError
from pulsemon_deploy.clickhouse.native.source import Source

IMPORTANT = 1


@dataclass(frozen=True, slots=True)
class Request:
    """A statement and its settings."""

    sql: str
    settings: Mapping[str, Setting]


def read_request(source: Source) -> Request:
    """A Query packet behind its number. ProtocolError 36 if the client wants compression."""
    source.string()  # query id
    _skip_client_info(source)
    settings = _read_settings(source)
    source.varint()  # stage
    is_compressed = source.varint()
    sql = source.string()
    if is_compressed:
        raise ProtocolError(BAD_ARGUMENTS, "the embedded engine does not compress: connect with compression=False")
    return Request(sql, settings)


def _skip_client_info(source: Source) -> None:
    if not source.byte():
        return
    for _ in range(3):
        source.string()  # first user, first query id, first address
    source.byte()  # interface
    for _ in range(3):
        source.string()  # user of the system, host, name of the client
    for _ in range(3):
        source.varint()  # its version and revision
    source.string()  # quota key
    source.varint()  # patch


def _read_settings(source: Source) -> dict[str, Setting]:
    settings = {}
    while name := source.string():
        flags = source.byte()
        settings[name] = Setting(source.string(), bool(flags & IMPORTANT))
    return settings

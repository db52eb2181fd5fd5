"""Where ClickHouse is and who we are there."""

from dataclasses import dataclass
from typing import Literal

from pulsemon_schemas.runtime.settings import Secret

from pulsemon_sinks.clickhouse.topology import Kind

ENVIRONMENT_PREFIX = "PULSEMON_CLICKHOUSE_"


@dataclass(frozen=True, slots=True)
class ClickHouseSettings:
    """One ClickHouse server, reached by its native port for queries and by its HTTP port for bulk inserts.

    ``insert`` chooses the way of bulk inserts: auto is HTTP where that port is open, else the native one.
    ``topology`` and ``cluster`` say what it is a part of; only migrations ask.
    """

    host: str = "127.0.0.1"
    port: int = 9000
    http_port: int = 8123
    user: str = "default"
    password: Secret = Secret("")
    database: str = "pulsemon"
    secure: bool = False
    insert: Literal["auto", "http", "native"] = "auto"
    topology: Kind = "single"
    cluster: str = ""

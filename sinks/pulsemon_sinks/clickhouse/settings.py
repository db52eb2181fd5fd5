"""Where ClickHouse is and who we are there."""

from dataclasses import dataclass

from pulsemon_schemas.runtime.settings import Secret

from pulsemon_sinks.clickhouse.topology import Kind

ENVIRONMENT_PREFIX = "PULSEMON_CLICKHOUSE_"


@dataclass(frozen=True, slots=True)
class ClickHouseSettings:
    """One ClickHouse server, reached by its native port for queries and by its HTTP port for bulk inserts.

    ``topology`` and ``cluster`` say what it is a part of; only migrations ask.
    """

    host: str = "127.0.0.1"
    port: int = 9000
    http_port: int = 8123
    user: str = "default"
    password: Secret = Secret("")
    database: str = "pulsemon"
    secure: bool = False
    topology: Kind = "single"
    cluster: str = ""

"""Bulk inserts over the native port, where HTTP is closed: dearer, because records are decoded into columns."""

import io
from typing import Any, cast

import fastavro

from pulsemon_sinks.clickhouse.bulk import INSERT_SETTINGS
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.errors import StoreRefusedError
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings

UNDECODABLE_CODE = 1001


class NativeBulkStore:
    """A BulkStore over one native connection; one thread. A token means the same as over HTTP, and the same blocks."""

    def __init__(self, settings: ClickHouseSettings) -> None:
        self._store = NativeStore(settings)

    def post(self, table: str, body: bytes, token: str | None = None) -> None:
        """See BulkStore.post."""
        names, columns = _columns(body)
        settings = {**INSERT_SETTINGS, **({} if token is None else {"insert_deduplication_token": token})}
        quoted = ", ".join(f"`{name}`" for name in names)
        try:
            self._store.insert_columns(f"INSERT INTO {table} ({quoted}) VALUES", columns, settings)
        except (
            TypeError,
            ValueError,
            OverflowError,
        ) as error:  # the driver cannot write it; the connection is new again
            raise _undecodable(error) from error

    def answers(self) -> bool:
        """Whether anybody is there. StoreRefusedError for a refused login."""
        return self._store.rows("SELECT 1") == [(1,)]

    def close(self) -> None:
        """Ends the connection; the next post opens a new one."""
        self._store.close()


def _columns(body: bytes) -> tuple[list[str], list[list[Any]]]:
    """The records of a container by columns; their names are those of the landing table."""
    try:
        reader = fastavro.reader(io.BytesIO(body))
        schema = cast("dict[str, Any]", reader.writer_schema)
        names = [field["name"] for field in schema["fields"]]
        records = [cast("dict[str, Any]", one) for one in reader]
    except Exception as error:  # fastavro raises whatever its parts do
        raise _undecodable(error) from error
    return names, [[one[name] for one in records] for name in names]


def _undecodable(error: Exception) -> StoreRefusedError:
    return StoreRefusedError(UNDECODABLE_CODE, f"a record cannot be read: {error!r}"[:2000])

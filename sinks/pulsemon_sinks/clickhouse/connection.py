"""Queries, control statements and small inserts over the native protocol.

The only file that knows clickhouse-driver.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from clickhouse_driver import Client
from clickhouse_driver import errors as driver_errors

from pulsemon_sinks.clickhouse.errors import StoreRefusedError, StoreUnreachableError
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings

CONNECT_TIMEOUT_SECONDS = 3
ANSWER_TIMEOUT_SECONDS = 120
RETRY_AFTER_SECONDS = 0.2

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """An answer by columns: names, ClickHouse types and values side by side.

    ``values`` are numpy arrays if asked for.
    """

    names: tuple[str, ...]
    types: tuple[str, ...]
    values: tuple[Sequence[Any], ...]

    def __getitem__(self, name: str) -> Sequence[Any]:
        return self.values[self.names.index(name)]

    def __len__(self) -> int:
        return len(self.values[0]) if self.values else 0

    def without(self, name: str) -> "Columns":
        """All but one."""
        kept = [at for at, one in enumerate(self.names) if one != name]
        return Columns(
            tuple(self.names[at] for at in kept),
            tuple(self.types[at] for at in kept),
            tuple(self.values[at] for at in kept),
        )


class Store(Protocol):
    """What the rest of the code asks of ClickHouse.

    Every method raises StoreUnreachableError when no answer came (the statement may have been carried out), and
    StoreRefusedError with ClickHouse's code when it answered with an error. ``parameters`` are bound as ``%(name)s``;
    ``settings`` are ClickHouse settings of this one statement. One store serves one thread.
    """

    def rows(
        self, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> list[Row]:
        """The answer to a query by rows, or [] for a statement without an answer."""

    def columns(
        self, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> Columns:
        """The answer to a query by columns: for many rows."""

    def insert(self, sql: str, rows: Sequence[Row], settings: Mapping[str, Any] | None = None) -> None:
        """Stores a few rows with ``INSERT INTO … (…) VALUES``; returning means stored."""

    def insert_columns(
        self, sql: str, columns: Sequence[Sequence[Any]], settings: Mapping[str, Any] | None = None
    ) -> None:
        """Stores many rows, given by columns of one length; returning means stored."""

    def close(self) -> None:
        """Ends the connection; the next call opens a new one."""


class NativeStore:
    """A Store over clickhouse-driver. Connects at the first use and again after each failure."""

    def __init__(
        self, settings: ClickHouseSettings, *, use_numpy: bool = False, timeout_seconds: float = ANSWER_TIMEOUT_SECONDS
    ) -> None:
        self._settings = settings
        self._use_numpy = use_numpy
        self._timeout_seconds = timeout_seconds
        self._client: Client | None = None

    def rows(
        self, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> list[Row]:
        """See Store.rows."""
        answer = self._ask(sql, parameters, settings=settings)
        return list(answer) if isinstance(answer, list) else []

    def columns(
        self, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> Columns:
        """See Store.columns."""
        values, described = self._ask(sql, parameters, settings=settings, columnar=True, with_column_types=True)
        names = tuple(name for name, _ in described)
        return Columns(names, tuple(kind for _, kind in described), tuple(values) if values else ((),) * len(names))

    def insert(self, sql: str, rows: Sequence[Row], settings: Mapping[str, Any] | None = None) -> None:
        """See Store.insert."""
        if rows:
            self._ask(sql, list(rows), settings=settings)

    def insert_columns(
        self, sql: str, columns: Sequence[Sequence[Any]], settings: Mapping[str, Any] | None = None
    ) -> None:
        """See Store.insert_columns."""
        if columns and columns[0]:
            self._ask(sql, list(columns), settings=settings, columnar=True)

    def close(self) -> None:
        """See Store.close."""
        if self._client is not None:
            self._client.disconnect()
            self._client = None

    def _ask(self, sql: str, parameters: Any, **how: Any) -> Any:
        if self._client is None:
            self._client = self._connect()
        try:
            return self._client.execute(sql, parameters, **how)
        except driver_errors.ServerException as error:
            raise StoreRefusedError(error.code, _without_stack_trace(error.message)) from error
        except (OSError, EOFError, driver_errors.Error) as error:
            self.close()
            where = f"{self._settings.host}:{self._settings.port}"
            raise StoreUnreachableError(
                f"ClickHouse at {where} does not answer: {error}", RETRY_AFTER_SECONDS
            ) from error
        except BaseException:
            self.close()  # half an answer may be on the wire
            raise

    def _connect(self) -> Client:
        return Client(
            self._settings.host,
            self._settings.port,
            user=self._settings.user,
            password=self._settings.password.reveal(),
            secure=self._settings.secure,
            compression=False,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            send_receive_timeout=self._timeout_seconds,
            client_name="pulsemon",
            settings={"use_numpy": self._use_numpy},
        )


def _without_stack_trace(message: str) -> str:
    return message.split("Stack trace:", 1)[0].strip()

"""Rows of a tier out of the store, hour by hour, so many at a time that memory does not grow with the range."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulsemon_sinks.clickhouse.connection import Columns, Store
from pulsemon_sinks.transfer.shape import Shape
from pulsemon_sinks.transfer.writing import RowWriter

PIECE_ROWS = 200_000
"""A piece holds no more, unless one server has more of them in a slice."""
DAY_SECONDS = 86_400
RAW_SLICE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to export: rows of [start, end) in epoch seconds; all servers and metrics where none are named."""

    shape: Shape
    start: int
    end: int
    server_ids: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()

    @property
    def slices(self) -> list[tuple[int, int]]:
        """The range cut into parts of whole hours, or of whole days or months for tiers."""
        step = max(
            RAW_SLICE_SECONDS,
            {0: 0, 60: 4 * 3600, 3600: 7 * DAY_SECONDS}.get(self.shape.row_seconds, 365 * DAY_SECONDS),
        )
        first = self.start // step * step
        return [(max(at, self.start), min(at + step, self.end)) for at in range(first, self.end, step)]


@dataclass(frozen=True, slots=True)
class Gap:
    """A server of which nothing is stored in [start, end), epoch seconds."""

    server_id: str
    start: int
    end: int


@dataclass
class Exported:
    """What was written so far of a range that begins at ``start``. Gaps are told by whole slices of it."""

    start: int
    rows: int = 0
    servers: dict[str, int] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)

    def saw(self, server_id: str, start: int, end: int) -> None:
        """Notes that a server has rows in a slice; slices come in order."""
        before = self.servers.get(server_id, self.start)
        if before < start:
            self.gaps.append(Gap(server_id, before, start))
        self.servers[server_id] = end

    def missing_ends(self, wanted: Wanted) -> list[Gap]:
        """Servers that have rows, and none from some slice on up to the end."""
        return [Gap(server_id, end, wanted.end) for server_id, end in self.servers.items() if end < wanted.end]


class Export:
    """One export. Errors as Store, and those of the writer."""

    def __init__(self, store: Store, database: str, wanted: Wanted, piece_rows: int = PIECE_ROWS) -> None:
        self._store = store
        self._table = f"{database}.{wanted.shape.table}"
        self._wanted = wanted
        self._piece_rows = piece_rows
        self.exported = Exported(wanted.start)

    def run(self, writer: RowWriter) -> Iterator[int]:
        """Writes everything; yields after each slice how many there were. In a slice rows go by server, then time."""
        for number, (start, end) in enumerate(self._wanted.slices, 1):
            counts = self._counts(start, end)
            for servers in _groups(counts, self._piece_rows):
                found = self._rows(start, end, servers)
                writer.write(found.values)
                self.exported.rows += len(found)
            for server_id in counts:
                self.exported.saw(server_id, start, end)
            yield number

    def _counts(self, start: int, end: int) -> dict[str, int]:
        where, parameters = self._where(start, end, self._wanted.server_ids)
        sql = f"SELECT server_id, count() FROM {self._table} WHERE {where} GROUP BY server_id ORDER BY server_id"
        return {str(server_id): int(count) for server_id, count in self._store.rows(sql, parameters)}

    def _rows(self, start: int, end: int, servers: Sequence[str]) -> Columns:
        where, parameters = self._where(start, end, servers)
        names = [
            f"toUnixTimestamp64Milli(toDateTime64({one.name}, 3, 'UTC'))" if one.kind == "time" else f"{one.name}"
            for one in self._wanted.shape.fields
        ]
        order = f"server_id, {self._wanted.shape.time}, name, labels"
        sql = f"SELECT {', '.join(names)} FROM {self._table} FINAL WHERE {where} ORDER BY {order}"
        return self._store.columns(sql, parameters, {"max_threads": 2})

    def _where(self, start: int, end: int, servers: Sequence[str]) -> tuple[str, Mapping[str, Any]]:
        time = self._wanted.shape.time
        parts = [f"{time} >= toDateTime(%(start)s, 'UTC')", f"{time} < toDateTime(%(end)s, 'UTC')"]
        parameters: dict[str, Any] = {"start": start, "end": end}
        for column, values in (("server_id", servers), ("name", self._wanted.metrics)):
            if values:
                parts.append(f"{column} IN %({column})s")
                parameters[column] = list(values)
        return " AND ".join(parts), parameters


def _groups(counts: Mapping[str, int], most: int) -> Iterator[list[str]]:
    """Servers in their order, together as many rows as ``most``, or one server."""
    group: list[str] = []
    size = 0
    for server_id, count in counts.items():
        if group and size + count > most:
            yield group
            group, size = [], 0
        group.append(server_id)
        size += count
    if group:
        yield group

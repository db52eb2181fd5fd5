"""Which pieces a table is copied in: by partition, and where one is large by metric and server.

A piece is a condition on columns of the key, so that the engine reads little besides, and the same today and tomorrow.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pulsemon_sinks.backup.cutoffs import Cutoff, condition
from pulsemon_sinks.backup.tables import KeptTable
from pulsemon_sinks.clickhouse.connection import Store

PIECE_VALUES = 2_500_000
"""Rows times columns of a piece: about 100 MB as objects of Python, a few MB in its file."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One file. ``where`` chooses its rows."""

    table: str
    file: str
    where: str


class Planner:
    """Plans for one database. Errors as Store."""

    def __init__(
        self, store: Store, database: str, cutoffs: Sequence[Cutoff], piece_values: int = PIECE_VALUES
    ) -> None:
        self._store = store
        self._database = database
        self._cutoffs = cutoffs
        self._piece_values = piece_values

    def pieces(self, table: KeptTable) -> list[Piece]:
        """The pieces of a table in the order of its partitions, the newest last; together all its rows."""
        most = max(1, self._piece_values // len(table.columns))
        found = []
        for partition, rows in self._partitions(table.name):
            in_partition = f"_partition_id = '{partition}'"
            is_kept = condition(table.name, self._database, self._cutoffs, in_partition)
            columns = table.split_by if rows > most else ()
            for number, where in enumerate(self._cuts(table.name, in_partition, columns, most)):
                file = f"tables/{table.name}/{partition}-{number:04}.parquet"
                found.append(Piece(table.name, file, f"{where} AND {is_kept}"))
        return found

    def _partitions(self, table: str) -> list[tuple[str, int]]:
        rows = self._store.rows(
            "SELECT partition_id, sum(rows) FROM system.parts WHERE database = %(database)s AND table = %(table)s "
            "AND active GROUP BY partition_id ORDER BY partition_id",
            {"database": self._database, "table": table},
        )
        return [(partition, int(count)) for partition, count in rows]

    def _cuts(self, table: str, where: str, columns: Sequence[str], most: int) -> Iterator[str]:
        """Ranges without a hole between them: what comes meanwhile belongs to one of them, too."""
        if not columns:
            yield where
            return
        column, *others = columns
        counts = self._store.rows(
            f"SELECT toString({column}) AS value, count() FROM {self._database}.{table} WHERE {where} "
            "GROUP BY value ORDER BY value"
        )
        groups = _groups([(str(value), int(count)) for value, count in counts], most)
        for number, (_, size) in enumerate(groups):
            low = f" AND {column} >= {_text(groups[number][0])}" if number else ""
            high = f" AND {column} < {_text(groups[number + 1][0])}" if number + 1 < len(groups) else ""
            yield from self._cuts(table, f"{where}{low}{high}", others if size > most else (), most)


def _groups(counts: Sequence[tuple[str, int]], most: int) -> list[tuple[str, int]]:
    """The first value and the size of each group of neighbours; one that is too large is a single value."""
    groups: list[tuple[str, int]] = []
    for value, count in counts:
        if groups and groups[-1][1] + count <= most:
            groups[-1] = (groups[-1][0], groups[-1][1] + count)
        else:
            groups.append((value, count))
    return groups or [("", 0)]


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

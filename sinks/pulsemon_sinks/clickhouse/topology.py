"""What the SQL of the repository becomes on one server, on replicas, and on shards of replicas."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["single", "replicated", "sharded"]

ALL = "_all"
"""A sharded installation has a second database of this ending, whose tables reach over all shards: for readers. Sinks
write the tables of their own shard, never these: what waits there to be passed on knows no tokens."""

_SINGLE_ENGINE = "ENGINE = {engine}({arguments})"
_REPLICATED_ENGINE = (
    "ENGINE = Replicated{engine}('/clickhouse/tables/{place}/{database}/{table}', '{replica}', {arguments})"
)
_SINGLE_WINDOW = "non_replicated_deduplication_window = 100000"
_REPLICATED_WINDOW = "replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 604800"
_WORD = re.compile(r"[A-Za-z_]\w*")
_KEPT_TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS (\w+)\.(\w+) .*?\n?\)? ?ENGINE = Replicated", re.DOTALL)
_COLUMN = re.compile(r"ALTER TABLE (\w+)\.\w+ .*ADD COLUMN", re.DOTALL)
_PLAIN_VIEW = re.compile(r"CREATE OR REPLACE VIEW (\w+)\.\w+ ")


@dataclass(frozen=True, slots=True)
class Topology:
    """``cluster`` is the name that ClickHouse's own configuration gives it; '' for a single server.

    ValueError for a kind without its cluster, or a name that is not a plain word.
    """

    kind: Kind = "single"
    cluster: str = ""

    def __post_init__(self) -> None:
        if self.kind != "single" and not _WORD.fullmatch(self.cluster):
            raise ValueError(f"a {self.kind} ClickHouse needs the name of its cluster, a plain word: {self.cluster!r}")

    def placeholders(self) -> dict[str, str]:
        """Those that are about where tables are."""
        is_single = self.kind == "single"
        return {
            "on_cluster": "" if is_single else f"ON CLUSTER {self.cluster}",
            "engine": _SINGLE_ENGINE if is_single else _REPLICATED_ENGINE.replace("{place}", "{shard}"),
            # the same on every node, whatever its shard: what migrations know about themselves
            "engine_everywhere": _SINGLE_ENGINE if is_single else _REPLICATED_ENGINE.replace("{place}", "everywhere"),
            "dedup": _SINGLE_WINDOW if is_single else _REPLICATED_WINDOW,
        }

    def databases(self, database: str) -> tuple[str, ...]:
        """The database, and for shards the one for readers."""
        return (database, f"{database}{ALL}") if self.kind == "sharded" else (database,)

    def spread(self, rendered: Sequence[str]) -> tuple[str, ...]:
        """The statements with what has to be said over all shards behind each."""
        if self.kind != "sharded":
            return tuple(rendered)
        return tuple(sql for one in rendered for sql in (one, *self._over_all(one)))

    def _over_all(self, sql: str) -> Sequence[str]:
        if table := _KEPT_TABLE.match(sql):
            database, name = table[1], table[2]
            engine = f"ENGINE = Distributed({self.cluster}, {database}, {name})"
            everywhere = f"{database}{ALL}.{name} ON CLUSTER {self.cluster}"
            return (f"CREATE TABLE IF NOT EXISTS {everywhere} AS {database}.{name} {engine}",)
        if found := _COLUMN.match(sql) or _PLAIN_VIEW.match(sql):
            return (re.sub(rf"\b{found[1]}\.", f"{found[1]}{ALL}.", sql),)
        return ()


SINGLE = Topology()

"""Brings the engine's TTLs to what the control log says, as often as it is asked; what is right costs but a look."""

import logging

from pulsemon_sinks.clickhouse.connection import Store
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.clickhouse.topology import Topology
from pulsemon_sinks.clickhouse.ttl import DAY_SECONDS, FOR_EVER, Ttl, ttls
from pulsemon_sinks.retention.tiers import RETENTION, TIERS, Kept, days_of
from pulsemon_sinks.rollups.horizon import note_change

log = logging.getLogger(__name__)

RAW = "samples"


def asked(store: Store, database: str) -> dict[str, str]:
    """The body of the newest valid record of each tier of which anything is said. Errors as Store."""
    rows = store.rows(
        f"SELECT entity_id, argMax(body, offset) FROM {database}.control_log "
        "WHERE entity_type = %(retention)s AND void = 0 "
        "GROUP BY entity_id HAVING argMax(operation, offset) = 'put'",
        {"retention": RETENTION},
    )
    return dict(rows)


class Retention:
    """The TTLs of one database."""

    def __init__(self, store: Store, settings: ClickHouseSettings) -> None:
        self._store = store
        self._database = settings.database
        self._on_cluster = Topology(settings.topology, settings.cluster).placeholders()["on_cluster"]
        self._passed_over: set[tuple[str, str]] = set()

    def apply(self) -> tuple[str, ...]:
        """Changes what differs, and returns the tables that were changed. Errors as Store; call it again."""
        said = asked(self._store, self._database)
        if not said:
            return ()
        found = ttls(self._store, self._database)
        changed = []
        for tier, body in sorted(said.items()):
            for kept, seconds in self._wanted(tier, body):
                if found.get(kept.table, FOR_EVER).seconds != seconds:
                    self._change(kept, seconds, found.get(kept.table, FOR_EVER))
                    changed.append(kept.table)
        return tuple(changed)

    def _wanted(self, tier: str, body: str) -> list[tuple[Kept, int | None]]:
        try:
            days = days_of(body)
        except ValueError as error:
            self._pass_over(tier, body, str(error))
            return []
        if tier not in TIERS:
            self._pass_over(tier, body, f"there is no such tier, only {', '.join(TIERS)}")
        return [(kept, None if days is None else days * DAY_SECONDS) for kept in TIERS.get(tier, ())]

    def _change(self, kept: Kept, seconds: int | None, before: Ttl) -> None:
        if kept.table == RAW:
            note_change(self._store, self._database)
        alter = f"ALTER TABLE {self._database}.{kept.table} {self._on_cluster}"
        if seconds is None:
            self._store.rows(f"{alter} REMOVE TTL")
        else:
            # Parts learn their new end without being written again; whole parts whose end has come are dropped.
            self._store.rows(f"{alter} MODIFY SETTING materialize_ttl_recalculate_only = 1")
            self._store.rows(f"{alter} MODIFY TTL {kept.time} + toIntervalDay({seconds // DAY_SECONDS})")
        log.info("%s is kept %s now, before %s", kept.table, _shown(seconds), _shown(before.seconds))

    def _pass_over(self, tier: str, body: str, why: str) -> None:
        if (tier, body) not in self._passed_over:
            log.warning("the retention of %r is not applied: %s; nothing was changed; say it again", tier, why)
            self._passed_over.add((tier, body))


def _shown(seconds: int | None) -> str:
    return "for ever" if seconds is None else f"{seconds // DAY_SECONDS} days"

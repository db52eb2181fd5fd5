"""Questions about alerts and states of servers. Every transition is in ``alerts``, the newest in ``alert_state``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from pulsemon_schemas.records import AlertEvent
from pulsemon_schemas.rules.inhibition import Inhibitor, is_silence
from pulsemon_schemas.rules.suppression import inhibitor

from pulsemon_sinks.clickhouse.connection import Row, Store
from pulsemon_sinks.reader.choice import Clause
from pulsemon_sinks.reader.inhibition import inhibitors

Ask = Callable[[str, Mapping[str, Any]], list[Row]]
"""Asks a question in which ``{database}`` stands for the database."""

LEVELS = ("info", "warning", "critical")
OPEN = ("firing", "acknowledged", "flapping", "unknown")
PENDING = "pending"
ENDED = ("resolved", "expired")
PURGED = "purged"

_WORST_FIRST = f"indexOf({list(LEVELS)}, toString(level)) DESC, started_at, server_id, alert_id"
# Its condition did not last: nobody was ever told.
_NEVER_FIRED = f"state = 'expired' AND previous_state = '{PENDING}'"


@dataclass(frozen=True, slots=True)
class Transition(AlertEvent):
    """One step of an alert with what led to it, as it was written and is stored."""

    @property
    def is_open(self) -> bool:
        """Whether the alert went on after it."""
        return self.state not in ENDED

    @property
    def is_silence(self) -> bool:
        """Whether it is about one server that sends nothing."""
        return is_silence(self.server_id, self.metric)

    @property
    def ended_at_ms(self) -> int | None:
        """When the alert ended, None while it is open."""
        return None if self.is_open else self.occurred_at_ms


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What the processor thinks of a server. ``last_seen_ms`` None: never. ``firing``: how many alerts, by level."""

    server_id: str
    status: str
    previous_status: str
    changed_at_ms: int
    last_seen_ms: int | None
    worst_level: str
    firing: Mapping[str, int]


def asker(store: Store, database: str) -> Ask:
    """Asks one store."""
    return lambda sql, parameters: store.rows(sql.replace("{database}", database), parameters)


def open_alerts(
    ask: Ask, server_ids: Sequence[str] | None = None, level: str = "", *, with_pending: bool = False
) -> tuple[Transition, ...]:
    """The newest transition of every alert that is open, worst first, then the oldest. Errors as Store.

    Where a server is silent with most of its environment, ``suppressed_by`` names the alert that says so.
    """
    states = (*OPEN, PENDING) if with_pending else OPEN
    clauses = [Clause("state IN %(states)s", {"states": states}), *_servers(server_ids)]
    if level:
        clauses.append(Clause("level = %(level)s", {"level": level}))
    found = _ask(ask, "alert_state", clauses, _WORST_FIRST)
    return _inhibited(ask, found, frozenset(map(_step, found)))


def ended_alerts(
    ask: Ask, start_ms: int, server_ids: Sequence[str] | None = None, level: str = ""
) -> tuple[Transition, ...]:
    """The last transition of every alert that ended at ``start_ms`` or later, the newest first. Errors as Store.

    Those that never got beyond pending are left out.
    """
    ended = f"state IN %(ended)s AND occurred_at >= {_at('start')} AND NOT ({_NEVER_FIRED})"
    clauses = [Clause(ended, {"ended": ENDED, "start": start_ms}), *_servers(server_ids)]
    if level:
        clauses.append(Clause("level = %(level)s", {"level": level}))
    return _told(ask, _ask(ask, "alert_state", clauses, "occurred_at DESC, alert_id"))


def alerts_of(ask: Ask, server_id: str, start_ms: int, end_ms: int) -> tuple[Transition, ...]:
    """The newest transition of a server's alerts that were open at any time in [start, end), newest alert first.

    Those that never got beyond pending are left out. ``suppressed_by`` as ``history``. Errors as Store.
    """
    during = f"started_at < {_at('end')} AND (state NOT IN %(ended)s OR occurred_at >= {_at('start')})"
    clauses = [
        *_servers([server_id]),
        Clause(during, {"start": start_ms, "end": end_ms, "ended": ENDED}),
        Clause(f"state != '{PENDING}' AND NOT ({_NEVER_FIRED})", {}),
    ]
    return _told(ask, _ask(ask, "alert_state", clauses, "started_at DESC, alert_id"))


def history(ask: Ask, server_id: str, start_ms: int, end_ms: int, limit: int = 1000) -> tuple[Transition, ...]:
    """A server's transitions in [start, end), newest first, at most ``limit``. Errors as Store.

    ``suppressed_by`` names the alert about the environment that was there at a transition; at the newest one of an
    open alert the one that is there now.
    """
    during = f"occurred_at >= {_at('start')} AND occurred_at < {_at('end')}"
    clauses = [*_servers([server_id]), Clause(during, {"start": start_ms, "end": end_ms})]
    return _told(ask, _ask(ask, "alerts", clauses, f"occurred_at DESC, alert_id, transition DESC LIMIT {limit:d}"))


def transitions(ask: Ask, id_prefix: str) -> tuple[Transition, ...]:
    """Every transition of the alerts whose id begins so, in order. ``suppressed_by`` and errors as ``history``."""
    clause = Clause("startsWith(alert_id, %(prefix)s)", {"prefix": id_prefix})
    return _told(ask, _ask(ask, "alerts", [clause], "alert_id, transition"))


def server_states(ask: Ask, server_ids: Sequence[str] | None = None) -> dict[str, ServerStatus]:
    """The state of each server that the processor has spoken of, by id; without purged ones. Errors as Store."""
    clauses = _servers(server_ids) or [Clause("1", {})]
    sql = f"""
SELECT server_id, status, previous_status, toUnixTimestamp64Milli(changed_at), toUnixTimestamp64Milli(last_seen_at),
  worst_level, firing
FROM {{database}}.server_state FINAL WHERE {" AND ".join(one.sql for one in clauses)}
ORDER BY log_append_time DESC, log_offset DESC LIMIT 1 BY server_id
"""
    found = {}
    for server_id, status, previous, changed_ms, seen_ms, worst, firing in ask(sql, _parameters(clauses)):
        if status != PURGED:
            found[server_id] = ServerStatus(
                server_id, status, previous, changed_ms, seen_ms or None, worst, dict(firing)
            )
    return found


def _told(ask: Ask, found: tuple[Transition, ...]) -> tuple[Transition, ...]:
    """With the inhibitors of then, or of now where a transition is the newest of an open alert."""
    open_ids = sorted({one.alert_id for one in found if one.is_silence and one.is_open})
    if not open_ids:
        return _inhibited(ask, found, frozenset())
    clauses = [Clause("alert_id IN %(ids)s AND state NOT IN %(ended)s", {"ids": open_ids, "ended": ENDED})]
    return _inhibited(ask, found, frozenset(map(_step, _ask(ask, "alert_state", clauses, "alert_id"))))


def _inhibited(ask: Ask, found: tuple[Transition, ...], now: frozenset[tuple[str, int]]) -> tuple[Transition, ...]:
    """``now``: the transitions that say how things are."""
    silences = [one for one in found if one.is_silence]
    times = [one.occurred_at_ms for one in silences if _step(one) not in now]
    by_server = inhibitors(ask, (one.server_id for one in silences), min(times, default=None))
    return tuple(_with(one, by_server.get(one.server_id, ()), _step(one) in now) for one in found)


def _with(one: Transition, about: Sequence[Inhibitor], is_now: bool) -> Transition:
    if not one.is_silence:
        return one
    names = {inhibitor(it.alert_id) for it in about if it.holds_at(None if is_now else one.occurred_at_ms)}
    return replace(one, suppressed_by=tuple(sorted({*one.suppressed_by, *names}))) if names else one


def _step(one: Transition) -> tuple[str, int]:
    return one.alert_id, one.transition


def _ask(ask: Ask, table: str, clauses: Sequence[Clause], order: str) -> tuple[Transition, ...]:
    condition = " AND ".join(f"({one.sql})" for one in clauses)
    sql = f"SELECT {_columns()} FROM {{database}}.{table} FINAL WHERE {condition} ORDER BY {order}"
    return tuple(Transition(*(*row[:-1], tuple(row[-1]))) for row in ask(sql, _parameters(clauses)))


def _columns() -> str:
    """The fields of a transition in their order."""
    names = [one.name for one in fields(Transition)]
    return ", ".join(
        f"toUnixTimestamp64Milli({name.removesuffix('_ms')})" if name.endswith("_ms") else f"`{name}`" for name in names
    )


def _servers(server_ids: Sequence[str] | None) -> list[Clause]:
    """[] for all; ClickHouse refuses an empty list, so that one stands for a server that cannot be."""
    return [] if server_ids is None else [Clause("server_id IN %(server_ids)s", {"server_ids": ["", *server_ids]})]


def _parameters(clauses: Sequence[Clause]) -> dict[str, Any]:
    return {key: value for one in clauses for key, value in one.parameters.items()}


def _at(name: str) -> str:
    return f"fromUnixTimestamp64Milli(toInt64(%({name})s))"

"""Which alerts page nobody because one about their whole environment says it: a server is silent, and so are most."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pulsemon_schemas.rules.environments import PREFIX, environment_id
from pulsemon_schemas.rules.inhibition import OPEN_STATES, Inhibitor

from pulsemon_sinks.clickhouse.connection import Row


def inhibitors(
    ask: Callable[[str, Mapping[str, Any]], list[Row]], server_ids: Iterable[str], since_ms: int | None = None
) -> Mapping[str, Sequence[Inhibitor]]:
    """For each of these servers the alerts about its environment: those that are open, or were since a time.

    Ended ones that never fired said nothing to anybody, and are left out. Errors as Store.
    """
    wanted = sorted(set(server_ids))
    if not wanted:
        return {}
    environments = _of_environments(ask, since_ms)
    if not environments:
        return {}
    places = ask(
        "SELECT server_id, environment FROM {database}.servers WHERE server_id IN %(server_ids)s",
        {"server_ids": wanted},
    )
    known = dict.fromkeys(wanted, "") | {row[0]: row[1] for row in places}
    found = {server_id: environments.get(environment_id(environment), []) for server_id, environment in known.items()}
    return {server_id: some for server_id, some in found.items() if some}


def _of_environments(
    ask: Callable[[str, Mapping[str, Any]], list[Row]], since_ms: int | None
) -> Mapping[str, Sequence[Inhibitor]]:
    past = (
        ""
        if since_ms is None
        else "OR (occurred_at >= fromUnixTimestamp64Milli(toInt64(%(since_ms)s)) AND previous_state != 'pending')"
    )
    sql = f"""
SELECT server_id, alert_id, toUnixTimestamp64Milli(started_at),
  if(state IN %(states)s, NULL, toUnixTimestamp64Milli(occurred_at))
FROM {{database}}.alert_state FINAL
WHERE startsWith(server_id, %(prefix)s) AND (state IN %(states)s {past}) ORDER BY alert_id
"""
    found: defaultdict[str, list[Inhibitor]] = defaultdict(list)
    for server_id, *inhibitor in ask(sql, {"prefix": PREFIX, "states": OPEN_STATES, "since_ms": since_ms}):
        found[server_id].append(Inhibitor(*inhibitor))
    return found

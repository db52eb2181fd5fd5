"""Which alerts page nobody because one about their whole environment says it: a server is silent, and so are most."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pulsemon_schemas.rules.environments import PREFIX, environment_id

from pulsemon_sinks.clickhouse.connection import Row

STATES = ("pending", "firing", "acknowledged", "unknown")
"""An alert about an environment counts while it is pending too: its servers' own alerts may come before it fires."""


def inhibitors(
    ask: Callable[[str, Mapping[str, Any]], list[Row]], server_ids: Iterable[str]
) -> Mapping[str, Sequence[str]]:
    """For each of these servers in an environment with an open alert, the alerts, as ``alert/id``. Errors as Store."""
    wanted = sorted(set(server_ids))
    if not wanted:
        return {}
    sql = """
SELECT server_id, groupArray(alert_id) FROM {database}.alert_state FINAL
WHERE startsWith(server_id, %(prefix)s) AND state IN %(states)s GROUP BY server_id
"""
    environments = {row[0]: row[1] for row in ask(sql, {"prefix": PREFIX, "states": STATES})}
    if not environments:
        return {}
    places = ask(
        "SELECT server_id, environment FROM {database}.servers WHERE server_id IN %(server_ids)s",
        {"server_ids": wanted},
    )
    known = dict.fromkeys(wanted, "") | {row[0]: row[1] for row in places}
    found = {server_id: environments.get(environment_id(environment), []) for server_id, environment in known.items()}
    return {server_id: [f"alert/{one}" for one in sorted(ids)] for server_id, ids in found.items() if ids}

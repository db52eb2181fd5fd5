"""How long the engine keeps rows: what its own definition of a table says, not what we once asked for."""

import re
from dataclasses import dataclass

from pulsemon_sinks.clickhouse.connection import Store

DAY_SECONDS = 86_400
_UNITS = {"Second": 1, "Minute": 60, "Hour": 3600, "Day": DAY_SECONDS, "Week": 7 * DAY_SECONDS}
_LONG_UNITS = {"Month": 30 * DAY_SECONDS, "Quarter": 91 * DAY_SECONDS, "Year": 365 * DAY_SECONDS}
_TTL = re.compile(r" TTL (.+?)(?: SETTINGS |$)")
_OTHERWISE = re.compile(r" (TO DISK|TO VOLUME|RECOMPRESS) ")
_INTERVAL = re.compile(r"toInterval(\w+)\((\d+)\)")


@dataclass(frozen=True, slots=True)
class Ttl:
    """``expression`` as the engine shows it, '' for none. ``seconds`` None: kept for ever.

    Months and years are counted short (30 and 365 days): that is how long rows are there at least.
    """

    expression: str
    seconds: int | None


FOR_EVER = Ttl("", None)


def ttls(store: Store, database: str) -> dict[str, Ttl]:
    """The TTL of every table of the database that keeps rows, by name. Errors as Store."""
    rows = store.rows(
        "SELECT name, engine_full FROM system.tables WHERE database = %(database)s AND engine LIKE '%%MergeTree'",
        {"database": database},
    )
    return {name: parse(engine_full) for name, engine_full in rows}


def parse(engine_full: str) -> Ttl:
    """The TTL in an engine's definition that deletes rows. One that is not understood keeps nothing for certain: 0."""
    found = _TTL.search(engine_full)
    if found is None:
        return FOR_EVER
    deleting = [one for one in found[1].split(", ") if not _OTHERWISE.search(one)]
    if not deleting:
        return Ttl(found[1], None)
    interval = _INTERVAL.search(deleting[0])
    unit = {**_UNITS, **_LONG_UNITS}.get(interval[1]) if interval else None
    return Ttl(found[1], int(interval[2]) * unit if interval and unit else 0)

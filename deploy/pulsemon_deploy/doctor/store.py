"""Checks of ClickHouse and of what it holds."""

import time

from pulsemon_schemas.errors import PulsemonError

from pulsemon_deploy.doctor.finding import Finding, ok, problem
from pulsemon_deploy.installation import Installation

ANSWER_SECONDS = 5.0
STALE_SECONDS = 45.0
BYTES_PER_SAMPLE = 3.0
# Below this the fixed cost of small parts says more than the samples do.
SAMPLES_TO_JUDGE = 1_000_000


def login(own: Installation) -> Finding:
    """Whether the engine answers our logins."""
    from pulsemon_sinks.clickhouse.connection import NativeStore

    for settings in (own.clickhouse(), own.clickhouse_reader()):
        store = NativeStore(settings, timeout_seconds=ANSWER_SECONDS)
        try:
            version = store.rows("SELECT version()")[0][0]
        except PulsemonError as error:
            return problem(
                str(error), "start it: pulsemon up" if own.has_own_clickhouse else "see PULSEMON_CLICKHOUSE_*"
            )
        finally:
            store.close()
    return ok(f"ClickHouse {version} at {settings.host}:{settings.port} answers both logins")


def migrations(own: Installation) -> Finding:
    """Whether the database has the schema of this version."""
    from pulsemon_sinks.clickhouse.migrate import migrator

    states = migrator(own.clickhouse()).status()
    wrong = [f"{one.name} is {one.state}" for one in states if one.state != "applied"]
    if not wrong:
        return ok(f"all {len(states)} applied")
    is_newer = any(one.state == "unknown" for one in states)
    return problem("; ".join(wrong), "install the newer pulsemon" if is_newer else "pulsemon migrate")


def agent(own: Installation) -> Finding:
    """The age of the newest stored batch of this host."""
    from pulsemon_sinks.clickhouse.connection import NativeStore
    from pulsemon_sinks.reader.health import newest_batch_ms

    settings, server_id = own.clickhouse_reader(), own.agent().server_id
    store = NativeStore(settings, timeout_seconds=ANSWER_SECONDS)
    try:
        newest_ms = newest_batch_ms(store, settings.database, server_id)
    finally:
        store.close()
    advice = f"read {own.home.logs / 'agent.log'} and {own.home.logs / 'sink.log'}"
    if newest_ms is None:
        return problem(f"nothing of this host ({server_id}) is stored", advice)
    age_seconds = time.time() - newest_ms / 1000
    if age_seconds > STALE_SECONDS:
        return problem(f"the newest batch of {server_id} is {age_seconds:,.0f} s old", advice)
    return ok(f"the newest batch of {server_id} is {max(age_seconds, 0):.0f} s old")


def size(own: Installation) -> Finding:
    """What a sample takes on disk."""
    from pulsemon_sinks.clickhouse.connection import NativeStore
    from pulsemon_sinks.reader.health import stored

    settings = own.clickhouse()
    store = NativeStore(settings, timeout_seconds=ANSWER_SECONDS)
    try:
        found = stored(store, settings.database)
    finally:
        store.close()
    each = found.size_bytes / found.samples if found.samples else 0.0
    text = f"{found.samples:,} samples in {found.size_bytes / 1e6:,.1f} MB: {each:.2f} bytes each"
    if found.samples >= SAMPLES_TO_JUDGE and each > BYTES_PER_SAMPLE:
        return problem(text, "merges may be behind; look again in an hour")
    return ok(text)

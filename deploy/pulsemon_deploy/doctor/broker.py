"""Checks of Kafka."""

from pulsemon_schemas.errors import AuthError, PulsemonError
from pulsemon_schemas.topics import DEADLETTER, METRICS, TOPICS

from pulsemon_deploy.doctor.finding import Finding, ok, problem
from pulsemon_deploy.installation import Installation
from pulsemon_deploy.topic_offsets import group_offsets, lag_records, partition_ranges

ADMIN = "admin"
ANSWER_SECONDS = 3.0
LAG_RECORDS = 10_000


def login(own: Installation) -> Finding:
    """Whether the broker answers our login."""
    from pulsemon_deploy.kafka import wait_ready

    try:
        settings = own.kafka(ADMIN)
        wait_ready(settings, ANSWER_SECONDS)
    except AuthError as error:
        return problem(str(error), "put the old secret back, or start afresh: pulsemon reset")
    except PulsemonError as error:
        return problem(str(error), "start it: pulsemon up" if own.has_own_kafka else "see PULSEMON_KAFKA_BOOTSTRAP")
    return ok(f"{settings.bootstrap} answers {settings.username or 'without a login'}")


def topics(own: Installation) -> Finding:
    """Whether every topic is there with the right number of partitions."""
    from confluent_kafka.admin import AdminClient
    from pulsemon_schemas.runtime.kafka import client_config

    present = AdminClient(client_config(own.kafka(ADMIN))).list_topics(timeout=10).topics
    missing = [one.name for one in TOPICS if one.name not in present]
    if missing:
        return problem(f"missing: {', '.join(missing)}", "pulsemon topic ensure")
    wanted = {one.name: one.partitions or own.local.partitions for one in TOPICS}
    wrong = [
        f"{name} has {len(present[name].partitions)} partitions, not {count}"
        for name, count in wanted.items()
        if len(present[name].partitions) != count
    ]
    if wrong:
        return problem("; ".join(wrong), "set PULSEMON_LOCAL_PARTITIONS to the number that they have")
    return ok(f"all {len(TOPICS)}, {own.local.partitions} partitions")


def sink_lag(own: Installation) -> Finding:
    """How far the sink is behind."""
    from pulsemon_sinks.settings import SinkSettings

    settings = own.kafka(ADMIN)
    group_id = SinkSettings().group_id
    lag = lag_records(partition_ranges(settings, METRICS.name), group_offsets(settings, group_id, METRICS.name))
    if lag > LAG_RECORDS:
        return problem(
            f"{lag:,} batches are not stored yet", f"look at {own.home.logs / 'sink.log'}; it may be catching up"
        )
    return ok(f"{lag:,} batches behind")


def dead_letters(own: Installation) -> Finding:
    """How many records were refused and kept aside."""
    count = sum(one.end_offset - one.first_offset for one in partition_ranges(own.kafka(ADMIN), DEADLETTER.name))
    if count:
        return problem(
            f"{count:,} records are in {DEADLETTER.name}; everything else was stored",
            "their headers say why; kcat shows them, with the settings of: pulsemon topic client-config",
        )
    return ok("none")

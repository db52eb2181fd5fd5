"""Checks of Kafka."""

from pulsemon_schemas.errors import AuthError, PulsemonError
from pulsemon_schemas.topics import TOPICS

from pulsemon_deploy.doctor.finding import Finding, ok, problem
from pulsemon_deploy.installation import Installation
from pulsemon_deploy.refused_records import Refused, refused

ADMIN = "admin"
ANSWER_SECONDS = 3.0
RECENT_SECONDS = 3600.0


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


def dead_letters(own: Installation) -> Finding:
    """How many records were refused and kept aside."""
    from pulsemon_sinks.settings import ENVIRONMENT_PREFIX, SinkSettings

    # without the key of Ticks, which would be made if there is none: the doctor only looks
    topic = own.config.load(SinkSettings, ENVIRONMENT_PREFIX).deadletter_topic
    return judge_refused(refused(own.kafka(ADMIN), topic, RECENT_SECONDS), topic)


def judge_refused(found: Refused, topic: str) -> Finding:
    """Those of the last hour are a problem; what is older was one, and is kept for 14 days."""
    least = "" if found.is_all else "at least "
    earlier = f"{least}{found.older:,} of earlier hours or days are in {topic}"
    if not found.recent:
        return ok(f"none within the hour; {earlier}" if found.older else "none")
    return problem(
        f"{least}{found.recent:,} records were refused within the hour; everything else was stored"
        + (f"; {earlier} too" if found.older else ""),
        f"their headers in {topic} say why; kcat shows them, with the settings of: pulsemon topic client-config",
    )

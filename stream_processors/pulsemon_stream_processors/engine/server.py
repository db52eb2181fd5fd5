"""All that a partition knows of one server."""

from pulsemon_schemas.rules import Rule, ServerProfile
from pulsemon_schemas.rules.shadow import is_shadow
from pulsemon_schemas.rules.status import ALIVE

from pulsemon_stream_processors.engine.alert import HOLDING, Alert
from pulsemon_stream_processors.engine.judged import Judged, Key
from pulsemon_stream_processors.engine.plan import Plan
from pulsemon_stream_processors.engine.producers import Producers

NEVER = -1


class Silence:
    """Whether the host speaks. ``seen_ms`` is elapsed time, ``last_seen_ms`` append time, of its last batch.

    ``producer_id``, ``sequence`` and ``offset`` are that batch's. ``is_closed``: an alert about this silence was
    closed, and there is no other before the next batch. ``rule`` judges; None if no rule does. ``back_ms`` is elapsed
    time at the batch that ended the last pause.
    """

    __slots__ = (
        "alert",
        "back_ms",
        "is_closed",
        "last_seen_ms",
        "offset",
        "producer_id",
        "rule",
        "seen_ms",
        "sequence",
        "state",
    )

    def __init__(self) -> None:
        self.state = ALIVE
        self.seen_ms = NEVER
        self.back_ms = NEVER
        self.last_seen_ms = 0
        self.producer_id = ""
        self.sequence = NEVER
        self.offset = NEVER
        self.is_closed = False
        self.rule: Rule | None = None
        self.alert: Alert | None = None


class Server:
    """``cover`` is the offset that a restored snapshot covered: records up to it are in here already.

    ``ended`` has the alerts that ended, oldest first, with the calendar time of their end. ``open`` are the watches
    that have an alert, ``wanted`` those whose samples must come. ``failing`` is why the last Tick could do nothing
    here, "" if it could. ``profile`` and ``revision`` are the configuration that the plans were made from.
    """

    __slots__ = (
        "cover",
        "ended",
        "failing",
        "has_spoken",
        "open",
        "plans",
        "previous_status",
        "producers",
        "profile",
        "registered",
        "revision",
        "server_id",
        "silence",
        "status",
        "status_since_ms",
        "swept_ms",
        "told",
        "wanted",
        "watches",
    )

    def __init__(self, server_id: str) -> None:
        self.server_id = server_id
        self.cover = NEVER
        self.failing = ""
        self.profile = ServerProfile(server_id)
        self.registered: ServerProfile | None = None
        self.revision = NEVER
        self.plans: list[Plan] = []
        self.watches: dict[Key, Judged] = {}
        self.open: dict[Key, Judged] = {}
        self.wanted: list[Judged] = []
        self.producers = Producers()
        self.silence = Silence()
        self.has_spoken = False
        self.ended: list[tuple[str, int]] = []
        self.swept_ms = 0
        self.status = ""
        self.previous_status = ""
        self.status_since_ms = 0
        self.told: dict[str, int] = {}

    def look_through(self) -> None:
        """Finds what is wanted anew, after watches came or went, or their rules changed."""
        self.wanted = [watch for _, watch in sorted(self.watches.items()) if watch.is_wanted]

    def firing(self) -> dict[str, int]:
        """How many alerts hold, by level. What late data alone says is history, and no status."""
        counts: dict[str, int] = {}
        for alert in self.alerts():
            if alert.state in HOLDING and alert.is_confirmed:
                counts[alert.level] = counts.get(alert.level, 0) + 1
        return dict(sorted(counts.items()))

    def alerts(self) -> list[Alert]:
        """All alerts that did not end, but for those of rules in shadow."""
        found = [
            watch.alert for watch in self.open.values() if watch.alert is not None and not is_shadow(watch.rule.id)
        ]
        return [*found, self.silence.alert] if self.silence.alert is not None else found

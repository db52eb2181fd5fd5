"""What can be set about the sink."""

from dataclasses import dataclass

from pulsemon_schemas.runtime.settings import Secret

ENVIRONMENT_PREFIX = "PULSEMON_SINK_"


@dataclass(frozen=True, slots=True)
class SinkSettings:
    """How the sink reads and when it writes.

    A block of one partition is written when it holds ``flush_samples`` samples or ``flush_bytes`` bytes, or when its
    first record has waited ``flush_seconds``. Reading pauses at ``buffer_bytes`` over all partitions of the metrics, or
    an eighth of that for each other topic.
    With an ``instance_id``, unique in the group, a sink that is started again gets its partitions back at once, instead
    of after the session of the one before; without it, one that leaves hands them on at once.
    ``makes_rollups``: whether it also applies retention and makes minutes, hours and days; of several sinks one at a
    time does.
    ``keeps_state``: whether it also takes the processor's state once a day, for replays.
    ``tick_key`` is the secret that Ticks are signed with; without it they all go to the dead letter.
    """

    group_id: str = "pulsemon-sink"
    instance_id: str = ""
    metrics_topic: str = "pulsemon.metrics"
    control_topic: str = "pulsemon.control"
    alerts_topic: str = "pulsemon.alerts"
    alerts_shadow_topic: str = "pulsemon.alerts-shadow"
    server_state_topic: str = "pulsemon.server-state"
    processor_state_topic: str = "pulsemon.processor-state"
    deadletter_topic: str = "pulsemon.deadletter"
    flush_samples: int = 200_000
    flush_bytes: int = 8_000_000
    flush_seconds: float = 1.0
    buffer_bytes: int = 64_000_000
    session_timeout_seconds: float = 10.0
    makes_rollups: bool = True
    keeps_state: bool = True
    tick_key: Secret = Secret("")

    @property
    def groups(self) -> dict[str, str]:
        """Topic to the group in which it is read; these groups commit what is stored."""
        names = {
            self.alerts_topic: "alerts",
            self.alerts_shadow_topic: "alerts-shadow",
            self.server_state_topic: "server-state",
        }
        return {
            self.metrics_topic: self.group_id,
            **{topic: f"{self.group_id}-{name}" for topic, name in names.items()},
        }

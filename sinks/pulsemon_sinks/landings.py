"""Which topic's records land in which table; a topic that is stored has a row here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulsemon_schemas import registry

from pulsemon_sinks.containers import Container


@dataclass(frozen=True, slots=True)
class Landing:
    """``table`` takes the records and has the views.

    ``probe`` has the same columns and constraints and keeps nothing. ``place_prefix`` stands before the columns of the
    record's place in the log.
    """

    record: str
    table: str
    probe: str
    place_prefix: str = ""


METRICS_LANDING = Landing(record="metric_batch", table="metrics_in", probe="metrics_probe")
ALERTS_LANDING = Landing("alert_event", "alerts_in", "alerts_probe", place_prefix="log_")
ALERTS_SHADOW_LANDING = Landing("alert_event", "alerts_shadow_in", "alerts_shadow_probe", place_prefix="log_")
SERVER_STATE_LANDING = Landing("server_state", "server_state_in", "server_state_probe", place_prefix="log_")


def containers(landing: Landing) -> Mapping[int, Container]:
    """A container builder for every schema id under which records of this landing may be written."""
    return {number: Container(_parsed(number), landing.place_prefix) for number in registry.versions(landing.record)}


def _parsed(schema_id: int) -> Mapping[str, Any]:
    return registry.schema(schema_id)

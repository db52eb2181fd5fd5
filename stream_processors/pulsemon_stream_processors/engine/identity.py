"""Ids that follow from what happened, so that a replay makes the same ones."""

import hashlib
import json

from pulsemon_schemas.rules.shadow import is_shadow

ID_BYTES = 16
SHADOW = "shadow-"
"""What ids of alerts of rules in shadow begin with: nobody keeps their newest state."""


def digest(*parts: str | int) -> str:
    """The id of a list of facts, in hex."""
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=ID_BYTES).hexdigest()


def alert_id(server_id: str, rule_id: str, labels: str, producer_id: str, sequence: int) -> str:
    """The id of an alert by the batch at which its condition first held; for absence by the last batch seen."""
    found = digest("alert", server_id, rule_id, labels, producer_id, sequence)
    return f"{SHADOW}{found}" if is_shadow(rule_id) else found


def event_id(alert: str, transition: int) -> str:
    """The id of one transition of an alert."""
    return digest("event", alert, transition)

"""The rules that come with Pulse Monitor: ``defaults.json``, put into the control log as anybody's rules are."""

import hashlib
import json
from importlib import resources
from typing import Any

from pulsemon_schemas.control import PUT, UNUSED
from pulsemon_schemas.records import ControlRecord
from pulsemon_schemas.rules.parse import parse_rule
from pulsemon_schemas.rules.rule import Rule

AUTHOR = "pulsemon"
RULE = "rule"


def default_bodies() -> dict[str, dict[str, Any]]:
    """The bodies by rule id, in the order of the file."""
    text = resources.files("pulsemon_schemas.rules").joinpath("defaults.json").read_text(encoding="utf-8")
    bodies: dict[str, dict[str, Any]] = json.loads(text)
    return bodies


def default_rules() -> tuple[Rule, ...]:
    """The rules, without a version."""
    return tuple(parse_rule(rule_id, body) for rule_id, body in default_bodies().items())


def default_records() -> tuple[ControlRecord, ...]:
    """The records that put the rules into a control log where their ids were never used.

    Written twice they change nothing, and never what people made of these rules since: no id is unused then.
    """
    return tuple(_record(rule_id, json.dumps(body, sort_keys=True)) for rule_id, body in default_bodies().items())


def _record(rule_id: str, body: str) -> ControlRecord:
    return ControlRecord(
        entity_type=RULE,
        entity_id=rule_id,
        operation=PUT,
        expected_version=UNUSED,
        change_id=f"default-{hashlib.blake2b(f'{rule_id} {body}'.encode(), digest_size=8).hexdigest()}",
        author=AUTHOR,
        on_behalf_of="",
        reason="default rule",
        body=body,
    )

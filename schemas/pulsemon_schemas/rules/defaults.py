"""The rules that come with Pulse Monitor: files of ``default_rules``, put into the control log as anybody's rules are.

A file of ``groups`` has the rules about one part of a host, or about the pipeline, by their ids; ``roles.toml`` what is
different for servers of a role. Each rule's runbook is the part of ``docs/runbooks.md`` under its id.
"""

import functools
import hashlib
import json
import tomllib
from copy import deepcopy
from importlib import resources
from typing import Any

from pulsemon_schemas.control import PUT, UNUSED
from pulsemon_schemas.records import ControlRecord
from pulsemon_schemas.rules.default_roles import Body, role_bodies
from pulsemon_schemas.rules.parse import parse_rule
from pulsemon_schemas.rules.rule import Rule

AUTHOR = "pulsemon"
RULE = "rule"
RUNBOOKS = "docs/runbooks.md"
PIPELINE = "pipeline"
GROUPS = (
    *("cpu", "memory", "filesystem", "disk", "network", "processes", "services", "hardware", "agent"),
    PIPELINE,
)
"""The files, in the order in which rules are shown."""


def default_bodies() -> dict[str, Body]:
    """The bodies by rule id, in the order of the files, those for all servers first."""
    return deepcopy(_bodies())


@functools.cache
def default_rules() -> tuple[Rule, ...]:
    """The rules, without a version."""
    return tuple(parse_rule(rule_id, body) for rule_id, body in _bodies().items())


@functools.cache
def default_groups() -> dict[str, str]:
    """The group of each rule by its id."""
    found = {rule_id: group for group in GROUPS for rule_id in _file(f"groups/{group}.toml")}
    return {rule_id: found[rule_id.partition(".")[0]] for rule_id in _bodies()}


def default_records() -> tuple[ControlRecord, ...]:
    """The records that put the rules into a control log where their ids were never used.

    Written twice they change nothing, and never what people made of these rules since: no id is unused then.
    """
    return tuple(_record(rule_id, json.dumps(body, sort_keys=True)) for rule_id, body in _bodies().items())


@functools.cache
def _bodies() -> dict[str, Body]:
    """As ``default_bodies``; nobody changes these."""
    groups = {group: _file(f"groups/{group}.toml") for group in GROUPS}
    bodies: dict[str, Body] = {}
    for rules in groups.values():
        bodies |= {rule_id: _owned(rule_id, body) for rule_id, body in rules.items()}
    of_hosts = {rule_id: body for rule_id, body in bodies.items() if rule_id not in groups[PIPELINE]}
    for role, changes in _file("roles.toml").items():
        bodies |= dict(role_bodies(role, changes, of_hosts))
    return bodies


def _owned(rule_id: str, body: Body) -> Body:
    return {"owner": AUTHOR, "runbook": f"{RUNBOOKS}#{rule_id}", **body}


def _file(name: str) -> dict[str, Any]:
    text = resources.files("pulsemon_schemas.rules").joinpath("default_rules", name).read_text(encoding="utf-8")
    return tomllib.loads(text)


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

"""What the default rules are for servers of a role: made from those for all servers, and what is different there."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from pulsemon_schemas.rules.rule import COMPOSITE, FLEET, LEVELS

Body = dict[str, Any]
INFO, ONLY = "info", "only"
MILDEST = LEVELS[0]


def role_bodies(role: str, changes: Mapping[str, Any], bodies: Mapping[str, Body]) -> Iterator[tuple[str, Body]]:
    """The rules of a role as ``rule.role`` with their bodies, in the order of the rules for all.

    ``changes`` is the role's table of ``roles.toml``, ``bodies`` are the rules about hosts. Raises ValueError if it
    names a rule that is none of them.
    """
    only = changes.get(ONLY)
    told = set(changes.get(INFO, ()))
    changed = {name: change for name, change in changes.items() if name not in {INFO, ONLY}}
    unknown = sorted((told | set(only or ()) | set(changed)) - set(bodies))
    if unknown:
        raise ValueError(f"the role {role} names what is no default rule about hosts: {', '.join(unknown)}")
    for name, usual in bodies.items():
        if usual.get("kind") == FLEET:  # it is about environments, which have no role
            continue
        # the family of a composite is its id unless said, and these are to take one another's place
        body = {"family": name, **usual} if usual.get("kind") == COMPOSITE else usual
        made = None
        if only is not None and name not in only:
            made = body | {"levels": {}}
        elif name in told:
            made = _told_only(body)
        elif name in changed:
            made = _merged(body, changed[name])
        if made is not None:
            yield f"{name}.{role}", made | {"scope": {"kind": "role", "value": role}}


def _told_only(body: Body) -> Body:
    """The mildest level under the name of the one that calls nobody."""
    mildest = next(level for level in LEVELS if level in body["levels"])
    made = deepcopy(body)
    made["levels"] = {MILDEST: made["levels"][mildest]}
    for operand in made.get("operands", {}).values():
        for numbers in (operand.get("limit"), operand.get("recovery")):
            if isinstance(numbers, dict):
                found = {MILDEST: numbers[mildest]} if mildest in numbers else {}
                numbers.clear()
                numbers.update(found)
    return made


def _merged(body: Body, change: Mapping[str, Any]) -> Body:
    made = dict(body)
    for name, value in change.items():
        before = made.get(name)
        made[name] = _merged(before, value) if isinstance(value, dict) and isinstance(before, dict) else value
    return made

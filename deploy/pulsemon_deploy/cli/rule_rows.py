"""Rules as rows of tables, and as objects for programs."""

from collections.abc import Iterator, Mapping

from pulsemon_schemas.control import Entity
from pulsemon_schemas.rules import Rule, RuleError, default_rules, parse_rule, rule_body
from pulsemon_schemas.rules.defaults import AUTHOR, GROUPS, default_groups
from pulsemon_schemas.rules.rule import ABSENCE, FLEET

from pulsemon_deploy.cli.control_rows import instant
from pulsemon_deploy.control_log import Change, ControlLog
from pulsemon_deploy.invocation import as_invoked

RULE = "rule"


def default_rows() -> list[dict[str, object]]:
    """The rules that come with Pulse Monitor, as this version has them, with their group and the role they are for."""
    groups = default_groups()
    return [
        {"group": groups[rule.id], "role": _role(rule) or None, "summary": rule.summary, "runbook": rule.runbook}
        | _row(rule, origin="default")
        for rule in default_rules()
    ]


def default_table() -> list[dict[str, object]]:
    """The same for people, a group after the other, without those that only keep a role from being judged."""
    shown_rules = [rule for rule in default_rules() if rule.levels]
    shown_rules.sort(key=lambda rule: GROUPS.index(default_groups()[rule.id]))
    return [_default_row(rule) for rule in shown_rules]


def default_exceptions() -> dict[str, list[str]]:
    """Which of the default rules do not judge servers of a role at all, by role."""
    found: dict[str, list[str]] = {}
    for rule in default_rules():
        if not rule.levels:
            found.setdefault(_role(rule), []).append(rule.id.partition(".")[0])
    return found


def rows(log: ControlLog) -> Iterator[dict[str, object]]:
    """Every rule that is in force, by id, then the default ones whose ids the log has never seen."""
    entities = log.fold.entities(RULE)
    times = {change.offset: change.append_time_ms for change in log.changes}
    for rule_id in sorted(entities):
        entity = entities[rule_id]
        yield row(entity) | {"changed_at": instant(times[entity.version])}
    for rule in default_rules():
        if log.fold.version(RULE, rule.id) < 0:
            yield _row(rule, "default, not in force") | {"changed_at": None}


def row(entity: Entity) -> dict[str, object]:
    """One rule that is or was in force."""
    rule = parsed(entity)
    return _row(rule, origin_of(entity)) if isinstance(rule, Rule) else _unreadable(entity)


def parsed(entity: Entity) -> Rule | RuleError:
    """The rule in an entity, or what is wrong with it: writers are many, and an engine passes over such a one."""
    try:
        return parse_rule(entity.entity_id, entity.body, entity.version, entity.author)
    except RuleError as error:
        return error


def origin_of(entity: Entity) -> str:
    """Who made the rule: default, changed default or own."""
    if entity.author == AUTHOR:
        return "default"
    return "changed default" if entity.entity_id in default_groups() else "own"


def scope_text(rule: Rule) -> str:
    """As ``--scope`` takes it."""
    scope = rule.scope
    text = f"{scope.kind}={scope.value}" if scope.value else scope.kind
    return ",".join([text, *(f"{key}={value}" for key, value in scope.labels.items())])


def series_text(rule: Rule) -> str:
    """Which series the rule judges, as ``metric{label=value}``."""
    labels = ",".join(f"{key}={value}" for key, value in rule.match.items())
    if rule.kind == FLEET:
        return "silence of servers"
    return f"{rule.metric}{{{labels}}}" if labels else rule.metric or "silence"


def level_texts(rule: Rule) -> str:
    """The levels from the mildest to the worst, as ``critical >= 0.95 for 300 s``."""
    sign = "silent" if rule.kind == ABSENCE else rule.operator
    unit = " s" if rule.kind == ABSENCE else ""
    return ", ".join(
        f"{level.name} {level.when or f'{sign} {level.limit:g}{unit}'}"
        + (f" for {level.for_seconds:g} s" if level.for_seconds else "")
        for level in rule.levels
    )


def shown(entity: Entity, change: Change) -> Mapping[str, object]:
    """All about one rule: its body in full, with its version."""
    rule = parsed(entity)
    return {
        "id": entity.entity_id,
        "version": entity.version,
        "origin": origin_of(entity),
        "author": entity.author,
        "on_behalf_of": entity.on_behalf_of,
        "changed_at": instant(change.append_time_ms),
        "reason": entity.reason,
        "problems": list(rule.problems) if isinstance(rule, RuleError) else [],
        "body": rule_body(rule) if isinstance(rule, Rule) else dict(entity.body),
    }


def _default_row(rule: Rule) -> dict[str, object]:
    return {
        "group": default_groups()[rule.id],
        "id": rule.id,
        "for": scope_text(rule) if _role(rule) else "all",
        "judges": series_text(rule),
        "levels": level_texts(rule) if rule.enabled else f"off: {level_texts(rule)}",
    }


def _role(rule: Rule) -> str:
    return rule.scope.value if rule.scope.kind == "role" else ""


def _row(rule: Rule, origin: str) -> dict[str, object]:
    window = rule.window
    return {
        "id": rule.id,
        "origin": origin,
        "enabled": rule.enabled,
        "scope": scope_text(rule),
        "judges": series_text(rule),
        "window": f"{window.function} {window.seconds:g} s" if window.seconds else window.function,
        "levels": level_texts(rule),
        "version": rule.version if rule.version >= 0 else None,
        "author": rule.author or None,
    }


def _unreadable(entity: Entity) -> dict[str, object]:
    return {
        "id": entity.entity_id,
        "origin": origin_of(entity),
        "enabled": False,
        "scope": "-",
        "judges": "-",
        "window": "-",
        "levels": as_invoked("cannot be used: `pulsemon rule show` says why"),
        "version": entity.version,
        "author": entity.author,
    }

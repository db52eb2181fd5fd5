"""The kinds of entities that may stand in files, each with a folder of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pulsemon_producers.gateway.control.kinds import routes
from pulsemon_schemas.quiet_windows import INTERVALS, RECURRENCE, expanded, recurs
from pulsemon_schemas.rules import RuleError, parse_quiet, parse_rule, rule_body
from pulsemon_schemas.rules.defaults import RULE
from pulsemon_schemas.rules.quiet import MAINTENANCE, SILENCE

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FileKind:
    """``written`` is the body of the control record for one in a file; it raises RuleError with all problems.

    ``normal`` is the body of a record with what is usual written out, as it is if it cannot be read; ``shown`` is such
    a body as it stands in a file. Two that are shown alike say the same.
    """

    entity_type: str
    folder: str
    written: Callable[[str, Body, int], Body]
    normal: Callable[[str, Body], Body]
    shown: Callable[[Body], Body]
    known_fields: frozenset[str] = frozenset()
    """Names that are looked at, where others are kept for people."""


def as_it_is(_entity_id: str, body: Body) -> Body:
    """For kinds in which nothing is usual."""
    return body


def _rule(entity_id: str, body: Body, _now_ms: int) -> Body:
    return rule_body(parse_rule(entity_id, body))


def _normal_rule(entity_id: str, body: Body) -> Body:
    try:
        return rule_body(parse_rule(entity_id, body))
    except RuleError:
        return body


def _normal_route(entity_id: str, body: Body) -> Body:
    try:
        return routes.check(entity_id, body)
    except RuleError:
        return body


def _route(entity_id: str, body: Body, _now_ms: int) -> Body:
    return routes.check(entity_id, body)


def _quiet(kind: str) -> Callable[[str, Body, int], Body]:
    def written(entity_id: str, body: Body, now_ms: int) -> Body:
        problems: list[str] = []
        made = dict(body)
        if not recurs(body) and isinstance(body.get(INTERVALS), list):
            made[INTERVALS] = [_interval(one, problems) for one in body[INTERVALS]]
        if problems:
            raise RuleError(f"{kind} {entity_id!r}", problems)
        made = expanded(kind, entity_id, made, now_ms)
        parse_quiet(kind, entity_id, made)
        return made

    return written


def _interval(value: Any, problems: list[str]) -> Any:
    """Times as people write them in milliseconds; what is none is left for the kind itself to refuse."""
    if not isinstance(value, list):
        return value
    return [_milliseconds(one, problems) for one in value]


def _milliseconds(value: Any, problems: list[str]) -> Any:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        problems.append(f"{INTERVALS}: {value!r} is no time: write 2026-11-01T02:00:00Z")
        return value
    if not isinstance(moment, datetime):
        return value
    if moment.tzinfo is None:
        problems.append(f"{INTERVALS}: {value} has no offset: write {moment.isoformat()}Z for UTC")
        return value
    return round(moment.timestamp() * 1000)


def _shown_quiet(body: Body) -> Body:
    """Dated intervals that come from a rule are the gateways' affair."""
    if recurs(body):
        return {name: value for name, value in body.items() if name != INTERVALS}
    return {**body, INTERVALS: [[_text(time) for time in one] for one in body.get(INTERVALS, ())]}


def _text(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat().replace("+00:00", "Z")


_QUIET_FIELDS = frozenset({"scope", INTERVALS, "rule_id", "levels", RECURRENCE, "comment"})
KINDS: tuple[FileKind, ...] = (
    FileKind(RULE, "rules", _rule, _normal_rule, lambda body: body),
    FileKind(routes.ROUTE, "routes", _route, _normal_route, lambda body: body),
    FileKind(SILENCE, "silences", _quiet(SILENCE), as_it_is, _shown_quiet, _QUIET_FIELDS),
    FileKind(MAINTENANCE, "maintenance", _quiet(MAINTENANCE), as_it_is, _shown_quiet, _QUIET_FIELDS),
)
BY_FOLDER: Mapping[str, FileKind] = {kind.folder: kind for kind in KINDS}

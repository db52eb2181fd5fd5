"""What people say on the command line about a silence or a maintenance, as its body; and how a body reads in a list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pulsemon_schemas.rules import RuleError, parse_quiet
from pulsemon_schemas.rules.scope import Scope

from pulsemon_deploy.rule_edits import Edits, edited


@dataclass(frozen=True, slots=True)
class Wish:
    """A quiet period as it is asked for. Without ``rrule`` it holds once: from ``from_ms`` to ``until_ms``.

    ``starts_at`` and ``excluded`` are times of ``zone``, as text.
    """

    scope: str = ""
    scope_labels: tuple[str, ...] = ()
    rule_id: str = ""
    levels: tuple[str, ...] = ()
    comment: str = ""
    from_ms: int = 0
    until_ms: int = 0
    rrule: str = ""
    starts_at: str = ""
    zone: str = ""
    lasts_ms: int = 0
    excluded: tuple[str, ...] = ()


def body_of(kind: str, entity_id: str, wish: Wish, now_ms: int) -> dict[str, Any]:
    """The body, with its dated intervals. Raises RuleError with all problems."""
    body: dict[str, Any] = edited({}, Edits({}, scope=wish.scope, scope_labels=wish.scope_labels))
    body |= {"rule_id": wish.rule_id} if wish.rule_id else {}
    body |= {"levels": list(wish.levels)} if wish.levels else {}
    body |= {"comment": wish.comment} if wish.comment else {}
    if wish.rrule:
        from pulsemon_schemas.quiet_windows import expanded

        body = expanded(kind, entity_id, body | {"recurrence": _recurrence(wish)}, now_ms)
    else:
        body["intervals"] = [[wish.from_ms, wish.until_ms]]
    parse_quiet(kind, entity_id, body)
    return body


def _recurrence(wish: Wish) -> dict[str, Any]:
    said = {
        "rrule": wish.rrule,
        "starts_at": wish.starts_at,
        "zone": wish.zone,
        "duration_seconds": wish.lasts_ms / 1000,
    }
    return said | ({"except": list(wish.excluded)} if wish.excluded else {})


def row(kind: str, entity_id: str, body: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
    """One row of a list: whether it holds, and when it does next, or ended."""
    try:
        period = parse_quiet(kind, entity_id, body)
    except RuleError:
        return dict.fromkeys(("id", "holds", "from", "until", "for", "rule", "levels", "recurs", "comment"), "") | {
            "id": entity_id,
            "holds": "cannot be read",
        }
    word, (start, end) = _shown(period.intervals, now_ms)
    recurrence = body.get("recurrence")
    return {
        "id": entity_id,
        "holds": word,
        "from": instant(start),
        "until": instant(end),
        "for": scope_text(period.scope),
        "rule": period.rule_id or "all",
        "levels": " ".join(sorted(period.levels)) or "all",
        "recurs": f"{recurrence.get('rrule')} {recurrence.get('zone')}" if isinstance(recurrence, Mapping) else "no",
        "comment": str(body.get("comment", "")),
    }


def _shown(intervals: Sequence[tuple[int, int]], now_ms: int) -> tuple[str, tuple[int, int]]:
    ahead = sorted(one for one in intervals if one[1] > now_ms)
    if not ahead:
        return "over", max(intervals, key=lambda one: one[1])
    return ("now" if ahead[0][0] <= now_ms else "later"), ahead[0]


def scope_text(scope: Scope) -> str:
    """A scope as it is written on the command line."""
    labels = ",".join(f"{name}={value}" for name, value in scope.labels.items())
    return " ".join(one for one in (f"{scope.kind}={scope.value}" if scope.value else scope.kind, labels) if one)


def instant(time_ms: int) -> datetime:
    """Whole seconds, UTC."""
    return datetime.fromtimestamp(time_ms // 1000, UTC)

"""Lists in pages: in the order of ids, from behind a place that the page before named. Pure."""

import base64
import binascii
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pulsemon_producers.gateway.control.configuration import Held
from pulsemon_producers.gateway.control.kind import Filter
from pulsemon_producers.gateway.problems import INVALID_REQUEST, Problem

LIMIT, CURSOR, SEARCH = "limit", "cursor", "q"
DEFAULT_LIMIT, MAX_LIMIT = 100, 1000


@dataclass(frozen=True, slots=True)
class Page:
    """What a request asks for. ``after`` is the last id of the page before, "" for the first page."""

    limit: int
    after: str
    wanted: tuple[Callable[[Held], bool], ...]


def page(parameters: Sequence[tuple[str, str]], filters: Mapping[str, Filter]) -> Page:
    """The page that the parameters of an address describe. Raises Problem for one that nobody knows, or twice."""
    limit, after = DEFAULT_LIMIT, ""
    wanted: list[Callable[[Held], bool]] = []
    seen: set[str] = set()
    for name, value in parameters:
        known = filters.get(name)
        if name in seen and not (known and known.is_repeatable):
            raise Problem(INVALID_REQUEST, f"{name[:40]!r} stands twice in the address.")
        seen.add(name)
        if name == LIMIT:
            limit = _limit(value)
        elif name == CURSOR:
            after = _place(value)
        elif known is not None:
            wanted.append(_bound(known, value))
        else:
            raise Problem(INVALID_REQUEST, f"There is no parameter {name[:40]!r}; there are {_names(filters)}.")
    return Page(limit, after, tuple(wanted))


def cut(ids: Sequence[str], entities: Mapping[str, Held], asked: Page) -> tuple[list[Held], str | None]:
    """The entities of the page, and the cursor of the next one; None if there is none. ``ids`` are sorted."""
    found: list[Held] = []
    for entity_id in ids[bisect_right(ids, asked.after) if asked.after else 0 :]:
        held = entities[entity_id]
        if not all(is_wanted(held) for is_wanted in asked.wanted):
            continue
        if len(found) == asked.limit:
            return found, _cursor(found[-1].entity_id)
        found.append(held)
    return found, None


def searched(texts: Callable[[Held], Sequence[str]]) -> Filter:
    """The parameter ``q``: a part of one of the texts, in any case."""

    def matches(held: Held, value: str) -> bool:
        wanted = value.lower()
        return any(wanted in one.lower() for one in (held.entity_id, *texts(held)))

    return Filter("A part of the id, the name or another text.", matches)


def _bound(known: Filter, value: str) -> Callable[[Held], bool]:
    return lambda held: known.matches(held, value)


def _limit(value: str) -> int:
    if not (value.isascii() and value.isdigit() and 0 < len(value) <= len(str(MAX_LIMIT))) or not (
        1 <= int(value) <= MAX_LIMIT
    ):
        raise Problem(INVALID_REQUEST, f"limit is a number from 1 to {MAX_LIMIT}.")
    return int(value)


def _cursor(last_id: str) -> str:
    return base64.urlsafe_b64encode(last_id.encode()).decode().rstrip("=")


def _place(cursor: str) -> str:
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise Problem(INVALID_REQUEST, "cursor is not one that a list has answered.") from None


def _names(filters: Mapping[str, Filter]) -> str:
    return ", ".join(sorted({LIMIT, CURSOR, *filters}))

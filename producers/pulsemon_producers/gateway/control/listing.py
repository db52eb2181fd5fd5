"""Lists in pages: in the order of places, such as ids, from behind the one that the page before named. Pure."""

import base64
import binascii
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pulsemon_producers.gateway.control.configuration import Held
from pulsemon_producers.gateway.control.filters import Filter
from pulsemon_producers.gateway.problems import INVALID_REQUEST, Problem

LIMIT, CURSOR, SEARCH = "limit", "cursor", "q"
DEFAULT_LIMIT, MAX_LIMIT = 100, 1000


Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """What a request asks for. ``after`` is the last place of the page before, "" for the first page."""

    limit: int
    after: str
    wanted: tuple[Callable[[Item], bool], ...]


def page(parameters: Sequence[tuple[str, str]], filters: Mapping[str, Filter[Item]]) -> Page[Item]:
    """The page that the parameters of an address describe. Raises Problem for one that nobody knows, or twice."""
    limit, after = DEFAULT_LIMIT, ""
    wanted: list[Callable[[Item], bool]] = []
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


def given(parameters: Sequence[tuple[str, str]], names: Sequence[str]) -> dict[str, str]:
    """Parameters that stand once at most. Raises Problem for one that nobody knows, or twice."""
    found: dict[str, str] = {}
    for name, value in parameters:
        if name in found:
            raise Problem(INVALID_REQUEST, f"{name[:40]!r} stands twice in the address.")
        if name not in names:
            raise Problem(INVALID_REQUEST, f"There is no parameter {name[:40]!r}; there are {', '.join(names)}.")
        found[name] = value
    return found


def flag(asked: Mapping[str, str], name: str) -> bool:
    """A parameter that is true or false, and false if it is not there. Raises Problem."""
    value = asked.get(name, "false")
    if value not in ("true", "false"):
        raise Problem(INVALID_REQUEST, f"{name} is true or false.")
    return value == "true"


def cut(places: Sequence[str], items: Mapping[str, Item], asked: Page[Item]) -> tuple[list[Item], str | None]:
    """The items of the page, and the cursor of the next one; None if there is none. ``places`` are sorted."""
    found: list[Item] = []
    last = ""
    for place in places[bisect_right(places, asked.after) if asked.after else 0 :]:
        item = items[place]
        if not all(is_wanted(item) for is_wanted in asked.wanted):
            continue
        if len(found) == asked.limit:
            return found, _cursor(last)
        found.append(item)
        last = place
    return found, None


def searched(texts: Callable[[Held], Sequence[str]]) -> Filter[Held]:
    """The parameter ``q``: a part of one of the texts, in any case."""

    def matches(held: Held, value: str) -> bool:
        wanted = value.lower()
        return any(wanted in one.lower() for one in (held.entity_id, *texts(held)))

    return Filter("A part of the id, the name or another text.", matches)


def _bound(known: Filter[Item], value: str) -> Callable[[Item], bool]:
    return lambda item: known.matches(item, value)


def _limit(value: str) -> int:
    if not (value.isascii() and value.isdigit() and 0 < len(value) <= len(str(MAX_LIMIT))) or not (
        1 <= int(value) <= MAX_LIMIT
    ):
        raise Problem(INVALID_REQUEST, f"limit is a number from 1 to {MAX_LIMIT}.")
    return int(value)


def _cursor(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _place(cursor: str) -> str:
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise Problem(INVALID_REQUEST, "cursor is not one that a list has answered.") from None


def _names(filters: Mapping[str, Filter[Item]]) -> str:
    return ", ".join(sorted({LIMIT, CURSOR, *filters}))

"""A kind of entity, as data: where it is found, what its body may say, who may change it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulsemon_schemas.tokens import READ

from pulsemon_producers.gateway.control.configuration import Held
from pulsemon_producers.gateway.control.filters import Filter

MAX_ID_CHARACTERS = 253

Check = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""Id and body as sent to the body as it is written. Raises RuleError with everything that is wrong with it."""


def nothing_beside(_: Held) -> Mapping[str, Any]:
    """For kinds that are only what is written."""
    return {}


def no_remarks(_: Held, __: Mapping[str, Held]) -> list[str]:
    """For kinds whose entities do not get into each other's way."""
    return []


def whole_body(held: Held) -> Mapping[str, Any]:
    """For kinds without secrets."""
    return held.body


def is_plain_id(entity_id: str) -> bool:
    """Whether an entity may be called so: one segment of an address, and readable."""
    return (
        0 < len(entity_id) <= MAX_ID_CHARACTERS
        and entity_id.isprintable()
        and "/" not in entity_id
        and not entity_id.startswith("_")
    )


@dataclass(frozen=True, slots=True)
class EntityKind:
    """Everything that is special about one kind of entity.

    ``path`` follows ``/api/v1/``. ``body_schema`` is for the OpenAPI document, ``check`` decides. ``beside`` are
    members of its representation that the control log does not have, described by ``beside_schema``; ``shown_body`` is
    what may be seen of the body, with the members of ``shown_schema``. ``remarks`` are told when one is written: what
    is allowed, given all that are in force, and yet may not be meant.
    """

    entity_type: str
    path: str
    noun: str
    write_scope: str
    body_schema: Mapping[str, Any]
    check: Check
    read_scope: str = READ
    filters: Mapping[str, Filter[Held]] = field(default_factory=dict)
    beside: Callable[[Held], Mapping[str, Any]] = nothing_beside
    beside_schema: Mapping[str, Any] = field(default_factory=dict)
    shown_body: Callable[[Held], Mapping[str, Any]] = whole_body
    shown_schema: Mapping[str, Any] = field(default_factory=dict)
    is_id: Callable[[str], bool] = is_plain_id
    remarks: Callable[[Held, Mapping[str, Held]], list[str]] = no_remarks

    def representation(self, held: Held) -> dict[str, Any]:
        """A version as it is answered."""
        return {
            "id": held.entity_id,
            "version": held.version,
            "changed_at": held.at_ms or None,
            "author": held.author,
            "on_behalf_of": held.on_behalf_of,
            "reason": held.reason,
            "body": self.shown_body(held),
            **self.beside(held),
        }

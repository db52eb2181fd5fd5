"""The read side of a schema registry's REST API, answered from the schemas of this repository. Pure.

A subject is a topic's name with ``-value``, as clients of Kafka expect it; versions count from 1.
"""

import json
from collections.abc import Mapping
from typing import Any

from pulsemon_schemas import registry
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.topics import TOPICS

MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
SUFFIX = "-value"
LATEST = "latest"
SUBJECT_NOT_FOUND, VERSION_NOT_FOUND, SCHEMA_NOT_FOUND = 40401, 40402, 40403
INVALID_VERSION = 42202
MAX_ID_DIGITS = 9

_RECORDS: Mapping[str, str] = {f"{topic.name}{SUFFIX}": topic.record for topic in TOPICS if topic.record is not None}


class NotThere(Exception):  # noqa: N818 - an answer of the API
    """What was asked for is not there; ``code`` is the registry's own number for it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        """The HTTP status, which is how the code begins."""
        return self.code // 100


def subjects() -> list[str]:
    """All subjects."""
    return sorted(_RECORDS)


def by_id(schema_id: str) -> dict[str, Any]:
    """The schema of an id, as the text of its JSON. Raises NotThere."""
    return {"schema": _text(_known(schema_id))}


def places(schema_id: str) -> list[dict[str, Any]]:
    """The subjects that have a schema, each with the version that it has there. Raises NotThere."""
    known = _known(schema_id)
    name = registry.record_name(known)
    version = registry.versions(name).index(known) + 1
    return [{"subject": subject, "version": version} for subject in subjects() if _RECORDS[subject] == name]


def versions(subject: str) -> list[int]:
    """The versions of a subject. Raises NotThere."""
    return list(range(1, len(_ids(subject)) + 1))


def version(subject: str, which: str) -> dict[str, Any]:
    """One version of a subject, or the ``latest``. Raises NotThere."""
    ids = _ids(subject)
    if which == LATEST:
        return _version(subject, len(ids))
    if not (which.isascii() and which.isdigit()):
        raise NotThere(INVALID_VERSION, f"The specified version {which[:40]!r} is not a valid version id.")
    if not 1 <= int(which[:MAX_ID_DIGITS]) <= len(ids):
        raise NotThere(VERSION_NOT_FOUND, "Version not found.")
    return _version(subject, int(which))


def lookup(subject: str, schema: object) -> dict[str, Any]:
    """Which version of a subject a schema is, whatever its spaces. Raises NotThere."""
    ids = _ids(subject)
    try:
        wanted = json.loads(schema) if isinstance(schema, str) else None
    except (ValueError, RecursionError):
        wanted = None
    for number, schema_id in enumerate(ids, start=1):
        if registry.schema(schema_id) == wanted:
            return _version(subject, number)
    raise NotThere(SCHEMA_NOT_FOUND, "Schema not found")


def _version(subject: str, number: int) -> dict[str, Any]:
    schema_id = _ids(subject)[number - 1]
    return {"subject": subject, "version": number, "id": schema_id, "schema": _text(schema_id)}


def _ids(subject: str) -> tuple[int, ...]:
    if subject not in _RECORDS:
        raise NotThere(SUBJECT_NOT_FOUND, f"Subject '{subject[:200]}' not found.")
    return registry.versions(_RECORDS[subject])


def _known(schema_id: str) -> int:
    number = int(schema_id) if schema_id.isascii() and schema_id.isdigit() and len(schema_id) <= MAX_ID_DIGITS else -1
    try:
        registry.subject(number)
    except ContractError:
        raise NotThere(SCHEMA_NOT_FOUND, "Schema not found") from None
    return number


def _text(schema_id: int) -> str:
    return json.dumps(registry.schema(schema_id), separators=(",", ":"))

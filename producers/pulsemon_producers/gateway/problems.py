"""Every answer that is not a success, once: its stable type, status and title (RFC 9457)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulsemon_schemas.keys import Refusal

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:pulsemon:problem:"


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of problem; its name is the end of its URI and never changes."""

    name: str
    status: int
    title: str

    @property
    def uri(self) -> str:
        """The ``type`` of the document."""
        return TYPE_PREFIX + self.name


KEY_MISSING = Kind("key-missing", 401, "No key was shown")
KEY_UNKNOWN = Kind("key-unknown", 401, "No such key")
KEY_REVOKED = Kind("key-revoked", 401, "The key was revoked")
KEY_EXPIRED = Kind("key-expired", 401, "The key has expired")
KEY_ROTATED_OUT = Kind("key-rotated-out", 401, "The key was replaced by a newer one")
KEY_IN_QUERY = Kind("key-in-query", 400, "A key stood in the address")
SCOPE_MISSING = Kind("scope-missing", 403, "The key is not made for this")
OTHER_SERVER = Kind("other-server", 403, "The key belongs to another server")
MALFORMED = Kind("malformed-body", 400, "The body cannot be read")
BODY_TOO_LARGE = Kind("body-too-large", 413, "The body is too large")
TOO_MANY_SAMPLES = Kind("too-many-samples", 413, "The body has too many samples")
RECORDS_TOO_LARGE = Kind("records-too-large", 413, "Records are larger than the log takes")
REJECTED = Kind("items-rejected", 422, "Some or all of what was sent was rejected")
LINES_REJECTED = Kind("lines-rejected", 400, "Some or all lines were rejected")
REPEATED_ID = Kind("batch-id-reused", 422, "The batch id was used for another body")
MEDIA_TYPE_UNKNOWN = Kind("media-type-unknown", 415, "The content type or encoding is not taken")
RATE_LIMITED = Kind("rate-limited", 429, "The key sends more than it may")
RATE_LIMITED_INFLUX = Kind("rate-limited-influx", 503, "The key sends more than it may")
SLOW_BODY = Kind("slow-body", 408, "The body did not come in time")
BUSY = Kind("busy", 503, "The gateway has no room now")
LOG_AWAY = Kind("log-away", 503, "The log has not confirmed in time")
NOT_READY = Kind("not-ready", 503, "The gateway does not work yet")
NOT_FOUND = Kind("not-found", 404, "There is nothing here")
METHOD_NOT_ALLOWED = Kind("method-not-allowed", 405, "Not with this method")
INVALID_REQUEST = Kind("invalid-request", 400, "The request makes no sense")
ENTITY_UNKNOWN = Kind("entity-unknown", 404, "It is not there")
ENTITY_INVALID = Kind("entity-invalid", 422, "It makes no sense so")
VERSION_CONFLICT = Kind("version-conflict", 409, "Another version is in force")
STATE_CONFLICT = Kind("state-conflict", 409, "Not in the state that it is in")
PRECONDITION_REQUIRED = Kind("precondition-required", 428, "Say which version you have seen")
KEY_REUSED = Kind("idempotency-key-reused", 422, "The Idempotency-Key was used for another change")
CHANGE_UNCONFIRMED = Kind("change-unconfirmed", 503, "The change is not confirmed, and may be made")
ENROLMENT_USED_UP = Kind("enrolment-used-up", 403, "The enrolment token was used as often as it may be")
MACHINE_KNOWN = Kind("machine-known", 409, "The machine is registered already")
SERVER_ID_TAKEN = Kind("server-id-taken", 409, "The id belongs to another server")
INTERNAL = Kind("internal", 500, "The gateway made a mistake")

KINDS: tuple[Kind, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Kind))

OF_REFUSAL: Mapping[Refusal, Kind] = {
    Refusal.UNKNOWN: KEY_UNKNOWN,
    Refusal.REVOKED: KEY_REVOKED,
    Refusal.EXPIRED: KEY_EXPIRED,
    Refusal.ROTATED_OUT: KEY_ROTATED_OUT,
    Refusal.MISSING_SCOPE: SCOPE_MISSING,
}


@dataclass(frozen=True, slots=True)
class Rejected:
    """One item that was not written: its place in the body, from 0, a JSON pointer to it, and why."""

    index: int
    pointer: str
    code: str
    detail: str

    def as_json(self) -> dict[str, Any]:
        """A member of ``errors``."""
        return {"index": self.index, "pointer": self.pointer, "code": self.code, "detail": self.detail}


class Problem(Exception):  # noqa: N818 - the name of the standard
    """Ends a request with a problem document. ``accepted`` is how many items were written nevertheless.

    ``members`` are further members of the document, which clients may look at.
    """

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        retry_after_seconds: float | None = None,
        rejected: Sequence[Rejected] = (),
        accepted: int | None = None,
        closes: bool = False,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(kind, detail)
        self.kind = kind
        self.detail = detail
        self.retry_after_seconds = retry_after_seconds
        self.rejected = rejected
        self.accepted = accepted
        self.closes = closes
        self.headers = headers or {}
        self.members = members or {}

    def document(self, server_time_ms: int) -> dict[str, Any]:
        """The body of the answer."""
        kind = self.kind
        item: dict[str, Any] = {"type": kind.uri, "title": kind.title, "status": kind.status, "detail": self.detail}
        item["server_time"] = server_time_ms
        if self.accepted is not None:
            item["accepted"] = self.accepted
        if self.rejected:
            item["errors"] = [one.as_json() for one in self.rejected]
        return {**item, **self.members}

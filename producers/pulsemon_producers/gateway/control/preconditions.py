"""What the headers of a change say: which version its sender has seen, and how the change is named. Pure."""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pulsemon_producers.gateway.problems import INVALID_REQUEST, PRECONDITION_REQUIRED, Problem

IF_MATCH, IF_NONE_MATCH = "if-match", "if-none-match"
IDEMPOTENCY_KEY = "idempotency-key"
ON_BEHALF_OF = "pulsemon-on-behalf-of"
REASON = "pulsemon-reason"
ANY = "*"
MAX_TEXT_CHARACTERS = 500
MAX_KEY_CHARACTERS = 128
_TAG = re.compile(r'"?(\d{1,18})"?')


@dataclass(frozen=True, slots=True)
class Intent:
    """A change as its sender means it, before anything is known of the entity.

    ``expected_version`` None: the one in force. ``is_new``: there must be none in force.
    """

    change_id: str
    on_behalf_of: str
    reason: str
    expected_version: int | None
    is_new: bool


def intent(headers: Mapping[str, str], *, must_match: bool) -> Intent:
    """What the headers say. Raises Problem: a header that makes no sense, or none where one ``must_match``."""
    if_match, if_none_match = headers.get(IF_MATCH, "").strip(), headers.get(IF_NONE_MATCH, "").strip()
    if if_match and if_none_match:
        raise Problem(INVALID_REQUEST, "If-Match and If-None-Match exclude each other; nothing was changed.")
    if if_none_match not in ("", ANY):
        raise Problem(INVALID_REQUEST, "If-None-Match takes * alone: make it only if it is not there.")
    if must_match and not if_match and not if_none_match:
        raise Problem(
            PRECONDITION_REQUIRED,
            "Send If-Match with the ETag that you have read, or If-None-Match: * to make it anew; nothing was changed. "
            "Otherwise you may undo what somebody else has just done.",
        )
    return Intent(
        change_id=_change_id(headers.get(IDEMPOTENCY_KEY)),
        on_behalf_of=_text(headers, ON_BEHALF_OF),
        reason=_text(headers, REASON),
        expected_version=_version(if_match),
        is_new=bool(if_none_match),
    )


def etag(version: int) -> str:
    """A version as an ETag."""
    return f'"{version}"'


def _version(if_match: str) -> int | None:
    if if_match in ("", ANY):
        return None
    match = _TAG.fullmatch(if_match)
    if match is None:
        raise Problem(INVALID_REQUEST, 'If-Match takes one ETag as it was answered, such as "17"; nothing was changed.')
    return int(match[1])


def _change_id(given: str | None, make: Callable[[], str] = lambda: str(uuid.uuid4())) -> str:
    if given is None:
        return make()
    if not 0 < len(given) <= MAX_KEY_CHARACTERS or not (given.isascii() and given.isprintable()):
        raise Problem(INVALID_REQUEST, f"Idempotency-Key has 1 to {MAX_KEY_CHARACTERS} printable ASCII characters.")
    return given


def _text(headers: Mapping[str, str], name: str) -> str:
    """A text for people. Headers are bytes: those that are UTF-8 are read so."""
    raw = headers.get(name, "").encode("latin-1")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    if len(text) > MAX_TEXT_CHARACTERS or not text.isprintable():
        raise Problem(INVALID_REQUEST, f"{name} has at most {MAX_TEXT_CHARACTERS} printable characters.")
    return text

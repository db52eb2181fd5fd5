"""One value of one series at one moment, before it is in a batch; and what it must hold to."""

from collections.abc import Mapping
from typing import NamedTuple

from pulsemon_schemas.labels import canonical
from pulsemon_schemas.validity import EARLIEST_MS, MAX_AHEAD_MS

MAX_NAME_CHARACTERS = 255
MAX_LABELS = 32
MAX_LABELS_CHARACTERS = 2048


class Point(NamedTuple):
    """``item`` is its place in the body; of one series and moment the later one counts."""

    recorded_at_ms: int
    name: str
    labels: str
    value: float
    item: int


class BadPoint(Exception):  # noqa: N818 - it is told to the sender, item by item
    """Why an item is rejected: a stable code, and words."""

    def __init__(self, code: str, detail: str, pointer: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.pointer = pointer


def checked_name(name: str) -> str:
    """The name itself. Raises BadPoint."""
    if not 0 < len(name) <= MAX_NAME_CHARACTERS or not name.isprintable():
        raise BadPoint("bad_name", f"a name has 1 to {MAX_NAME_CHARACTERS} printable characters", "/name")
    return name


def checked_labels(labels: Mapping[str, str]) -> str:
    """The labels in their one text. Raises BadPoint."""
    if len(labels) > MAX_LABELS:
        raise BadPoint("bad_labels", f"{len(labels)} labels; at most {MAX_LABELS}", "/labels")
    try:
        text = canonical(labels)
    except ValueError as error:
        raise BadPoint("bad_labels", str(error), "/labels") from error
    if len(text) > MAX_LABELS_CHARACTERS:
        raise BadPoint("bad_labels", f"labels have more than {MAX_LABELS_CHARACTERS} characters", "/labels")
    if not text.isprintable():
        raise BadPoint("bad_labels", "labels have characters that cannot be printed", "/labels")
    return text


def checked_time(recorded_at_ms: int, now_ms: int) -> int:
    """The time itself. Raises BadPoint."""
    if recorded_at_ms < EARLIEST_MS:
        raise BadPoint("too_old", "the time is before 2020", "/recorded_at")
    if recorded_at_ms > now_ms + MAX_AHEAD_MS:
        raise BadPoint("too_new", "the time is more than ten minutes ahead of the gateway's", "/recorded_at")
    return recorded_at_ms

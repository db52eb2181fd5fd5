"""Which names and labels a service may use."""

import re
from collections.abc import Mapping

RESERVED = ("container.", "hw.", "probe.", "process.", "pulsemon.", "scrape.", "service.", "system.", "textfile.")
"""What the names of the catalogue begin with: agents and the product itself send them."""
RESERVED_LABELS = ("bucket", "instance", "service", "state")
"""Labels that the library itself sets."""
MAX_NAME_CHARACTERS = 200
MAX_LABELS = 16
MAX_VALUE_CHARACTERS = 200
"""Longer values of labels are cut: a stack trace or a whole URL is no label."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def problem_with(name: object) -> str:
    """What is wrong with the name of a metric, "" for nothing."""
    if not isinstance(name, str):
        return "a name must be a text"
    if len(name) > MAX_NAME_CHARACTERS:
        return f"a name may have {MAX_NAME_CHARACTERS} characters"
    if not _NAME.fullmatch(name):
        return "use letters, digits, _ and - in parts between dots, as shop.orders"
    if name.startswith(RESERVED):
        return f"names that begin with {', '.join(RESERVED)} are those of the product"
    return ""


def problem_with_keys(labels: Mapping[str, object]) -> str:
    """What is wrong with the keys of labels, "" for nothing."""
    if len(labels) > MAX_LABELS:
        return f"a series may have {MAX_LABELS} labels"
    for key in labels:
        if not _KEY.fullmatch(key):
            return f"the label {key[:MAX_VALUE_CHARACTERS]!r} must be letters, digits, _, . and -"
        if key in RESERVED_LABELS:
            return f"the label {key} is set by the library"
    return ""


def text_of(value: object) -> str:
    """The value of a label as text. Raises whatever the value's own ``str`` raises, and UnicodeError."""
    text = value if type(value) is str else str(value)
    if len(text) > MAX_VALUE_CHARACTERS:
        text = text[:MAX_VALUE_CHARACTERS]
    if not text.isascii():
        text.encode()
    return text

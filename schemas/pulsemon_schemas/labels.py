"""Labels as one text, the same for the same labels: ``device=sda,direction=read``, sorted by key, "" for none.

A backslash stands before each comma, equals sign and backslash that belongs to a key or a value.
"""

import re
from collections.abc import Mapping

_SPECIAL = re.compile(r"([\\,=])")
_PART = re.compile(r"((?:[^\\,=]|\\[\\,=])+)=((?:[^\\,=]|\\[\\,=])*)(,|\Z)")
_ESCAPED = re.compile(r"\\([\\,=])")


def canonical(labels: Mapping[str, str]) -> str:
    """The one text of these labels. Raises ValueError if a key is empty."""
    if "" in labels:
        raise ValueError("a label needs a key")
    return ",".join(f"{_escape(key)}={_escape(labels[key])}" for key in sorted(labels))


def parse(text: str) -> dict[str, str]:
    """The labels of a text, in its order. Raises ValueError if no labels are written so, or if a key comes twice."""
    labels: dict[str, str] = {}
    position = 0
    separator = ""
    while position < len(text):
        part = _PART.match(text, position)
        if part is None:
            raise ValueError(f"no labels are written as {text!r}")
        key, value = (_ESCAPED.sub(r"\1", raw) for raw in part.group(1, 2))
        if key in labels:
            raise ValueError(f"the label {key!r} comes twice in {text!r}")
        labels[key] = value
        separator = part[3]
        position = part.end()
    if separator:
        raise ValueError(f"{text!r} ends with a comma")
    return labels


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)

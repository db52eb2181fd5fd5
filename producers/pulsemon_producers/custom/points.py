"""What a collector of others yields: nothing else may come near a batch, for one wrong point would take all with it."""

from typing import Any

from pulsemon_producers.collectors.base import Kind, Point

MAX_NAME_CHARACTERS = 200
MAX_LABELS_CHARACTERS = 16_384
"""As much as 32 labels of 256 characters, key and value each: what a page or a program may have."""
HOW = "make points with gauge(), counter() or updown()"
MAX_SHOWN_CHARACTERS = 200


def problem_with(point: Any) -> str:
    """What makes it no point that could be sent, whatever its name means; "" for nothing."""
    if not isinstance(point, Point):
        return f"it yields {_shown(point)}: {HOW}"
    kind, name, labels, value = point
    types = (type(kind), type(name), type(labels))
    if types != (Kind, str, str) or not isinstance(value, float):
        return f"it yields {_shown(point)}, which has parts of other types: {HOW}"
    if len(name) > MAX_NAME_CHARACTERS or not name.isprintable():
        return f"the name {_shown(name)}: use at most {MAX_NAME_CHARACTERS} characters that can be printed"
    if len(labels) > MAX_LABELS_CHARACTERS:
        return f"the labels of {name} have more than {MAX_LABELS_CHARACTERS} characters: make them shorter"
    if not labels.isascii() and labels.encode("utf-8", "replace").decode() != labels:
        return f"the labels of {name} are no text: let label_text() write them"
    return ""


def _shown(thing: object) -> str:
    return repr(thing)[:MAX_SHOWN_CHARACTERS]

"""Reads a JSON object field by field and collects everything that is wrong with it."""

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pulsemon_schemas.errors import PulsemonError


class RuleError(PulsemonError):
    """All that is wrong with one entity of the rule language, found in one pass. Its writer corrects it."""

    def __init__(self, entity: str, problems: Iterable[str]) -> None:
        self.entity = entity
        self.problems = tuple(problems)
        super().__init__(entity, self.problems)

    def __str__(self) -> str:
        return f"{self.entity} cannot be used:\n" + "\n".join(f"  - {problem}" for problem in self.problems)


class Fields:
    """One JSON object. Each question names a field; ``unasked`` reports the fields that nobody asked for.

    What is wrong goes to ``problems``, which nested objects share; the answer then is the default.
    """

    def __init__(self, body: Mapping[str, Any], problems: list[str], path: str = "") -> None:
        self._body = body
        self._problems = problems
        self._path = path
        self._asked: set[str] = set()

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        self._asked.add(name)
        return self._body.get(name) is not None

    def problem(self, name: str, what: str) -> None:
        """Reports what is wrong with a field."""
        self._problems.append(f"{self._path}{name}: {what}")

    def text(self, name: str, default: str | None = "") -> str:
        """A text; without a default it must be there and not be empty."""
        if not self.has(name):
            if default is None:
                self.problem(name, "is missing")
            return default or ""
        value: Any = self._body[name]
        if not isinstance(value, str):
            self.problem(name, f"must be a text, is {value!r}")
            return default or ""
        if default is None and not value:
            self.problem(name, "must not be empty")
        return str(value)

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        """One of a few texts."""
        value = self.text(name, default)
        if value in choices:
            return value
        self.problem(name, f"must be one of {', '.join(choices)}, is {value!r}")
        return default

    def number(self, name: str, default: float | None = 0.0, minimum: float = -math.inf) -> float:
        """A finite number not below the minimum; without a default it must be there."""
        if not self.has(name):
            if default is None:
                self.problem(name, "is missing")
            return default or 0.0
        value = self._body[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.problem(name, f"must be a number, is {value!r}")
        elif not _is_finite(value):
            self.problem(name, "must be a finite number")
        elif value < minimum:
            self.problem(name, f"must be at least {minimum:g}, is {value:g}")
        else:
            return float(value)
        return default or 0.0

    def boolean(self, name: str, default: bool) -> bool:
        """True or false."""
        value = self._body[name] if self.has(name) else default
        if isinstance(value, bool):
            return value
        self.problem(name, f"must be true or false, is {value!r}")
        return default

    def texts(self, name: str) -> dict[str, str]:
        """An object of texts, sorted by key; empty if it is not there."""
        value = self._object(name)
        wrong = [key for key, text in value.items() if not key or not isinstance(text, str)]
        for key in wrong:
            self.problem(f"{name}.{key}", "must be a text under a key that is not empty")
        return {key: value[key] for key in sorted(value) if key not in wrong}

    def text_list(self, name: str) -> list[str]:
        """A list of texts that are not empty; empty if it is not there."""
        value = self.listed(name)
        wrong = [one for one in value if not isinstance(one, str) or not one]
        if wrong:
            self.problem(name, f"must be texts that are not empty, has {wrong[0]!r}")
        return [one for one in value if one not in wrong]

    def is_object(self, name: str) -> bool:
        """Whether the field is an object; whatever it is, it is asked for."""
        return self.has(name) and isinstance(self._body[name], Mapping)

    def names(self) -> list[str]:
        """The names of all fields, sorted."""
        return sorted(self._body)

    def listed(self, name: str) -> list[Any]:
        """A list; empty if it is not there."""
        value = self._body[name] if self.has(name) else []
        if isinstance(value, list):
            return value
        self.problem(name, f"must be a list, is {value!r}")
        return []

    def nested(self, name: str) -> "Fields":
        """An object with fields of its own; an empty one if it is not there."""
        return Fields(self._object(name), self._problems, f"{self._path}{name}.")

    def unasked(self) -> None:
        """Reports every field that nobody asked for, with the name that may be meant."""
        for name in sorted(set(self._body) - self._asked):
            near = difflib.get_close_matches(name, self._asked, n=1)
            self.problem(name, f"is not known{f': did you mean {near[0]}?' if near else ''}")

    def _object(self, name: str) -> Mapping[str, Any]:
        value = self._body[name] if self.has(name) else {}
        if isinstance(value, Mapping):
            return value
        self.problem(name, f"must be an object, is {value!r}")
        return {}


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False

"""Conditions joined by ``and``, ``or``, ``not`` and ``at_least``, in three truth values: some may not be known.

What is not known is neither true nor false: an ``and`` with a part that is false is false whatever the rest is, an
``or`` with a part that is true is true, and all else that rests on an unknown part is unknown (Kleene's strong logic).
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

Verdict = bool | None
"""None: not known."""
MAX_CHARACTERS = 2000
MAX_DEPTH = 32
_TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z_0-9]*|[0-9]+|[(),])")
_WORDS = frozenset({"and", "or", "not", "at_least"})


@dataclass(frozen=True, slots=True)
class Name:
    """One condition."""

    name: str


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    part: "Expression"


@dataclass(frozen=True, slots=True)
class Some:
    """At least so many of the parts: all of them for ``and``, one for ``or``."""

    needed: int
    parts: tuple["Expression", ...]


Expression = Name | Not | Some


class ExpressionError(ValueError):
    """A text that is no expression; it says where."""


@functools.lru_cache(maxsize=4096)
def parse_expression(text: str) -> Expression:
    """``not`` binds closer than ``and``, ``and`` closer than ``or``. Raises ExpressionError."""
    if len(text) > MAX_CHARACTERS:
        raise ExpressionError(f"it has {len(text)} characters, at most {MAX_CHARACTERS} are read")
    reader = _Reader(_tokens(text))
    found = reader.disjunction(0)
    if reader.next():
        raise ExpressionError(f"{reader.next()!r} stands where it should end")
    return found


def is_name(text: str) -> bool:
    """Whether a condition may have this name."""
    return re.fullmatch(r"[A-Za-z_][A-Za-z_0-9]*", text) is not None and text not in _WORDS


def verdict(expression: Expression, plain: Mapping[str, Verdict], opposed: Mapping[str, Verdict]) -> Verdict:
    """The truth of an expression: ``plain`` has that of each condition, ``opposed`` where a ``not`` is before it."""
    match expression:
        case Name(name):
            return plain[name]
        case Not(part):
            found = verdict(part, opposed, plain)
            return None if found is None else not found
        case Some(needed, parts):
            return at_least(needed, [verdict(part, plain, opposed) for part in parts])


def at_least(needed: int, verdicts: list[Verdict]) -> Verdict:
    """Whether at least so many hold; unknown as long as what is not known decides."""
    sure = verdicts.count(True)
    if sure >= needed:
        return True
    return None if sure + verdicts.count(None) >= needed else False


def names_in(expression: Expression) -> tuple[str, ...]:
    """The conditions in the order in which they stand, each once."""
    match expression:
        case Name(name):
            return (name,)
        case Not(part):
            return names_in(part)
        case Some(_, parts):
            return tuple(dict.fromkeys(name for part in parts for name in names_in(part)))


def needed_by(expression: Expression) -> frozenset[str]:
    """Conditions without which the expression cannot hold."""
    match expression:
        case Name(name):
            return frozenset({name})
        case Not():
            return frozenset()
        case Some(needed, parts):
            found = [needed_by(part) for part in parts]
            if needed == len(parts):
                return frozenset().union(*found)
            return functools.reduce(frozenset.intersection, found)


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ExpressionError(f"{text[at:].strip()[0]!r} is neither a name nor one of and, or, not, at_least, ( )")
        found.append(match[1])
        at = match.end()
    return found


class _Reader:
    """Goes through the words; each method reads one rule of the grammar."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    def next(self) -> str:
        """The word at hand, "" at the end."""
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def disjunction(self, depth: int) -> Expression:
        """One or more conjunctions with ``or`` between."""
        if depth > MAX_DEPTH:
            raise ExpressionError(f"it is nested deeper than {MAX_DEPTH} levels")
        parts = [self._conjunction(depth)]
        while self.next() == "or":
            self._at += 1
            parts.append(self._conjunction(depth))
        return parts[0] if len(parts) == 1 else Some(1, tuple(parts))

    def _conjunction(self, depth: int) -> Expression:
        parts = [self._factor(depth)]
        while self.next() == "and":
            self._at += 1
            parts.append(self._factor(depth))
        return parts[0] if len(parts) == 1 else Some(len(parts), tuple(parts))

    def _factor(self, depth: int) -> Expression:
        word = self.next()
        self._at += 1
        if word == "not":
            if depth > MAX_DEPTH:
                raise ExpressionError(f"it is nested deeper than {MAX_DEPTH} levels")
            return Not(self._factor(depth + 1))
        if word == "(":
            found = self.disjunction(depth + 1)
            self._expect(")")
            return found
        if word == "at_least":
            return self._at_least(depth)
        if not is_name(word):
            raise ExpressionError(f"a condition is missing {f'before {word!r}' if word else 'at the end'}")
        return Name(word)

    def _at_least(self, depth: int) -> Expression:
        self._expect("(")
        number = self.next()
        if not number.isdigit():
            raise ExpressionError("at_least begins with a number, as in at_least(2, a, b, c)")
        self._at += 1
        parts: list[Expression] = []
        while self.next() == ",":
            self._at += 1
            parts.append(self.disjunction(depth + 1))
        self._expect(")")
        if not 1 <= int(number) <= len(parts):
            raise ExpressionError(f"at_least needs {number} of {len(parts)} conditions")
        return Some(int(number), tuple(parts))

    def _expect(self, word: str) -> None:
        if self.next() != word:
            found = repr(self.next()) if self.next() else "the end"
            raise ExpressionError(f"{word!r} is missing before {found}")
        self._at += 1

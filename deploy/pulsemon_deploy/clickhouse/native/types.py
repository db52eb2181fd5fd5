"""Names of column types, taken apart: ``Tuple(a UInt8, `b c` Array(String))``."""

from dataclasses import dataclass

from pulsemon_deploy.clickhouse.engine.errors import INCORRECT_DATA, ProtocolError
from pulsemon_deploy.clickhouse.sql.tokens import Kind, Token, tokens

DEEPEST = 32


@dataclass(frozen=True, slots=True)
class Type:
    """A name and its arguments, each a list of tokens."""

    name: str
    arguments: tuple[tuple[Token, ...], ...]
    depth: int

    def number(self, place: int) -> int:
        """The argument as a whole number."""
        (token,) = self.arguments[place]
        if not token.text.isdigit():
            raise _malformed(token.text)
        return int(token.text)

    def inner(self, place: int) -> "Type":
        """The argument as a type."""
        return _type(self.arguments[place], self.depth + 1)

    def element(self, place: int) -> "Type":
        """The argument as an element of a tuple: a type, with or without a name before it."""
        argument = self.arguments[place]
        is_named = len(argument) > 1 and argument[0].is_name and argument[1].kind is Kind.WORD
        return _type(argument[is_named:], self.depth + 1)


def parse_type(type_name: str) -> Type:
    """The parts of a type. ProtocolError 117 if the text is more or less than one."""
    return _type(tuple(tokens(type_name)), 0)


def _type(found: tuple[Token, ...], depth: int) -> Type:
    is_plain = len(found) == 1
    is_call = len(found) > 2 and found[1].is_symbol("(") and found[-1].is_symbol(")")
    if depth > DEEPEST or not found or found[0].kind is not Kind.WORD or not (is_plain or is_call):
        raise _malformed(" ".join(token.text for token in found[:8]))
    return Type(found[0].text, _split(found[2:-1]) if is_call else (), depth)


def _split(inner: tuple[Token, ...]) -> tuple[tuple[Token, ...], ...]:
    """The arguments between commas outside parentheses."""
    parts: list[tuple[Token, ...]] = []
    begin = depth = 0
    for place, token in enumerate(inner):
        depth += token.is_symbol("(") - token.is_symbol(")")
        if depth < 0:
            raise _malformed(token.text)
        if not depth and token.is_symbol(","):
            parts.append(inner[begin:place])
            begin = place + 1
    return (*parts, inner[begin:]) if inner else ()


def _malformed(text: str) -> ProtocolError:
    return ProtocolError(INCORRECT_DATA, f"{text!r} is not the name of a column type; nothing was stored")

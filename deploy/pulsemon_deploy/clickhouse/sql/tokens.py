"""Splits SQL into tokens as the engine's lexer does, so that comments, case and quoting hide nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

_TOKEN = re.compile(
    r"""(?P<blank>\s+ | --[^\n]* | \#[ !][^\n]* | /\*.*?(?:\*/|\Z))
      | (?P<string>'(?:[^'\\]|\\.|'')*(?:'|\Z) | \$(?P<tag>(?a:\w*))\$.*?\$(?P=tag)\$ | \u2018[^\u2019]*\u2019)
      | (?P<quoted>`(?:[^`\\]|\\.|``)*(?:`|\Z) | "(?:[^"\\]|\\.|"")*(?:"|\Z) | \u201c[^\u201d]*\u201d)
      | (?P<word>[A-Za-z_]\w*)
      | (?P<number>\d[\w.]*)
      | (?P<symbol>.)""",
    re.DOTALL | re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class Kind(Enum):
    """What a token is. Blanks and comments are none."""

    STRING = "string"
    QUOTED = "quoted"
    WORD = "word"
    NUMBER = "number"
    SYMBOL = "symbol"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a statement, with the place of its first character and of the one after its last."""

    kind: Kind
    text: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        """True for an unquoted word that is one of ``words`` (upper case) in any case."""
        return self.kind is Kind.WORD and self.text.upper() in words

    def is_symbol(self, symbol: str) -> bool:
        """True for this one character outside quotes."""
        return self.kind is Kind.SYMBOL and self.text == symbol

    @property
    def is_name(self) -> bool:
        """True for what can name a table, a column or a setting."""
        return self.kind in (Kind.WORD, Kind.QUOTED)

    @property
    def name(self) -> str:
        """The name without its quotes."""
        if self.kind is not Kind.QUOTED:
            return self.text
        quote, inner = self.text[0], self.text[1:-1]
        return _ESCAPE.sub(r"\1", inner.replace(quote * 2, quote))


def tokens(sql: str, start: int = 0) -> Iterator[Token]:
    """The tokens from ``start`` on, read only as far as they are asked for."""
    for found in _TOKEN.finditer(sql, start):
        kind = found.lastgroup
        if kind != "blank":
            # a heredoc's tag is a group of its own inside the string
            yield Token(Kind(kind if kind != "tag" else "string"), found[0], found.start(), found.end())

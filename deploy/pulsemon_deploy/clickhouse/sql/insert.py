"""INSERT statements whose data comes separately or after the statement's head."""

from collections.abc import Iterator
from dataclasses import dataclass

from pulsemon_deploy.clickhouse.engine.errors import NOT_IMPLEMENTED, EngineError
from pulsemon_deploy.clickhouse.sql.tokens import Token, tokens


@dataclass(frozen=True, slots=True)
class Insert:
    """``INSERT INTO target (columns) SETTINGS settings FORMAT data_format``, and where data begins in the text.

    ``columns`` is None if the statement names none; ``settings`` is "" or begins with SETTINGS.
    """

    target: str
    columns: tuple[str, ...] | None
    settings: str
    data_format: str
    data_start: int

    @property
    def is_values(self) -> bool:
        """True if the data is itself SQL: expressions, after which another statement could follow."""
        return self.data_format.upper() == "VALUES"

    def from_file(self, path: str, columns: str, data_format: str) -> str:
        """The statement that inserts the content of a file. ``columns`` is "" or a list in parentheses."""
        return f"INSERT INTO {self.target} {columns} FROM INFILE '{path}' {self.settings} FORMAT {data_format}"


def parse_insert(sql: str) -> Insert | None:
    """The parts of an INSERT that carries data; None for any other statement, INSERT SELECT and INFILE among them.

    EngineError 48 for forms that could lose data in silence.
    """
    reader = _Reader(sql)
    if not reader.take_word("INSERT"):
        return None
    reader.take_word("INTO")
    reader.take_word("TABLE")
    is_function = reader.take_word("FUNCTION")
    target = reader.call() if is_function else reader.target()
    columns = reader.columns()
    settings = reader.settings()
    data_format = "Values" if reader.take_word("VALUES") else reader.format_name()
    if target is None or data_format is None:
        return None
    if is_function:
        raise EngineError(NOT_IMPLEMENTED, "INSERT INTO FUNCTION with data is not supported; insert into a table")
    return Insert(target, columns, settings, data_format, reader.data_start(is_values=data_format == "Values"))


class _Reader:
    """Takes tokens from the front, one ahead."""

    def __init__(self, sql: str) -> None:
        self._sql = sql
        self._tokens: Iterator[Token] = tokens(sql)
        self._next = next(self._tokens, None)
        self._end = 0

    def _advance(self) -> Token:
        token = self._next
        assert token is not None
        self._next, self._end = next(self._tokens, None), token.end
        return token

    def take_word(self, *words: str) -> bool:
        if self._next is not None and self._next.is_word(*words):
            self._advance()
            return True
        return False

    def _take_symbol(self, symbol: str) -> bool:
        if self._next is not None and self._next.is_symbol(symbol):
            self._advance()
            return True
        return False

    def _is_at_name(self) -> bool:
        return self._next is not None and self._next.is_name

    def _is_at_end_of_settings(self) -> bool:
        return self._next is None or self._next.is_word("VALUES", "FORMAT", "SELECT", "WITH", "FROM")

    def target(self) -> str | None:
        """``table`` or ``database.table`` as written."""
        if not self._is_at_name():
            return None
        start = self._advance().start
        if self._take_symbol("."):
            return self._sql[start : self._advance().end] if self._is_at_name() else None
        return self._sql[start : self._end]

    def call(self) -> str | None:
        """``name(…)`` as written."""
        if not self._is_at_name():
            return None
        start = self._advance().start
        self._in_parentheses()
        return self._sql[start : self._end]

    def columns(self) -> tuple[str, ...] | None:
        """The plain names of a column list."""
        inner = self._in_parentheses()
        if inner is None:
            return None
        for token in inner:
            if not (token.is_name or token.is_symbol(",") or token.is_symbol(".")):
                raise EngineError(
                    NOT_IMPLEMENTED, "only plain names are supported in the column list of an INSERT with data"
                )
        return tuple(_names(inner))

    def _in_parentheses(self) -> list[Token] | None:
        if not self._take_symbol("("):
            return None
        inner, depth = [], 1
        while self._next is not None:
            token = self._advance()
            depth += token.is_symbol("(") - token.is_symbol(")")
            if not depth:
                break
            inner.append(token)
        return inner

    def settings(self) -> str:
        """``SETTINGS a = 1, b = 'x'`` as written, or ""."""
        start = None if self._next is None else self._next.start
        if not self.take_word("SETTINGS"):
            return ""
        while not self._is_at_end_of_settings():
            self._advance()
        return self._sql[start : self._end]

    def format_name(self) -> str | None:
        """The name after FORMAT; the token after it is not looked at, it may be data."""
        if self._next is None or not self._next.is_word("FORMAT"):
            return None
        for name in tokens(self._sql, self._next.end):
            self._end = name.end
            return name.text if name.is_name else None
        return None

    def data_start(self, *, is_values: bool) -> int:
        """Where data begins: after VALUES; after the line's end, a blank or ``;`` behind the name of a format."""
        if is_values:
            return self._end
        rest = self._sql[self._end : self._end + 2]
        if rest.startswith("\r\n"):
            return self._end + 2
        return self._end + (1 if rest[:1] in ("\n", " ", "\t", ";") else 0)


def _names(inner: list[Token]) -> Iterator[str]:
    """Names between commas; ``a.b`` is one name, a part of a nested column."""
    parts: list[str] = []
    for token in inner:
        if token.is_symbol(","):
            yield "".join(parts)
            parts = []
        else:
            parts.append("." if token.is_symbol(".") else token.name)
    if parts:
        yield "".join(parts)

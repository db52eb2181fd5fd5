"""Which output format a query asks for in its text."""

from dataclasses import dataclass

from pulsemon_deploy.clickhouse.sql.tokens import Token, tokens


@dataclass(frozen=True, slots=True)
class Query:
    """A statement without its FORMAT clause and closing semicolon; ``output_format`` is None if it named none."""

    sql: str
    output_format: str | None


def split_format(sql: str) -> Query:
    """Takes a trailing ``FORMAT name`` out; SETTINGS behind it stay."""
    found = list(tokens(sql))
    while found and found[-1].is_symbol(";"):
        found.pop()
    end = found[-1].end if found else 0
    place = _format_place(found)
    if place is None:
        return Query(sql[:end], None)
    word, name = found[place], found[place + 1]
    return Query(sql[: word.start] + sql[name.end : end], name.text)


def _format_place(found: list[Token]) -> int | None:
    """The place of the word FORMAT of a clause at the end of the statement."""
    depth = 0
    for place in range(len(found) - 1, 0, -1):
        token = found[place]
        depth += token.is_symbol(")") - token.is_symbol("(")
        if depth or not found[place - 1].is_word("FORMAT") or not token.is_name:
            continue
        is_last = place + 1 == len(found) or found[place + 1].is_word("SETTINGS")
        return place - 1 if is_last and place > 1 else None
    return None

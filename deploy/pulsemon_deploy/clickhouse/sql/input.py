"""``INSERT … SELECT … FROM input('structure') FORMAT name``: the body as a table."""

from pulsemon_deploy.clickhouse.sql.output import split_format
from pulsemon_deploy.clickhouse.sql.tokens import Kind, tokens


def read_body_as_table(sql: str, path: str) -> str | None:
    """The statement with ``input`` replaced by the file of the body; None if it has none.

    The engine's own ``input`` reads nothing here and stores nothing, without an error.
    """
    query = split_format(sql)
    if query.output_format is None:
        return None
    found = list(tokens(query.sql))
    for name, opening, structure, closing in zip(found, found[1:], found[2:], found[3:], strict=False):
        is_call = name.is_word("INPUT") and opening.is_symbol("(") and closing.is_symbol(")")
        if is_call and structure.kind is Kind.STRING:
            file = f"file('{path}', {query.output_format}, {structure.text})"
            return query.sql[: name.start] + file + query.sql[closing.end :]
    return None

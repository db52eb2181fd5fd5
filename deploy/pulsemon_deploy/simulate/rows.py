"""Rows on their way into one table."""

from dataclasses import dataclass

from pulsemon_deploy.simulate.native_block import Column

TIME_TYPE = "DateTime64(3, 'UTC')"


@dataclass(frozen=True, slots=True)
class Rows:
    """Columns of one table with their number of rows."""

    columns: list[Column]
    count: int

"""What a row of a file is: raw samples, or rows of a tier."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pulsemon_schemas.errors import PermanentError

Kind = Literal["text", "time", "number", "count"]
"""Times are UTC epoch milliseconds in memory; files hold them in their own way."""
Values = Sequence[Sequence[Any]]
"""Columns side by side, in the order of a shape."""


class FileError(PermanentError):
    """A file cannot be written or read. The message says what was kept, and what to do."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a file."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Shape:
    """The rows of one tier: the table they come from, how long a row is (0: one sample), its fields."""

    table: str
    row_seconds: int
    fields: tuple[Field, ...]

    @property
    def time(self) -> str:
        """The column that says when."""
        return next(one.name for one in self.fields if one.kind == "time")


_SERIES = (Field("server_id", "text"), Field("name", "text"), Field("labels", "text"))
_ROLLED = (
    *_SERIES,
    Field("starts_at", "time"),
    *(Field(name, "number") for name in ("min_value", "max_value", "avg_value", "last_value")),
    Field("samples", "count"),
)
_PERCENTILES = tuple(Field(name, "number") for name in ("p50", "p95", "p99"))

RAW = Shape("samples", 0, (*_SERIES, Field("recorded_at", "time"), Field("value", "number")))
SHAPES = {
    "raw": RAW,
    "1m": Shape("samples_1m", 60, _ROLLED),
    "1h": Shape("samples_1h", 3600, (*_ROLLED, *_PERCENTILES)),
    "1d": Shape("samples_1d", 86_400, (*_ROLLED, *_PERCENTILES)),
}

"""What ClickHouse can answer, sorted by who has to act: nobody but time, the data, or the schema."""

from pulsemon_schemas.errors import PulsemonError, TransientError

# The bytes cause these: parsing, wrong lengths, violated constraints, broken Avro, text that is not UTF-8.
# Everything else is the store's own trouble, and the same bytes are sent again.
DATA_ERRORS = frozenset({6, 27, 33, 36, 53, 70, 72, 117, 128, 131, 190, 191, 349, 469, 1001, 1002})

# The engine's own: it keeps some space free; or the system's, from writing to a file.
DISK_FULL = 243
NO_SPACE_LEFT = "No space left on device"

# Unknown table, unknown database: the store was emptied or never set up.
MISSING_SCHEMA_ERRORS = frozenset({60, 81})


class StoreUnreachableError(TransientError):
    """ClickHouse did not answer; whether it did what was asked is unknown."""


class StoreRefusedError(PulsemonError):
    """ClickHouse answered with an error. ``code`` is its number, ``text`` its message without a stack trace."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text

    def __str__(self) -> str:
        if self.is_disk_full:
            return f"The disk of ClickHouse is full (code {self.code}): {self.text}"
        return f"ClickHouse refused with code {self.code}: {self.text}"

    @property
    def is_disk_full(self) -> bool:
        """True if only free space helps."""
        return self.code == DISK_FULL or NO_SPACE_LEFT in self.text

    @property
    def is_caused_by_data(self) -> bool:
        """True if sending the same bytes again cannot help."""
        return self.code in DATA_ERRORS

    @property
    def is_missing_schema(self) -> bool:
        """True if the database or a table is not there."""
        return self.code in MISSING_SCHEMA_ERRORS

"""What stops an engine. None of these changed its state."""

from pulsemon_schemas.errors import PermanentError, TransientError


class ControlBehindError(TransientError):
    """A Tick names control records that were not read yet: read on, then apply the same record again.

    If the control log ends before ``wanted_offset``, it is not the log that this partition was processed with: stop.
    """

    def __init__(self, wanted_offset: int, read_offset: int) -> None:
        self.wanted_offset = wanted_offset
        self.read_offset = read_offset
        super().__init__(
            f"the control log is needed up to offset {wanted_offset} and was read up to {read_offset}; "
            f"nothing was applied: read on, and if it ends before that, bring the right control log back",
            retry_after_seconds=0.1,
        )
        self.args = (wanted_offset, read_offset)


class OffsetGapError(PermanentError):
    """A record is not the next one. Restore from the committed state; if the log begins later, use ``skip_to``."""

    def __init__(self, expected_offset: int, offset: int) -> None:
        self.expected_offset = expected_offset
        self.offset = offset
        super().__init__(expected_offset, offset)

    def __str__(self) -> str:
        return (
            f"offset {self.offset} came where {self.expected_offset} is next; nothing was applied: restore the "
            f"partition from its committed state and read on from there"
        )


class StateError(PermanentError):
    """A snapshot is of another topic, or of a format that this version does not read."""

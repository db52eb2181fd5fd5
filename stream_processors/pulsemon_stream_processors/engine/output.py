"""What the engine wants written."""

from typing import NamedTuple


class Output(NamedTuple):
    """One record to write. ``partition`` None: where its key belongs. ``value`` None: a tombstone.

    Only a dead letter may have no key: one whose record had none.

    ``server_id`` is the server whose snapshot must go into the same transaction, "" if none caused the record.
    ``offset`` is the input record that caused it: outputs up to the offset that was last committed are not repeated.
    """

    topic: str
    partition: int | None
    key: bytes | None
    value: bytes | None
    server_id: str
    offset: int
    headers: tuple[tuple[str, str], ...] = ()

"""What the worker needs to know of the group that it is a member of."""

from typing import NamedTuple, Protocol

from pulsemon_schemas.records import LogRecord


class Incoming(NamedTuple):
    """A record, and the generation of the group in which it was fetched."""

    generation: int
    record: LogRecord


class Group(Protocol):
    """Membership in a consumer group."""

    @property
    def generation(self) -> int:
        """The generation that we are in; 0 before the first. It changes whenever partitions are handed out anew."""

    async def commit(self, partition: int, next_offset: int) -> bool:
        """Commits for the group; False if the partition is not ours any more."""

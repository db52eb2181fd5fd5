"""What the agent and the library need of a transport."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import MetricBatch


class Publisher(Protocol):
    """Brings batches to the log, one at a time, in the order in which they are given. Called from one thread."""

    @property
    def clock_skew_seconds(self) -> float | None:
        """How far this host's clock was ahead of the other side's when that last told; None if it never did."""
        ...

    def publish(self, batch: MetricBatch) -> bool:
        """Returns True once the log has the batch, durably.

        False: it is not known to be there (the other side is away, refuses us, or was too slow). Nothing is raised and
        nothing is counted for that: the caller keeps the batch and gives the same one again, with the same sequence,
        before any other; it may then be in the log twice, which readers see by its sequence. What was tried, and how
        the state changed, is logged here, once for each change.

        Raises ContractError(reason) for a batch that will never be taken; the caller counts its samples as dropped for
        that reason and sends the same sequence without them. Blocks for as long as one attempt takes, no longer than
        about a minute; after ``interrupt`` it returns at once.
        """
        ...

    def interrupt(self) -> None:
        """Lets a ``publish`` that waits return False soon. May be called from any thread, also before or twice."""
        ...

    def close(self) -> None:
        """Lets go of connections; called last, from any thread. What is not acknowledged by then is given up."""
        ...


@runtime_checkable
class GroupPublisher(Publisher, Protocol):
    """A publisher that brings several batches to the log at once, for whoever has many that wait."""

    def publish_many(self, batches: Sequence[MetricBatch]) -> list[bool | ContractError]:
        """What became of the first of them, one at least, each as of ``publish``: what that raises stands here instead.

        Whatever is left was not tried. After a False there is nothing more. Of batches in one answer all but the
        refused ones are in the log, so the same place without samples comes after its successors.
        """
        ...

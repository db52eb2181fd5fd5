"""What the client needs of the way to the log."""

from typing import Protocol

from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import Event, MetricBatch


class Transport(Protocol):
    """Brings records to the log, one at a time. Called by one thread of the client."""

    def offer(self, record: MetricBatch | Event) -> None:
        """Begins to send, and does not wait. Raises ContractError(reason) for what will never be taken."""
        ...

    def outcome(self, wait_seconds: float) -> bool | None:
        """What became of the record: True once the log has it, durably; None if that is not known yet.

        False: the other side is away, refuses us, or was too slow. The same record is offered again, with the same
        sequence, and may then be in the log twice, which readers see. Raises ContractError as ``offer``.
        Waits at most about ``wait_seconds``.
        """
        ...

    def close(self) -> None:
        """Lets go of connections; what is not acknowledged by then is given up. Called once, at the end."""
        ...


class Memory:
    """Keeps what it gets, for tests. Example::

    memory = Memory()
    client = Client("shop", transport=memory)
    client.count("shop.orders")
    client.flush()
    assert memory.batches[0].values
    """

    def __init__(self) -> None:
        self.batches: list[MetricBatch] = []
        self.events: list[Event] = []

    def offer(self, record: MetricBatch | Event) -> None:
        """As ``Transport.offer``."""
        if isinstance(record, Event):
            self.events.append(record)
        else:
            self.batches.append(record)

    def outcome(self, wait_seconds: float) -> bool | None:  # noqa: ARG002 - it is there at once
        """As ``Transport.outcome``."""
        return True

    def close(self) -> None:
        """As ``Transport.close``."""


class Nowhere(Memory):
    """Takes everything and keeps nothing: a client that is switched off."""

    def offer(self, record: MetricBatch | Event) -> None:
        """As ``Transport.offer``."""


class NoWay(Nowhere):
    """There is no way to the log, for a mistake in the settings: everything is refused, and so counted."""

    def offer(self, record: MetricBatch | Event) -> None:  # noqa: ARG002 - whatever it is
        """As ``Transport.offer``."""
        raise ContractError("undelivered", "the settings lead to no log")

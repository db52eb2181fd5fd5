"""Records to a gateway over HTTP, which waits for answers in a thread of its own."""

from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import Event, MetricBatch

from pulsemon_producers.client.natives import Bell, start_thread
from pulsemon_producers.publisher import Publisher


class PublisherTransport:
    """The ``Transport`` that a ``Publisher`` can be: its ``publish`` may wait for long, the client goes on reading."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._work = Bell()
        self._done = Bell()
        self._batch: MetricBatch | None = None
        self._result: bool | ContractError | None = None
        self._is_closed = False
        start_thread(self._run)

    def offer(self, record: MetricBatch | Event) -> None:
        """As ``Transport.offer``. Events are refused: the key of a server lets it send batches and nothing else."""
        if isinstance(record, Event):
            raise ContractError(
                "malformed",
                "client.event needs the transport kafka: a key lets a service send metrics to a gateway only",
            )
        self._result = None
        self._batch = record
        self._work.ring()

    def outcome(self, wait_seconds: float) -> bool | None:
        """As ``Transport.outcome``."""
        if self._result is None:
            self._done.wait(wait_seconds)
        result = self._result
        if isinstance(result, ContractError):
            raise result
        return result

    def close(self) -> None:
        """As ``Transport.close``."""
        self._is_closed = True
        self._publisher.interrupt()
        self._work.ring()

    def _run(self) -> None:
        while not self._is_closed:
            self._work.wait(float("inf"))
            batch, self._batch = self._batch, None
            if batch is None:
                continue
            try:
                self._result = self._publisher.publish(batch)
            except ContractError as refusal:
                self._result = refusal
            except Exception:  # noqa: BLE001 - it is offered again, as after any failure
                self._result = False
            self._done.ring()
        self._publisher.close()

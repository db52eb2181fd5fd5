"""What is behind a client: its series, what was dropped, and the thread that sends."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from time import time
from typing import TYPE_CHECKING, Any, NamedTuple

from pulsemon_producers.client import names
from pulsemon_producers.client.drops import Drops
from pulsemon_producers.client.endings import ENDINGS
from pulsemon_producers.client.forks import WATCH, keep_for_ever
from pulsemon_producers.client.instrument import shown
from pulsemon_producers.client.labelling import Labelling
from pulsemon_producers.client.natives import new_lock, start_thread, this_thread, wait_for_end
from pulsemon_producers.client.reading import Labels, Reading, Sample, Told
from pulsemon_producers.client.registry import Registry
from pulsemon_producers.client.settings import ClientSettings, labels_of
from pulsemon_producers.client.tickets import Desk, Ticket

if TYPE_CHECKING:
    from pulsemon_schemas.records import MetricBatch

    from pulsemon_producers.client.transport import Transport
    from pulsemon_producers.client.transports import OpenTransport
    from pulsemon_producers.client.worker import Worker

MAX_WAITING_EVENTS = 1000
MAX_EVENT_CHARACTERS = 1000
FORK_WAIT_SECONDS = 5.0
"""Loading the transport's libraries takes a tenth of a second; a fork in its midst would leave them half loaded."""
HALF_LOADED = (
    f"this process was forked while libraries had been loading for more than {FORK_WAIT_SECONDS:g} s (fork before the "
    "first value, or later)"
)
END_SECONDS = 0.1
SNAPSHOT_PRODUCER = "snapshot"
MS_PER_SECOND = 1000


class Measured(NamedTuple):
    """One value that a source gives: name, value in the metric's unit, labels. Example::

    Measured("process.thread.count", 12)
    Measured("process.cpu.time", 3.5, {"cpu.mode": "user"})
    """

    name: str
    value: float
    labels: Mapping[str, str] = {}


Source = Callable[[], Iterable[Measured]]
"""Asked at each flush, in the background, for values of metrics that stand in the catalogue."""


class Core:
    """The series of one client in one process. Thread-safe; what instruments call never blocks and never raises."""

    def __init__(self, settings: ClientSettings, open_transport: "OpenTransport", handles_sigterm: bool) -> None:
        self.settings = settings
        self.drops = Drops()
        self.desk = Desk()
        self.is_running = False
        self.is_closed = False
        self.sources: list[Source] = []
        self._open_transport = open_transport
        self._handles_sigterm = handles_sigterm
        self._starting = new_lock()
        self._loading = new_lock()
        self._is_held = False
        self._is_half_loaded = False
        self._is_dead = False
        self._events: deque[Told] = deque()
        self._worker: Worker | None = None
        self._thread = 0
        self.registry = Registry(self, settings.bounds)
        WATCH.add(self)
        if handles_sigterm:
            ENDINGS.flush_at_sigterm()

    def wake(self) -> bool:
        """As ``Host.wake``. If no thread is to be had, the next value tries again."""
        if self.is_running or self.is_closed:
            return not self.is_closed
        if not self._starting.acquire(blocking=False):
            return True
        try:
            self._start()
        except Exception as error:  # noqa: BLE001 - the process may be at its limits, or at its end: the host goes on
            self.drop("invalid", 0, f"the metrics of {self.settings.service} cannot be sent yet: {error}")
        finally:
            self._starting.release()
        return True

    def _hand_in(self, ticket: Ticket, is_sent: bool) -> Ticket:
        if is_sent:
            self.desk.hand_in(ticket)
        else:
            ticket.has_arrived = not self._is_dead
            ticket.end()
        return ticket

    def _start(self) -> None:
        if self.is_running or self.is_closed:
            return  # another thread was faster
        start_thread(self._work)
        self.is_running = True
        ENDINGS.flush_at_exit()
        if self._handles_sigterm:
            ENDINGS.flush_at_sigterm()

    def drop(self, reason: str, count: int, what: str) -> None:
        """As ``Host.drop``."""
        self.drops.count(reason, count, what)

    def event(self, kind: Any, text: Any, labels: Mapping[str, object]) -> None:
        """Keeps an event until the next flush. Never blocks, never raises."""
        try:
            if problem := names.problem_with(kind) or names.problem_with_keys(labels):
                self.drop("invalid", 1, f"an event: {problem}")
                return
            told = Told(kind, str(text)[:MAX_EVENT_CHARACTERS], labels_of(labels), round(time() * MS_PER_SECOND))
        except Exception as error:  # noqa: BLE001 - whatever the arguments do, the host goes on
            self.drop("invalid", 1, f"an event has no text ({type(error).__name__})")
            return
        if not self.wake():
            self.drop("closed", 1, "an event came after the client was closed")
        elif len(self._events) >= MAX_WAITING_EVENTS:
            self.drop("queue_full", 1, f"there were {MAX_WAITING_EVENTS} events since the last flush")
        else:
            self._events.append(told)
            self.desk.bell.ring()

    def take_events(self) -> list[Told]:
        """Those since the last call. For the thread that sends."""
        return [self._events.popleft() for _ in range(len(self._events))]

    def common_labels(self, instance: str) -> Labels:
        """What all series of this process have in common."""
        return (*self.settings.labels, ("instance", instance), ("service", self.settings.service))

    def samples(self, labelling: Labelling) -> list[Sample]:
        """What all instruments and sources say now, sorted, each name and labels once."""
        found: list[Sample] = []
        for instrument in self.registry.instruments():
            try:
                readings = instrument.read()
            except Exception as error:  # noqa: BLE001 - one instrument must not keep the others from being sent
                self.drop("invalid", 1, f"{instrument.name} cannot be read: {type(error).__name__}: {error}")
                continue
            found += [labelling.sample(instrument.name, instrument.labels, reading) for reading in readings]
        for source in list(self.sources):
            found += self._from_source(source, labelling)
        return self._unique(found)

    def snapshot(self, recorded_at_ms: int) -> "MetricBatch":
        """A batch of what there is, as if it were the first of its producer."""
        from pulsemon_schemas.records import MetricBatch

        samples = self.samples(Labelling(self.common_labels(self.settings.instance or "0")))
        return MetricBatch(
            server_id=self.settings.server_id,
            source="service",
            producer_id=SNAPSHOT_PRODUCER,
            sequence=0,
            previous_producer_id="",
            previous_sequence=-1,
            recorded_at_ms=recorded_at_ms,
            sent_at_ms=recorded_at_ms,
            names=tuple(sample.name for sample in samples),
            labels=tuple(sample.labels for sample in samples),
            values=tuple(sample.value for sample in samples),
            dropped=self.drops.take_unreported(),
        )

    def begin_flush(self, timeout_seconds: float) -> Ticket:
        """Has everything sent. The ticket is ended at once if there never was anything, or nothing can be sent."""
        return self._hand_in(Ticket(timeout_seconds, is_last=False), self.is_running and not self._is_dead)

    def begin_close(self, timeout_seconds: float) -> Ticket:
        """As ``begin_flush``, for the last time: values from here on are dropped."""
        was_running = self.is_running and not self.is_closed and not self._is_dead
        self.is_closed = True
        for instrument in self.registry.instruments():
            instrument.sleep()
        return self._hand_in(Ticket(timeout_seconds, is_last=True), was_running)

    def end_close(self, ticket: Ticket) -> bool:
        """Waits for the end of the thread; True if everything has arrived."""
        has_arrived = ticket.wait()
        if self.is_running:
            wait_for_end(self._thread, END_SECONDS)
            self.is_running = False
        return has_arrived

    def hold_still(self) -> None:
        """Before a fork: nothing is half loaded."""
        self._is_held = self._loading.acquire(timeout=FORK_WAIT_SECONDS)
        self._is_half_loaded = not self._is_held

    def go_on(self) -> None:
        """After a fork, in the parent."""
        if self._is_held:
            self._is_held = False
            self._loading.release()

    def begin_anew(self) -> None:
        """After a fork, in the child: all values, batches and the slot are the parent's."""
        worker, self._worker = self._worker, None
        if worker is not None:
            keep_for_ever(worker)
            worker.slot.release()
        self._starting, self._loading = new_lock(), new_lock()
        self.desk = Desk()
        self._events = deque()
        self.is_running = self._is_dead = False
        self.drops.begin_anew()
        self.registry.begin_anew()
        self._is_held = False
        if self._is_half_loaded and not self.is_closed:
            self.is_closed = True
            self.drop("closed", 0, f"{HALF_LOADED}: the metrics of {self.settings.service} are not sent from here")

    def _work(self) -> None:
        """The thread that sends."""
        self._thread = this_thread()
        try:
            with self._loading:
                worker = self._worker = self._loaded()
        except Exception as error:  # noqa: BLE001 - a thread's end would go unseen
            self._tell_unsent(f"what sends them cannot be loaded, install it anew ({shown(error)})")
            self._is_dead = True
            for ticket in self.desk.take_new():
                ticket.end()
            return
        worker.run()

    def _loaded(self) -> "Worker":
        from pulsemon_producers.client.scope import own_scope
        from pulsemon_producers.client.slot import take_slot
        from pulsemon_producers.client.worker import Worker

        settings = self.settings
        of = (settings.server_id, settings.service, settings.instance)
        return Worker(self, take_slot(settings.runtime_folder, *of, own_scope(settings.server_id)), self._opened())

    def _opened(self) -> "Transport":
        """The way to the log, or none: the thread lives all the same, for those who flush and close."""
        try:
            return self._open_transport()
        except Exception as error:  # noqa: BLE001 - it may be a function of the host
            from pulsemon_producers.client.transport import NoWay

            self._tell_unsent(_cause(error))
            return NoWay()

    def _tell_unsent(self, why: str) -> None:
        import logging

        logging.getLogger(__name__).error(
            "The metrics of service %s are not sent: %s. The service itself goes on; mend that and start it again.",
            self.settings.service,
            why,
        )

    def _from_source(self, source: Source, labelling: Labelling) -> list[Sample]:
        try:
            return [
                labelling.sample(one.name, labels_of(one.labels), Reading("", (), float(one.value))) for one in source()
            ]
        except Exception as error:  # noqa: BLE001 - one source must not keep the others from being sent
            self.drop("invalid", 1, f"a source cannot be read: {type(error).__name__}: {error}")
            return []

    def _unique(self, found: list[Sample]) -> list[Sample]:
        """In the order of the wire, without those whose name and labels came before."""
        unique: dict[tuple[str, str], Sample] = {}
        for sample in sorted(found):
            unique.setdefault(sample[:2], sample)
        if twice := len(found) - len(unique):
            self.drop("invalid", twice, "two instruments or sources give the same series")
        return list(unique.values())


def _cause(error: Exception) -> str:
    from pulsemon_schemas.errors import SettingsError

    if isinstance(error, SettingsError):
        return "; ".join(error.problems)
    return str(error) if type(error) is ValueError else shown(error)

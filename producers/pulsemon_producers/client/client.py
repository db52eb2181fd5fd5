"""``Client``: what a service uses to send its own metrics."""

import os
from collections.abc import Callable, Iterable, Mapping
from time import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, SupportsFloat, TypeVar

from pulsemon_producers.client.belonging import Belonging
from pulsemon_producers.client.core import Core, Source
from pulsemon_producers.client.counter import Counter, UpDown
from pulsemon_producers.client.exceptions import Exceptions
from pulsemon_producers.client.gauge import Gauge
from pulsemon_producers.client.histogram import Histogram
from pulsemon_producers.client.instrument import Instrument
from pulsemon_producers.client.settings import TRANSPORTS, ClientSettings, labels_of, resolve
from pulsemon_producers.client.state import State
from pulsemon_producers.client.timer import Timer

if TYPE_CHECKING:
    from pulsemon_schemas.records import MetricBatch
    from pulsemon_schemas.runtime.kafka import KafkaSettings

    from pulsemon_producers.client.transport import Transport
    from pulsemon_producers.client.transports import OpenTransport

Kind = TypeVar("Kind", bound=Instrument)
Bound = dict[tuple[Any, ...], Kind]

PRODUCT_PREFIX = "PULSEMON_"
FLUSH_SECONDS = 5.0
MAX_WAYS_TO_WRITE = 4
"""Labels of one series may be written in several orders; each is remembered, this many a series on average."""


class Client(Belonging):
    """Collects a service's metrics in memory and sends them in the background, every ``flush_interval_seconds``.

    No call of an instrument blocks or raises, whatever the broker does and whatever the arguments are. Every argument
    that is None comes from the variable ``PULSEMON_CLIENT_`` and its name in capitals, read here and now, or else from
    the default in ``docs/library.md``. Nothing runs before the first value. Raises ValueError if an argument is wrong;
    what is wrong in the environment is logged, and the default is taken. Example::

        from pulsemon import Client

        client = Client("shop")
        client.count("shop.orders", channel="web")
    """

    def __init__(
        self,
        service: str | None = None,
        *,
        instance: str | None = None,
        server_id: str | None = None,
        transport: "str | Transport | Callable[[], Transport] | None" = None,
        kafka: "KafkaSettings | None" = None,
        url: str | None = None,
        key: str | None = None,
        key_file: "str | os.PathLike[str] | None" = None,
        ca_file: "str | os.PathLike[str] | None" = None,
        flush_interval_seconds: float | None = None,
        exit_seconds: float | None = None,
        max_series: int | None = None,
        max_label_values: int | None = None,
        max_buffered_batches: int | None = None,
        max_buffered_bytes: int | None = None,
        runtime_folder: "str | os.PathLike[str] | None" = None,
        labels: Mapping[str, object] | None = None,
        handles_sigterm: bool = True,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        arguments = {
            "service": service,
            "instance": instance,
            "server_id": server_id,
            "transport": transport if isinstance(transport, str) else None,
            "url": url,
            "key": key,
            "key_file": _text_of(key_file),
            "ca_file": _text_of(ca_file),
            "flush_interval_seconds": flush_interval_seconds,
            "exit_seconds": exit_seconds,
            "max_series": max_series,
            "max_label_values": max_label_values,
            "max_buffered_batches": max_buffered_batches,
            "max_buffered_bytes": max_buffered_bytes,
            "runtime_folder": _text_of(runtime_folder),
            "labels": None if labels is None else _pairs(labels),
        }
        given = {name: value for name, value in arguments.items() if value is not None}
        variables = os.environ if environ is None else environ
        settings, problems = resolve(given, variables)
        _check(transport, kafka)
        environment = {name: text for name, text in variables.items() if name.startswith(PRODUCT_PREFIX)}
        self._core = self._core_for(settings, _opening(transport, settings, kafka, environment), handles_sigterm)
        for problem in problems:
            self._core.drop("invalid", 0, f"the environment of {settings.service}: {problem}; the default is used")
        self._registry = self._core.registry
        self._counters: Bound[Counter] = {}
        self._gauges: Bound[Gauge] = {}
        self._histograms: Bound[Histogram] = {}

    def _core_for(self, settings: ClientSettings, open_transport: "OpenTransport", handles_sigterm: bool) -> Core:
        """What is behind this client. A client for tests has another here, and is the same in all else."""
        return Core(settings, open_transport, handles_sigterm)

    def counter(self, name: str, /, **labels: object) -> Counter:
        """The counter of this name and these labels: the same one each time, worth keeping where it is used often.

        Example::

            orders = client.counter("shop.orders", channel="web")
            orders.add()
        """
        return self._registry.find(Counter, name, labels)

    def up_down(self, name: str, /, **labels: object) -> UpDown:
        """The sum that goes up and down of this name and these labels. Example::

        with client.up_down("shop.requests.active"):
            answer()
        """
        return self._registry.find(UpDown, name, labels)

    def gauge(self, name: str, /, **labels: object) -> Gauge:
        """The gauge of this name and these labels. Example::

        client.gauge("shop.queue.depth", queue="mail").set(12)
        """
        return self._registry.find(Gauge, name, labels)

    def histogram(self, name: str, /, **labels: object) -> Histogram:
        """The distribution of this name and these labels. Example::

        client.histogram("shop.basket.items").observe(7)
        """
        return self._registry.find(Histogram, name, labels)

    def timer(self, name: str, /, **labels: object) -> Timer:
        """The distribution of seconds of this name and these labels; also a context manager and a decorator. Example::

        with client.timer("shop.checkout", step="payment"):
            pay()
        """
        return self._unnamed(name, "timer") if callable(name) else self._registry.find(Timer, name, labels)

    def state(self, name: str, /, states: Iterable[str] = (), **labels: object) -> State:
        """The state of this name and these labels. ``states`` are those that there are, if they are known. Example::

        client.state("shop.breaker", states=("closed", "open")).set("open")
        """
        return self._registry.find(State, name, labels).declare(states)

    def exceptions(self, name: str, /, **labels: object) -> Exceptions:
        """Counts the exceptions that leave a block or a function, by class, and when the last one did. Example::

        with client.exceptions("shop.import.errors"):
            load()
        """
        return self._unnamed(name, "exceptions") if callable(name) else Exceptions(self, self._core, name, labels)

    def count(self, name: str, amount: SupportsFloat = 1, /, **labels: object) -> None:
        """Adds to a counter: ``client.counter(name, **labels).add(amount)``, in less time.

        Example::

            client.count("shop.bytes.sent", 512, route="/cart")
        """
        try:
            counter = self._counters[(name, *labels.items())]
        except Exception:  # noqa: BLE001 - whatever the arguments are
            counter = self._bind(Counter, self._counters, name, labels)
        counter.add(amount)

    def set(self, name: str, value: SupportsFloat, /, **labels: object) -> None:
        """Sets a gauge: ``client.gauge(name, **labels).set(value)``, in less time. Example::

        client.set("shop.queue.depth", 12, queue="mail")
        """
        try:
            gauge = self._gauges[(name, *labels.items())]
        except Exception:  # noqa: BLE001 - whatever the arguments are
            gauge = self._bind(Gauge, self._gauges, name, labels)
        gauge.set(value)

    def observe(self, name: str, value: SupportsFloat, /, **labels: object) -> None:
        """Counts a value of a histogram: ``client.histogram(name, **labels).observe(value)``, in less time. Example::

        client.observe("shop.basket.items", 7)
        """
        try:
            histogram = self._histograms[(name, *labels.items())]
        except Exception:  # noqa: BLE001 - whatever the arguments are
            histogram = self._bind(Histogram, self._histograms, name, labels)
        histogram.observe(value)

    def event(self, kind: str, text: str = "", /, **labels: object) -> None:
        """Something that happened now, to be drawn on charts: a deployment, a restart, a note. Never blocks or raises.

        Example::

            client.event("deploy", "Version 4.2", version="4.2")
        """
        self._core.event(kind, text, labels)

    def add_source(self, source: Source) -> None:
        """Asks ``source`` at each flush, in the background, for values of metrics of the catalogue, as ``process.*``.

        It must be quick and thread-safe; if it raises, its values of this tick are counted as ``invalid``. Example::

            client.add_source(lambda: [Measured("process.memory.usage", resident_bytes())])
        """
        self._core.sources.append(source)

    def snapshot(self, recorded_at_ms: int | None = None) -> "MetricBatch":
        """What a flush would send now, without sending it: for tests. Intervals of histograms begin anew. Example::

        client.count("shop.orders")
        batch = client.snapshot()
        assert "shop.orders" in batch.names
        """
        return self._core.snapshot(round(time() * 1000) if recorded_at_ms is None else recorded_at_ms)

    def flush(self, timeout_seconds: float = FLUSH_SECONDS) -> bool:
        """Sends what there is, and waits at most ``timeout_seconds``. True if all of it has arrived. Never raises.

        For the end of a job, or a test: a service need not call it. Example::

            client.count("shop.orders")
            assert client.flush()
        """
        return self._core.begin_flush(_seconds(timeout_seconds, FLUSH_SECONDS)).wait()

    def close(self, timeout_seconds: float | None = None) -> bool:
        """Sends what there is within ``timeout_seconds`` (None: ``exit_seconds``) and ends; True if all has arrived.

        Never raises. Later values are counted as ``closed``. Happens by itself at the end of the process. Example::

            client.close()
        """
        core = self._core
        return core.end_close(core.begin_close(_seconds(timeout_seconds, core.settings.exit_seconds)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        settings = self._core.settings
        return f"<Client {settings.service} on {settings.server_id}, {len(self._registry)} series>"

    def _unnamed(self, function: Any, kind: str) -> Any:
        """The function as it is: whoever decorates without a name has it called all the same."""
        shown = getattr(function, "__qualname__", kind)
        self._core.drop(
            "invalid", 1, f"{shown} is not measured: {kind} needs a name, as in @client.{kind}('shop.price')"
        )
        return function

    def _bind(self, kind: type[Kind], known: Bound[Kind], name: str, labels: dict[str, object]) -> Kind:
        """The instrument, remembered under the labels as they are written here, if all are texts.

        Others are looked for again under their texts: 1 and True are equal, but not the same label.
        """
        try:
            texts = {key: value if type(value) is str else str(value) for key, value in labels.items()}
            key = (name, *texts.items())
            found = known.get(key)
        except Exception:  # noqa: BLE001 - the slow way refuses what is of no use
            return self._registry.find(kind, name, labels)
        if found is None:
            found = self._registry.find(kind, name, texts)
            if found.is_kept and len(known) < self._core.settings.max_series * MAX_WAYS_TO_WRITE:
                known[key] = found
        return found


def _seconds(given: object, default: float) -> float:
    """How long to wait; the default if that is no number: the end of a job must not fail at this."""
    try:
        seconds = float(given)  # type: ignore[arg-type]  # whatever it is
    except Exception:  # noqa: BLE001 - what a foreign number raises is listed nowhere
        return default
    return seconds if seconds == seconds else default


def _text_of(path: object) -> object:
    return str(path) if isinstance(path, os.PathLike) else path


def _pairs(labels: Mapping[str, object]) -> Any:
    """Labels as they are kept, or what was given if it is of no use: it is refused with everything else then."""
    try:
        return labels_of(labels)
    except Exception:  # noqa: BLE001 - whatever the argument is, it is refused in one way
        return labels


def _check(transport: object, kafka: object) -> None:
    """Raises ValueError for arguments that the thread that sends could not use."""
    if kafka is not None and not hasattr(kafka, "bootstrap"):
        raise ValueError(
            f"the client was not made: kafka is a KafkaSettings, not a {type(kafka).__name__}: from pulsemon import "
            'KafkaSettings, and write kafka=KafkaSettings("host:9092") with the login that it needs'
        )
    is_way = transport is None or isinstance(transport, str) or callable(transport)
    if not is_way and not all(hasattr(transport, name) for name in ("offer", "outcome", "close")):
        raise ValueError(
            f"the client was not made: transport is one of {', '.join(TRANSPORTS)}, a Transport, or a function that "
            f"makes one, not a {type(transport).__name__}"
        )


def _opening(
    transport: "str | Transport | Callable[[], Transport] | None",
    settings: ClientSettings,
    kafka: "KafkaSettings | None",
    environment: Mapping[str, str],
) -> "OpenTransport":
    """How the thread that sends gets its transport; libraries are imported only then."""
    if transport is not None and not isinstance(transport, str):
        return transport if callable(transport) else lambda: transport

    def open_named() -> "Transport":
        from pulsemon_producers.client.transports import open_transport

        return open_transport(settings, kafka, environment)

    return open_named

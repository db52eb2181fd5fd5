"""A client for the tests of services: everything stays in memory, at hand for questions."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from pulsemon_producers.client.client import Client
from pulsemon_producers.client.memory_core import MemoryCore
from pulsemon_schemas.labels import canonical

if TYPE_CHECKING:
    from pulsemon_producers.client.core import Core
    from pulsemon_producers.client.settings import ClientSettings
    from pulsemon_producers.client.transports import OpenTransport


class SentEvent(NamedTuple):
    """What ``client.event`` was given.

    >>> SentEvent("deploy", "Version 4.2", {"version": "4.2"}).kind
    'deploy'
    """

    kind: str
    text: str
    labels: Mapping[str, str]


class MemoryClient(Client):
    """A ``Client`` without thread, network and environment, whose values can be asked for.

    Bounds, names and labels are judged as by any other client, so a test sees what would be dropped. Common labels,
    service and instance are left out of the labels that are asked for. Counts and sums are totals; minimum, maximum and
    quantiles of a histogram are of the values since they were last asked for, as in a flush.

    >>> client = MemoryClient()
    >>> client.count("shop.orders", 2, channel="web")
    >>> client.value("shop.orders", channel="web")
    2.0
    >>> with client.timer("shop.checkout"):
    ...     pass
    >>> client.value("shop.checkout.count"), client.value("shop.refunds")
    (1.0, None)
    """

    def __init__(
        self, service: str = "test", *, max_series: int | None = None, max_label_values: int | None = None
    ) -> None:
        super().__init__(
            service,
            transport="none",
            server_id="test",
            max_series=max_series,
            max_label_values=max_label_values,
            handles_sigterm=False,
            environ={},
        )

    def _core_for(
        self,
        settings: "ClientSettings",
        open_transport: "OpenTransport",  # noqa: ARG002 - nothing is sent
        handles_sigterm: bool,  # noqa: ARG002 - nor is anything at an end
    ) -> "Core":
        self._memory = MemoryCore(settings)
        return self._memory

    def value(self, name: str, /, **labels: object) -> float | None:
        """The value of one series, under the name and with the labels that go to the log; None if there is none.

        A histogram ``x`` is asked for by ``x.count``, ``x.sum``, ``x.p99`` and so on, a state with ``state="open"``.

        >>> client = MemoryClient()
        >>> client.set("shop.queue.depth", 12, queue="mail")
        >>> client.value("shop.queue.depth", queue="mail")
        12.0
        """
        return self.values(name).get(_text(labels))

    def values(self, name: str, /) -> dict[str, float]:
        """All series of a name: canonical labels to value.

        >>> client = MemoryClient()
        >>> client.count("shop.orders", channel="web")
        >>> client.count("shop.orders", 3, channel="phone")
        >>> client.values("shop.orders")
        {'channel=phone': 3.0, 'channel=web': 1.0}
        """
        return self._memory.values(name)

    @property
    def events(self) -> list[SentEvent]:
        """The events so far.

        >>> client = MemoryClient()
        >>> client.event("deploy", "Version 4.2", version="4.2")
        >>> client.events
        [SentEvent(kind='deploy', text='Version 4.2', labels={'version': '4.2'})]
        """
        return [SentEvent(told.kind, told.text, dict(told.labels)) for told in self._memory.events()]

    @property
    def dropped(self) -> dict[str, int]:
        """How many values were dropped, by reason; reasons that there were none of are left out.

        >>> client = MemoryClient()
        >>> client.count("no name", 1)
        >>> client.dropped
        {'invalid': 1}
        """
        return self._memory.dropped()

    def assert_value(self, name: str, expected: float | None, /, **labels: object) -> None:
        """Raises AssertionError, with all series of this name, unless the series has this value.

        >>> client = MemoryClient()
        >>> client.count("shop.orders", channel="web")
        >>> client.assert_value("shop.orders", 2, channel="web")
        Traceback (most recent call last):
        AssertionError: shop.orders{channel=web} is 1.0, not 2; there are {'channel=web': 1.0}
        """
        found = self.value(name, **labels)
        if found != expected:
            text = _text(labels)
            raise AssertionError(f"{name}{{{text}}} is {found}, not {expected}; there are {self.values(name)}")

    def assert_nothing_dropped(self) -> None:
        """Raises AssertionError, with counts by reason, if anything was dropped; the log says what.

        >>> client = MemoryClient()
        >>> client.count("shop.orders")
        >>> client.assert_nothing_dropped()
        """
        if self.dropped:
            raise AssertionError(f"dropped: {self.dropped}; the log of pulsemon_producers.client says what")


def _text(labels: Mapping[str, object]) -> str:
    return canonical({key: str(value) for key, value in labels.items()})

"""What the pages ask for: shared by all viewers for a few seconds, the last good answer when the store is away."""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import pyarrow as pa
import streamlit as st
from pulsemon_schemas.errors import PulsemonError
from pulsemon_schemas.rules import Rule
from pulsemon_sinks.reader.alerts import ServerStatus, Transition
from pulsemon_sinks.reader.choice import Choice, Level, Line, Window
from pulsemon_sinks.reader.servers import Reading, Server

from pulsemon_ui.view_models.fleet import Fleet, Judgement, make_fleet
from pulsemon_ui.view_models.metrics import FLEET
from pulsemon_ui.vitals import Vitals

log = logging.getLogger(__name__)

T = TypeVar("T")

LIVE_SECONDS = 4
TREND_SECONDS = 55
KEPT_ANSWERS = 500
JUDGED_MS = 86_400_000  # a processor that has not judged for a day is as good as none


class Repository(Protocol):
    """The reader's questions that pages use; ``pulsemon_sinks.reader.reader.Reader`` says what they answer."""

    def servers(self) -> tuple[Server, ...]:
        """Every server."""

    def readings(self, choices: Sequence[Choice]) -> dict[str, tuple[Reading | None, ...]]:
        """The newest readings by server id."""

    def series(self, server_id: str, choices: Sequence[Choice], window: Window) -> pa.Table:
        """Average, least and largest a bucket."""

    def sparklines(self, wanted: Sequence[Line]) -> dict[int, list[float | None]]:
        """Averages of many lines by their index."""

    def metrics_of(self, server_id: str, window: Window) -> pa.Table:
        """Every series of a server."""

    def metric_names(self, server_id: str, window: Window) -> frozenset[str]:
        """What a server sends."""

    def fleet_quantiles(self, choice: Choice, window: Window, server_ids: Sequence[str] | None = None) -> pa.Table:
        """Quantiles over the servers."""

    def fleet_levels(
        self, choices: Sequence[tuple[Choice, Level]], window: Window, server_ids: Sequence[str] | None = None
    ) -> pa.Table:
        """Medians, largest values and sums over the servers."""

    def server_states(self) -> dict[str, ServerStatus]:
        """What the processor thinks of each server."""

    def open_alerts(self) -> tuple[Transition, ...]:
        """The newest transition of every alert that is open."""

    def judged_ms(self, since_ms: int) -> int | None:
        """Until when rules were judged."""

    def alerts_of(self, server_id: str, start_ms: int, end_ms: int) -> tuple[Transition, ...]:
        """A server's alerts that were open in the time."""

    def alerts_opened(self, window: Window, server_ids: Sequence[str] | None = None) -> pa.Table:
        """How many alerts opened a bucket."""

    def first_alert_ms(self) -> int | None:
        """When the oldest alert began."""

    def rules(self) -> tuple[Rule, ...]:
        """The rules in force."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A value as good as it can be had: None if there never was one; ``failed_seconds`` is the age of an old one."""

    value: T | None
    failed_seconds: float | None = None


class Dashboard:
    """The questions of the pages over one repository. ``now`` gives epoch seconds."""

    def __init__(self, repository: Repository, now: Callable[[], float] = time.time) -> None:
        self._repository = repository
        self._now = now
        self.vitals = Vitals()
        self.name = uuid.uuid4().hex  # what it answered is kept under this name; an id() would be used again
        self._good: dict[Hashable, tuple[float, Any]] = {}
        self._lock = threading.Lock()

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        return int(self._now() * 1000)

    def fleet(self) -> Answer[Fleet]:
        """Every server with its status and newest values."""
        return _live("fleet", self, self._fleet)

    def sparklines(self, wanted: tuple[Line, ...]) -> Answer[dict[int, list[float | None]]]:
        """See Repository. Lines of other windows are other lines: while the store is away there may be none."""
        return _live(("sparklines", wanted), self, lambda: self._repository.sparklines(wanted))

    def series(self, server_id: str, choices: tuple[Choice, ...], window: Window) -> Answer[pa.Table]:
        """See Repository."""
        question = ("series", server_id, choices, window)
        return _live(question, self, lambda: self._repository.series(server_id, choices, window))

    def metric_names(self, server_id: str, window: Window) -> Answer[frozenset[str]]:
        """See Repository; asked once a minute."""
        question = ("names", server_id, window)
        return _trend(question, self, lambda: self._repository.metric_names(server_id, window))

    def metrics_of(self, server_id: str, window: Window) -> Answer[pa.Table]:
        """See Repository."""
        question = ("metrics", server_id, window)
        return _live(question, self, lambda: self._repository.metrics_of(server_id, window))

    def fleet_quantiles(self, choice: Choice, window: Window, server_ids: tuple[str, ...] | None) -> Answer[pa.Table]:
        """See Repository; asked once a minute."""
        question = ("quantiles", choice, window, server_ids)
        return _trend(question, self, lambda: self._repository.fleet_quantiles(choice, window, server_ids))

    def fleet_levels(
        self, choices: tuple[tuple[Choice, Level], ...], window: Window, server_ids: tuple[str, ...] | None
    ) -> Answer[pa.Table]:
        """See Repository; asked once a minute."""
        question = ("levels", choices, window, server_ids)
        return _trend(question, self, lambda: self._repository.fleet_levels(choices, window, server_ids))

    def alerts_of(self, server_id: str, window: Window) -> Answer[tuple[Transition, ...]]:
        """See Repository."""
        question = ("alerts", server_id, window)
        return _live(question, self, lambda: self._repository.alerts_of(server_id, window.start_ms, window.end_ms))

    def alerts_opened(self, window: Window, server_ids: tuple[str, ...] | None) -> Answer[pa.Table]:
        """See Repository; asked once a minute."""
        question = ("opened", window, server_ids)
        return _trend(question, self, lambda: self._repository.alerts_opened(window, server_ids))

    def first_alert_ms(self) -> Answer[int | None]:
        """See Repository; asked once a minute."""
        return _trend("first alert", self, self._repository.first_alert_ms)

    def rules(self) -> Answer[tuple[Rule, ...]]:
        """See Repository."""
        return _live("rules", self, self._repository.rules)

    def ask(self, question: Hashable, put: Callable[[], T]) -> Answer[T]:
        """The answer, or the last good one to the same question (of any window of time) with its age."""
        key = _timeless(question)
        try:
            with self.vitals.asking():
                value = put()
        except PulsemonError as error:
            log.warning("the store did not answer, the page shows what it last knew: %s", error)
            with self._lock:
                answered_at, last = self._good.get(key, (self._now(), None))
            return Answer(last, self._now() - answered_at)
        with self._lock:
            if len(self._good) >= KEPT_ANSWERS:
                self._good.pop(next(iter(self._good)))
            self._good[key] = (self._now(), value)
        return Answer(value)

    def _fleet(self) -> Fleet:
        servers = self._repository.servers()
        choices = [measure.choice for measure in FLEET.values()]
        seen = [server.last_seen_ms for server in servers if server.last_seen_ms is not None]
        readings = self._repository.readings(choices)
        now_ms = self.now_ms()
        said = Judgement(
            self._repository.server_states(),
            self._repository.open_alerts(),
            self._repository.judged_ms(now_ms - JUDGED_MS),
        )
        return make_fleet(servers, readings, max(seen, default=None), now_ms, said)


def _timeless(question: Hashable) -> Hashable:
    if isinstance(question, tuple):
        return tuple(part for part in question if not isinstance(part, Window))
    return question


def _live(question: Hashable, dashboard: Dashboard, put: Callable[[], T]) -> Answer[T]:
    return _for_seconds(f"{dashboard.name} {question!r}", lambda: dashboard.ask(question, put))


def _trend(question: Hashable, dashboard: Dashboard, put: Callable[[], T]) -> Answer[T]:
    return _for_a_minute(f"{dashboard.name} {question!r}", lambda: dashboard.ask(question, put))


@st.cache_resource(ttl=LIVE_SECONDS, max_entries=KEPT_ANSWERS, show_spinner=False)
def _for_seconds(question: str, _ask: Callable[[], Answer[Any]]) -> Answer[Any]:  # noqa: ARG001 - the key of the cache
    return _ask()


@st.cache_resource(ttl=TREND_SECONDS, max_entries=KEPT_ANSWERS, show_spinner=False)
def _for_a_minute(question: str, _ask: Callable[[], Answer[Any]]) -> Answer[Any]:  # noqa: ARG001 - the key of the cache
    return _ask()


class _Installed:
    """Streamlit runs a script without arguments, so what it shows has to be found by name."""

    dashboard: Dashboard | None = None


def install(dashboard: Dashboard) -> None:
    """Makes this the dashboard that the pages of this process show."""
    _Installed.dashboard = dashboard


def dashboard() -> Dashboard:
    """The installed dashboard; RuntimeError before one is."""
    if _Installed.dashboard is None:
        raise RuntimeError("no dashboard is installed: pages are served by pulsemon_ui.serve.run")
    return _Installed.dashboard

"""Traces of one host under all default rules: what it sends, and what becomes of the alerts.

A case is a text file ``traces/RULE.NAME.txt``; a new one needs no code. Lines before the first phase say how it is:
``every 10 s`` the step between batches, ``role ci``, ``servers 5`` of one environment instead of one host, ``enable
RULE``. ``20 min`` begins a phase; its series stand below, indented, with a value for all of it: ``0.9``, ``0.5 .. 0.9``
from its begin to its end, or ``+3`` for a counter that grows by so much at each step. ``20 min silent`` sends nothing,
``2 of them silent`` leaves out so many servers, and ``close RULE`` is a person who ends the rule's alert. After ``=>``
stand the transitions, as ``H:MM:SS rule state level``.

``python -m support.rule_traces`` writes what becomes of them anew, for a person to read the difference.
"""

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pulsemon_schemas.control import Fold
from pulsemon_schemas.records import AlertEvent, ControlRecord, LogRecord
from pulsemon_schemas.rules import default_records
from pulsemon_schemas.rules.defaults import default_bodies
from pulsemon_schemas.topics import FLEET_EVENTS
from pulsemon_stream_processors.engine import ControlHistory, Output, PartitionEngine
from pulsemon_stream_processors.fleet import FleetEngine
from support.engine import START_MS, Log, alerts, control_record, history, place
from support.fleet_log import place as fleet_place

FOLDER = Path(__file__).parent.parent / "unit" / "default_rules" / "traces"
ROLES = ("", "batch", "ci", "database", "desktop", "gateway")
SEPARATOR = "=>"
SILENT_STEP_SECONDS = 5.0
"""Ticks alone, in steps that the engine takes for time that really passed."""
UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0}
PHASE = re.compile(r"(?P<number>\d+) (?P<unit>s|min|h)(?: (?:(?P<some>\d+) of them )?(?P<silent>silent))?")
GROWTH, SPAN = re.compile(r"\+(\S+)"), re.compile(r"(\S+) \.\. (\S+)")


@dataclass(frozen=True)
class Phase:
    """A stretch of time, or with ``closes`` a moment: a person ends the alert of this rule."""

    seconds: float = 0.0
    silent: int = 0
    series: dict[str, str] = field(default_factory=dict)
    closes: str = ""


@dataclass
class Trace:
    """One case. ``silent`` of a phase is how many of the servers say nothing."""

    step_seconds: float = 60.0
    role: str = ""
    servers: int = 1
    enabled: str = ""
    phases: list[Phase] = field(default_factory=list)

    @property
    def server_ids(self) -> tuple[str, ...]:
        if self.servers > 1:
            return tuple(f"node-{number}" for number in range(self.servers))
        return (f"host-{self.role}".rstrip("-"),)


def cases() -> list[Path]:
    """The files, sorted."""
    return sorted(FOLDER.glob("*.txt"))


def parts_of(case: Path) -> tuple[str, list[str]]:
    """What happens, and the transitions that are expected."""
    text, _, expected = case.read_text("utf-8").partition(f"{SEPARATOR}\n")
    return text, expected.splitlines()


def parse(text: str) -> Trace:
    """A trace. Raises ValueError with the line that makes no sense."""
    trace = Trace()
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            _read(trace, line)
    return trace


def story(trace: Trace) -> list[str]:
    """The transitions as lines, until the last phase is over."""
    return [_told(event) for event in _Run(trace).events()]


def _read(trace: Trace, line: str) -> None:
    word, _, rest = line.strip().partition(" ")
    phase = PHASE.fullmatch(line)
    if line.startswith(" "):
        trace.phases[-1].series[word] = rest.strip()
    elif phase is not None:
        silent = int(phase["some"] or trace.servers) if phase["silent"] else 0
        trace.phases.append(Phase(int(phase["number"]) * UNITS[phase["unit"]], silent))
    elif word == "every":
        trace.step_seconds = float(rest.removesuffix(" s"))
    elif word == "close":
        trace.phases.append(Phase(closes=rest))
    elif word in {"role", "servers", "enable"}:
        trace.role = rest if word == "role" else trace.role
        trace.servers = int(rest) if word == "servers" else trace.servers
        trace.enabled = rest if word == "enable" else trace.enabled
    else:
        raise ValueError(f"what is {line!r}?")


@functools.cache
def _usual_control() -> tuple[ControlRecord, ...]:
    """The default rules, one server of each role, and some of one environment."""
    servers = [control_record(f"server/host-{role}".rstrip("-"), {"role": role}) for role in ROLES]
    nodes = [control_record(f"server/node-{number}", {"environment": "production"}) for number in range(5)]
    return (*default_records(), *servers, *nodes)


@functools.cache
def _usual_history() -> ControlHistory:
    return history(_usual_control())


class _Run:
    """Makes the log of a trace and applies it, record by record."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._log = Log(control=list(_usual_control()))
        self._is_own = bool(trace.enabled) or any(phase.closes for phase in trace.phases)
        self._history = history(self._log.control) if self._is_own else _usual_history()
        if trace.enabled:
            self._put(f"rule/{trace.enabled}", default_bodies()[trace.enabled] | {"enabled": True})
        self._engine = PartitionEngine(place(), self._history)
        self._fleet = FleetEngine(fleet_place(1), self._history)
        self._fleet_offset = 0
        self._totals: dict[str, float] = {}
        self._open: dict[str, AlertEvent] = {}

    def events(self) -> Iterator[AlertEvent]:
        yield from self._apply(self._log.tick())
        for phase in self._trace.phases:
            for event in self._close(phase.closes) if phase.closes else self._phase(phase):
                self._open[event.rule_id] = event
                yield event

    def _phase(self, phase: Phase) -> Iterator[AlertEvent]:
        is_quiet = phase.silent > 0
        step_seconds = SILENT_STEP_SECONDS if is_quiet else self._trace.step_seconds
        count = round(phase.seconds / step_seconds)
        for number in range(count):
            self._log.wait(step_seconds)
            yield from self._apply(self._log.tick())
            for server_id in self._trace.server_ids[phase.silent :]:
                values = {name: self._value(name, text, number, count) for name, text in phase.series.items()}
                yield from self._apply(self._log.batch(values, server_id))

    def _value(self, name: str, text: str, number: int, count: int) -> float:
        growth, span = GROWTH.fullmatch(text), SPAN.fullmatch(text)
        if growth is not None:
            self._totals[name] = self._totals.get(name, 0.0) + float(growth[1])
            return self._totals[name]
        if span is not None:
            first, last = map(float, span.groups())
            return first + (last - first) * number / max(1, count - 1)
        return float(text)

    def _apply(self, record: LogRecord) -> Iterator[AlertEvent]:
        outputs = self._engine.apply(record)
        yield from alerts(outputs)
        for output in outputs:
            if output.topic == FLEET_EVENTS.name:
                yield from self._apply_to_fleet(output)

    def _apply_to_fleet(self, output: Output) -> Iterator[AlertEvent]:
        record = LogRecord(FLEET_EVENTS.name, 0, self._fleet_offset, self._log.now_ms, b"", output.value or b"")
        self._fleet_offset += 1
        yield from alerts(self._fleet.apply(record))

    def _close(self, rule_id: str) -> Iterator[AlertEvent]:
        event = self._open[rule_id]
        body = {"alert_id": event.alert_id, "server_id": event.server_id, "command": "resolve"}
        self._put(f"alert_command/{len(self._log.control)}", body)
        yield from self._apply(self._log.tick())

    def _put(self, entity: str, body: Mapping[str, object]) -> None:
        fold = Fold()
        for offset, record in enumerate(self._log.control):
            fold.apply(offset, record)
        record = control_record(entity, body, fold.version(*entity.split("/", 1)))
        self._log.control.append(record)
        self._history.append(len(self._log.control) - 1, record)


def _told(event: AlertEvent) -> str:
    seconds = round((event.occurred_at_ms - START_MS) / 1000)
    time = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return " ".join(filter(None, (time, event.rule_id, event.state, event.level)))


def main(paths: Sequence[Path] = ()) -> None:
    for case in paths or cases():
        text, _ = parts_of(case)
        lines = "".join(f"{line}\n" for line in story(parse(text)))
        case.write_text(f"{text}{SEPARATOR}\n{lines}", "utf-8")


if __name__ == "__main__":
    main()

"""The engine across servers: the next event of its topic in, what must be written out."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from pulsemon_schemas.control import PURGED
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.reasons import NOT_APPLIED
from pulsemon_schemas.records import LogRecord
from pulsemon_schemas.rules import AlertCommand
from pulsemon_schemas.rules.alert_command import ENTITY_TYPE as COMMAND
from pulsemon_schemas.rules.environments import environment_of

from pulsemon_stream_processors.engine.control_history import Change, ControlHistory, superseded_left_out
from pulsemon_stream_processors.engine.counters import Counters
from pulsemon_stream_processors.engine.errors import ControlBehindError
from pulsemon_stream_processors.engine.failure import UNREPEATABLE, problem_of
from pulsemon_stream_processors.engine.log_time import LogTime
from pulsemon_stream_processors.engine.output import Output
from pulsemon_stream_processors.fleet import fleet_snapshot as snapshot
from pulsemon_stream_processors.fleet.census import Census
from pulsemon_stream_processors.fleet.feed import Feed
from pulsemon_stream_processors.fleet.fleet_configuration import FleetConfiguration, is_of_rule, is_of_server
from pulsemon_stream_processors.fleet.fleet_event import FleetEvent, read_event
from pulsemon_stream_processors.fleet.fleet_journal import FleetJournal
from pulsemon_stream_processors.fleet.group import Group
from pulsemon_stream_processors.fleet.judgement import Judgement
from pulsemon_stream_processors.fleet.muster import Muster
from pulsemon_stream_processors.fleet.place import FleetPlace
from pulsemon_stream_processors.fleet.step import Step


class FleetEngine:
    """Events are applied ordered by (time, partition, offset), up to the lowest time of all partitions.

    An event whose time is that lowest one waits too: its partition may have more of the same time to say.
    """

    def __init__(self, place: FleetPlace, history: ControlHistory, first_offset: int = 0) -> None:
        self.place = place
        self.cover = first_offset - 1
        """Offset of the last record that was taken."""
        self._history = history
        self._time = LogTime()
        self._feeds = [Feed() for _ in range(place.partition_count)]
        self._changed: set[int] = set(range(place.partition_count))
        self._control_offset = -1
        self._configuration = FleetConfiguration()
        self._census = Census()
        self._muster = Muster()
        self.counters = Counters()
        self._journal = FleetJournal(place)
        self._judgement = Judgement(self._configuration, self._journal)
        self._groups: dict[str, Group] = {}
        self._commands: list[AlertCommand] = []
        self._are_rules_new = False
        self._are_groups_new = False
        self._last = FleetEvent(-1, 0, 0, -1, -1, "", "")

    @classmethod
    def restore(
        cls,
        place: FleetPlace,
        history: ControlHistory,
        state: Mapping[str, Any],
        feeds: Mapping[int, Mapping[str, Any]],
    ) -> "FleetEngine":
        """The engine that wrote this record and these feeds; ``resume_offset`` is the next record that it needs.

        State of another topic of events is of use, but nothing of this one was applied. Raises StateError, and
        ControlBehindError if the history does not reach a control offset that was in force.
        """
        for one in (state, *feeds.values()):
            snapshot.check_heading(one, place)
        engine = cls(place, history)
        is_same_log = state["log_id"] == place.log_id
        wanted = max([state["control_offset"], *(feed["control_offset"] for feed in feeds.values())])
        if wanted > history.offset:
            raise ControlBehindError(wanted, history.offset)
        engine._time = LogTime(**state["time"])
        engine._control_offset = state["control_offset"]
        engine._last = FleetEvent(*state["last"])
        for partition, feed in feeds.items():
            engine._feeds[partition].restore(feed, is_same_log=is_same_log)
        engine._groups = {one["environment"]: snapshot.restored_group(one, history) for one in state["groups"]}
        engine._configure()
        engine._changed.clear()
        engine.cover = state["resume_offset"] - 1 if is_same_log else -1
        return engine

    @property
    def clock_ms(self) -> int:
        """The time up to which everything is judged, -1 before the first step."""
        return self._time.clock_ms

    @property
    def heard_ms(self) -> int:
        """The lowest time of all partitions, -1 while one of them has said nothing."""
        return min(feed.time_ms for feed in self._feeds)

    @property
    def resume_offset(self) -> int:
        """The first record that is not applied: events that wait are no part of the state."""
        return min((feed.waiting[0].log_offset for feed in self._feeds if feed.waiting), default=self.cover + 1)

    def apply(self, record: LogRecord) -> list[Output]:
        """Takes the next record and returns what must be written. A record that was taken before does nothing.

        Raises ControlBehindError, which leaves the engine as it was. A record that is no event becomes a dead letter.
        """
        if record.offset <= self.cover:
            return []
        try:
            event = read_event(record.offset, record.value, self.place.topic_id, self.place.partition_count)
        except ContractError as error:
            self.cover = record.offset
            self._journal.dead_letter(record, error)
            return self._journal.take()
        except UNREPEATABLE:
            raise
        except Exception as error:  # noqa: BLE001 - the record would end every worker, one after the other
            self.cover = record.offset
            self._journal.dead_letter(record, ContractError(NOT_APPLIED, problem_of(error)))
            return self._journal.take()
        if event is not None:
            if event.control_offset > self._history.offset:
                raise ControlBehindError(event.control_offset, self._history.offset)
            self._feeds[event.partition].take(event)
        self.cover = record.offset
        self._advance()
        return self._journal.take()

    def skip_to(self, offset: int) -> list[Output]:
        """The topic begins at this offset, beyond what is needed next: open alerts are unknown until the next step."""
        if offset <= self.cover + 1:
            return []
        reason = f"events {self.cover + 1} to {offset - 1} are missing"
        self.cover = offset - 1
        self._time.break_off()
        step = self._step()
        for environment in sorted(self._groups):
            self._attempt(environment, step, partial(self._judgement.lose, step=step, reason=reason))
        return self._journal.take()

    def record(self) -> dict[str, Any]:
        """The engine's own state, without the feeds."""
        return {
            **snapshot.heading(self.place),
            "resume_offset": self.resume_offset,
            "control_offset": self._control_offset,
            "time": asdict(self._time),
            "last": self._last,
            "groups": [snapshot.group_state(self._groups[name]) for name in sorted(self._groups)],
        }

    def feed_record(self, partition: int) -> dict[str, Any]:
        """The state of what one partition has said."""
        return {**snapshot.heading(self.place), "partition": partition, **self._feeds[partition].state()}

    def take_changed(self) -> list[int]:
        """The partitions whose feed changed since the last call, all of them for an engine that is new."""
        changed, self._changed = sorted(self._changed), set()
        return changed

    def _advance(self) -> None:
        horizon_ms = self.heard_ms
        while True:
            next_ms = min((at for feed in self._feeds if (at := feed.next_ms()) is not None), default=horizon_ms)
            if next_ms >= horizon_ms:
                return
            for partition, feed in enumerate(self._feeds):
                while (event := feed.pop(next_ms)) is not None:
                    self._changed.add(partition)
                    self._take(feed, event)
            self._time.advance(next_ms)
            self._configuration.forget_past(next_ms)
            self._judge()

    def _take(self, feed: Feed, event: FleetEvent) -> None:
        self._last = event._replace(log_offset=-1)
        if event.control_offset > feed.control_offset:
            changes = self._history.changes(feed.control_offset, event.control_offset)
            feed.control_offset = event.control_offset
            for change in changes:
                if is_of_server(change) and change.partition == event.partition:
                    self._take_server(feed, change)
        if event.control_offset > self._control_offset:
            for change in superseded_left_out(self._history.changes(self._control_offset, event.control_offset)):
                if not is_of_server(change):
                    self._take_change(change)
            self._control_offset = event.control_offset
        if event.server_id:
            feed.statuses[event.server_id] = event.status
            self._count(event.server_id, event.status)

    def _take_server(self, feed: Feed, change: Change) -> None:
        self._configuration.take(change)
        server_id = change.entity_id
        if change.operation == PURGED:
            feed.statuses.pop(server_id, None)
            self._census.drop(server_id)
            self._muster.drop(server_id)
        elif (status := feed.statuses.get(server_id)) is not None:
            self._count(server_id, status)

    def _take_change(self, change: Change) -> None:
        problem = self._configuration.take(change)
        if is_of_rule(change):
            self._are_groups_new = True
            if problem:
                self.counters.rule_failed(change.entity_id, change.offset, problem)
        if change.entity_type == COMMAND:
            command, _ = change.read()
            if isinstance(command, AlertCommand) and environment_of(command.server_id) is not None:
                self._commands.append(command)
        else:
            self._are_rules_new = True

    def _count(self, server_id: str, status: str) -> None:
        profile = self._configuration.profile(server_id)
        self._census.put(server_id, profile.environment, status, is_registered=profile.is_registered)
        self._muster.put(profile, status)

    def _judge(self) -> None:
        step = self._step()
        for command in self._commands:
            environment = environment_of(command.server_id) or ""
            if environment in self._groups:
                self._attempt(environment, step, partial(self._judgement.obey, command=command, step=step))
        self._commands.clear()
        concerned = self._census.touched | {name for name, group in self._groups.items() if not group.is_idle}
        if self._are_rules_new:
            concerned |= self._census.environments()
        self._census.touched.clear()
        self._are_rules_new = False
        if self._are_groups_new:
            self._muster.take_rules(self._configuration.group_rules)
            self._are_groups_new = False
        for cohort in self._muster.touched:
            self._groups.setdefault(cohort.name, Group(cohort.name, cohort))
            concerned.add(cohort.name)
        self._muster.touched.clear()
        for environment in sorted(concerned):
            group = self._groups.setdefault(environment, Group(environment))
            count = self._census.count(environment) if group.cohort is None else self._muster.count(group.cohort)
            self._attempt(environment, step, partial(self._judgement.judge, count=count, step=step))
            if self._groups[environment].is_idle:
                del self._groups[environment]

    def _attempt(self, environment: str, step: Step, act: Callable[[Group], None]) -> None:
        """Does something to an environment, or nothing if any of it fails, which is told once."""
        group = self._groups[environment]
        before, written = group.copied(), self._journal.written
        try:
            act(group)
        except UNREPEATABLE:
            raise
        except Exception as error:  # noqa: BLE001 - one environment that fails must not keep others from being judged
            self._groups[environment] = before
            self._journal.forget(written)
            problem = problem_of(error)
            if problem != before.failing:
                before.failing = problem
                self._journal.failure(environment, problem, step)
        else:
            group.failing = ""

    def _step(self) -> Step:
        time, last = self._time, self._last
        return Step(time.clock_ms, time.elapsed_ms, time.hole_ms, last.partition, last.offset, self._control_offset)

    def _in_force_for(self, change: Change) -> int:
        return self._feeds[change.partition].control_offset if is_of_server(change) else self._control_offset

    def _configure(self) -> None:
        """Puts in force what was, and counts the servers anew."""
        for change in self._history.standing(self._in_force_for):
            self._configuration.take(change)
        for feed in self._feeds:
            for server_id, status in feed.statuses.items():
                self._count(server_id, status)
        self._muster.take_rules(self._configuration.group_rules)
        self._census.touched.clear()
        self._muster.touched.clear()

"""The engine of one partition: the next record of its log in, what must be written out."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pulsemon_schemas.batch_head import BatchHead
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.labels import parse as parse_labels
from pulsemon_schemas.reasons import NOT_APPLIED
from pulsemon_schemas.records import LogRecord
from pulsemon_schemas.rules.status import ALIVE
from pulsemon_schemas.ticks import CONTROL_TOPIC_ID_LABEL, TICK_SERVER_ID, control_offset
from pulsemon_schemas.validity import check

from pulsemon_stream_processors.engine import snapshot
from pulsemon_stream_processors.engine.absence import HOST_SOURCES, Absence
from pulsemon_stream_processors.engine.adaptation import Adaptation
from pulsemon_stream_processors.engine.configuration import Configuration
from pulsemon_stream_processors.engine.control_history import ControlHistory, superseded_left_out
from pulsemon_stream_processors.engine.control_in_force import ControlInForce, Verdict
from pulsemon_stream_processors.engine.counters import Counters
from pulsemon_stream_processors.engine.errors import ControlBehindError, OffsetGapError
from pulsemon_stream_processors.engine.failure import UNREPEATABLE, problem_of
from pulsemon_stream_processors.engine.journal import Journal
from pulsemon_stream_processors.engine.judging import Judging
from pulsemon_stream_processors.engine.lifecycle import Lifecycle
from pulsemon_stream_processors.engine.log_time import LogTime
from pulsemon_stream_processors.engine.no_data import NoData
from pulsemon_stream_processors.engine.output import Output
from pulsemon_stream_processors.engine.place import Place
from pulsemon_stream_processors.engine.savepoint import Savepoint
from pulsemon_stream_processors.engine.server import Server
from pulsemon_stream_processors.engine.tick_effects import Agenda, TickEffects


class PartitionEngine:
    """``cover`` is the offset of the last record applied; the next one must be the one behind it.

    An engine that begins at the start of a log is made with the ``cover`` before its first record.
    """

    def __init__(self, place: Place, history: ControlHistory, cover: int = -1) -> None:
        if history.partition_count != place.partition_count:
            raise ValueError(f"a history for {history.partition_count} partitions, a place of {place.partition_count}")
        self.place = place
        self.cover = cover
        self.counters = Counters()
        self._history = history
        self._time = LogTime()
        self._in_force = ControlInForce()
        self._active: list[str] = []
        self._configuration = Configuration()
        self._journal = Journal(place, self._time)
        self._lifecycle = Lifecycle(self._time, self._configuration, self._journal)
        self._absence = Absence(self._time, self._lifecycle)
        self._adaptation = Adaptation(self._time, self._configuration, self._lifecycle, self._absence)
        self._no_data = NoData(self._time, self._lifecycle)
        self._effects = TickEffects(
            self._time,
            self._configuration,
            self._journal,
            self._lifecycle,
            self._absence,
            self._adaptation,
            self._no_data,
        )
        self._judging = Judging(
            self._time, self._configuration, self._journal, self._lifecycle, self._no_data, self.counters
        )
        self._servers: dict[str, Server] = {}
        self._dirty: set[str] = set()

    @classmethod
    def restore(
        cls,
        place: Place,
        history: ControlHistory,
        partition: Mapping[str, Any],
        servers: Mapping[str, Mapping[str, Any]],
    ) -> "PartitionEngine":
        """The engine that wrote this partition record and these snapshots; a snapshot may cover more than the record.

        Raises StateError, and ControlBehindError if the history does not reach a control offset that was in force.
        """
        snapshot.check_heading(partition, place)
        engine = cls(place, history, partition["cover"])
        for name, value in partition["time"].items():
            setattr(engine._time, name, value)
        engine._in_force = ControlInForce(**partition["control"])
        engine._active = list(partition["active"])
        engine._journal.control_offset = engine._in_force.offset
        if engine._in_force.offset > history.offset:
            raise ControlBehindError(engine._in_force.offset, history.offset)
        for change in history.standing(lambda _: engine._in_force.offset):
            engine._configuration.take(change)
        engine._configuration.rank()
        for server_id, state in servers.items():
            snapshot.check_heading(state, place)
            engine._servers[server_id] = snapshot.restored_server(state, history)
        return engine

    @property
    def clock_ms(self) -> int:
        """The partition's calendar time: the highest append time seen, -1 before the first record."""
        return self._time.clock_ms

    @property
    def control_offset(self) -> int:
        """The offset in the control log up to which the configuration is in force, -1 before the first Tick."""
        return self._in_force.offset

    @property
    def server_ids(self) -> frozenset[str]:
        """The servers that there is a snapshot of."""
        return frozenset(self._servers)

    def apply(self, record: LogRecord) -> list[Output]:
        """Takes the next record and returns what must be written. A record that was applied before does nothing.

        Raises OffsetGapError and ControlBehindError, which leave the engine as it was. A record that breaks the
        contract becomes a dead letter, and so does one at which something fails that nobody expected: its server is as
        it was before, and the log goes on.
        """
        if record.offset <= self.cover:
            return []
        if record.offset != self.cover + 1:
            raise OffsetGapError(self.cover + 1, record.offset)
        try:
            head = check(record, self.place.partition_count, self.place.tick_key, self.place.topic_id)
        except ContractError as error:
            return self._refuse(record, error)
        except UNREPEATABLE:
            raise
        except Exception as error:  # noqa: BLE001 - a record that cannot be checked would end every worker, one after the other
            return self._give_up(record, "", error)
        if head.server_id == TICK_SERVER_ID:
            return self._tick(record, head)
        self._time.advance(record.append_time_ms)
        return self._batch(record, head)

    def skip_to(self, offset: int) -> list[Output]:
        """The log begins at this offset, beyond the next one: what is missing is a hole, and open alerts are unknown.

        ``apply`` then takes the record at ``offset``.
        """
        if offset <= self.cover + 1:
            return []
        missing = {"first_missing": self.cover + 1, "last_missing": offset - 1}
        outputs = self._journal.begin(offset - 1)
        reason = f"records {self.cover + 1} to {offset - 1} are missing"
        self.cover = offset - 1
        self._time.break_off()
        for server_id in sorted(self._servers):
            server = self._servers[server_id]
            if server.cover < self.cover:
                self.counters.failures += not self._effects.lose(server, reason)
                self._dirty.add(server_id)
        self._journal.event("gap", "", missing)
        return outputs

    def snapshot(self, server_id: str) -> dict[str, Any] | None:
        """A server's state, with the offset that it covers; None if it was purged."""
        server = self._servers.get(server_id)
        if server is None:
            return None
        heading = snapshot.heading(self.place, max(self.cover, server.cover))
        return {**heading, **snapshot.server_state(server)}

    def partition_record(self) -> dict[str, Any]:
        """The partition's own state: times, grace, control offset in force, and the offset that they cover."""
        return {
            **snapshot.heading(self.place, self.cover),
            "time": asdict(self._time),
            "control": asdict(self._in_force),
            "active": self._active,
        }

    def take_dirty(self) -> set[str]:
        """The servers whose state changed since the last call; a purged one has no snapshot any more."""
        dirty, self._dirty = self._dirty, set()
        return dirty

    def _batch(self, record: LogRecord, head: BatchHead) -> list[Output]:
        server = self._servers.get(head.server_id)
        is_known = server is not None
        if server is None:
            server = self._new_server(head.server_id)
        elif record.offset <= server.cover:
            self.cover = record.offset
            return self._journal.begin(record.offset)
        savepoint = Savepoint(server)
        try:
            outputs = self._take(server, record, head, savepoint)
        except UNREPEATABLE:
            raise
        except Exception as error:  # noqa: BLE001 - the record would end every worker, one after the other
            savepoint.back()
            if not is_known:
                del self._servers[head.server_id]
            return self._give_up(record, head.server_id, error)
        self.cover = record.offset
        return outputs

    def _take(self, server: Server, record: LogRecord, head: BatchHead, savepoint: Savepoint) -> list[Output]:
        outputs = self._journal.begin(record.offset)
        if not server.producers.is_new(head.producer_id, head.sequence, self._time.clock_ms):
            self.counters.duplicates += 1
            return outputs
        self._dirty.add(head.server_id)
        is_news = not server.has_spoken
        server.has_spoken = True
        if self._adaptation.is_due(server):
            savepoint.keep_all()
            self._adaptation.adapt(server)
        if head.source in HOST_SOURCES:
            is_news |= server.silence.state != ALIVE
            self._absence.end(server, head.producer_id, head.sequence, record.offset)
        if not server.profile.is_retired:
            self._judging.judge(server, head, record.offset, savepoint)
        if is_news or outputs:
            self.counters.failures += not self._effects.tell(server)
        return outputs

    def _refuse(self, record: LogRecord, error: ContractError) -> list[Output]:
        self.cover = record.offset
        outputs = self._journal.begin(record.offset)
        self._journal.dead_letter(record, error)
        self.counters.dead_letters += 1
        return outputs

    def _give_up(self, record: LogRecord, server_id: str, error: Exception) -> list[Output]:
        """The record did nothing but move the clock, if it could be read."""
        self.cover = record.offset
        outputs = self._journal.begin(record.offset)
        self._tell_failure(record, server_id, error)
        return outputs

    def _tell_failure(self, record: LogRecord, server_id: str, error: Exception) -> None:
        problem = problem_of(error)
        self._journal.dead_letter(record, ContractError(NOT_APPLIED, problem))
        self._journal.event(NOT_APPLIED, server_id, {"offset": record.offset, "problem": problem})
        self.counters.dead_letters += 1
        self.counters.failures += 1

    def _tick(self, record: LogRecord, head: BatchHead) -> list[Output]:
        topic_id = parse_labels(head.labels[0]).get(CONTROL_TOPIC_ID_LABEL, "")
        offset = control_offset(head)
        verdict = self._in_force.verdict(topic_id, offset)
        if verdict is Verdict.ADVANCED and offset > self._history.offset:
            raise ControlBehindError(offset, self._history.offset)
        self._time.advance(record.append_time_ms)
        self.cover = record.offset
        self.counters.ticks += 1
        outputs = self._journal.begin(record.offset)
        try:
            self._work(verdict, topic_id, offset)
        except UNREPEATABLE:
            raise
        except Exception as error:  # noqa: BLE001 - the Tick would end every worker, one after the other
            self._tell_failure(record, "", error)
        self._journal.partition_time(self._time.clock_ms, self._time.elapsed_ms)
        return outputs

    def _work(self, verdict: Verdict, topic_id: str, offset: int) -> None:
        """All that a Tick does; what fails at one server, or at one control record, fails there alone."""
        agenda = Agenda()
        if verdict is Verdict.ADVANCED:
            self._advance_control(topic_id, offset, agenda)
        elif verdict is Verdict.REFUSED and topic_id != self._in_force.refused_id:
            self._in_force.refused_id = topic_id
            facts = {"control_topic_id": topic_id, "named_offset": offset, "in_force_offset": self._in_force.offset}
            self._journal.event("control_refused", "", facts)
        self._look_at_quiet_periods(agenda)
        for server in self._effects.concerned(self._servers.values(), agenda, self.cover):
            self.counters.failures += not self._effects.work(server, agenda)
            self._dirty.add(server.server_id)

    def _advance_control(self, topic_id: str, offset: int, agenda: Agenda) -> None:
        changes = self._history.changes(self._in_force.offset, offset)
        self._in_force.advance(topic_id, offset)
        self._journal.control_offset = offset
        for change in superseded_left_out(changes):
            problem = self._configuration.take(change)
            agenda.note(change, self.place.partition)
            if problem:
                if change.entity_type == "rule":
                    self.counters.rule_failed(change.entity_id, change.offset, problem)
                facts = {"entity": f"{change.entity_type}/{change.entity_id}", "version": change.offset}
                self._journal.event("rule_error", "", {**facts, "problem": problem})
        self._configuration.rank()
        for server_id in sorted(agenda.purged):
            server = self._servers.get(server_id)
            if server is not None and server.cover < self.cover:
                self._effects.purge(server, agenda.purged[server_id])
                del self._servers[server_id]
                self._dirty.add(server_id)
        for server_id in sorted(agenda.registered):
            if server_id not in self._servers and self._configuration.profile(server_id) is not None:
                self._new_server(server_id)

    def _look_at_quiet_periods(self, agenda: Agenda) -> None:
        """All servers are looked at when a silence or a maintenance begins or ends."""
        clock_ms = self._time.clock_ms
        active = self._configuration.active(clock_ms)
        if active != self._active:
            self._active = active
            agenda.is_for_all = agenda.are_facts_new = True

    def _new_server(self, server_id: str) -> Server:
        server = self._servers[server_id] = Server(server_id)
        server.swept_ms = self._time.elapsed_ms
        return server

"""What a Tick does to the servers of a partition: configuration, commands, absence, series that are gone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pulsemon_schemas.control import PURGED, SERVER
from pulsemon_schemas.reasons import NOT_APPLIED
from pulsemon_schemas.rules import AlertCommand
from pulsemon_schemas.rules.alert_command import ENTITY_TYPE as COMMAND

from pulsemon_stream_processors.engine import standing
from pulsemon_stream_processors.engine.absence import Absence
from pulsemon_stream_processors.engine.adaptation import Adaptation
from pulsemon_stream_processors.engine.commands import Commands
from pulsemon_stream_processors.engine.configuration import Configuration
from pulsemon_stream_processors.engine.control_history import Change
from pulsemon_stream_processors.engine.failure import UNREPEATABLE, problem_of
from pulsemon_stream_processors.engine.journal import Journal
from pulsemon_stream_processors.engine.lifecycle import Lifecycle
from pulsemon_stream_processors.engine.log_time import LogTime
from pulsemon_stream_processors.engine.no_data import EXPIRE_MS, HOUR_MS, NoData
from pulsemon_stream_processors.engine.savepoint import Savepoint
from pulsemon_stream_processors.engine.server import Server

SWEEP_MS = HOUR_MS
KEEP_ENDED_MS = 7 * 24 * HOUR_MS


@dataclass(slots=True)
class Agenda:
    """What the control records of a Tick are about. ``registered`` are servers of this partition."""

    is_for_all: bool = False
    are_facts_new: bool = False
    server_ids: set[str] = field(default_factory=set)
    registered: set[str] = field(default_factory=set)
    purged: dict[str, str] = field(default_factory=dict)
    authors: dict[str, str] = field(default_factory=dict)
    commands: dict[str, list[AlertCommand]] = field(default_factory=dict)

    def note(self, change: Change, partition: int) -> None:
        """Takes one change."""
        self.authors[f"{change.entity_type}/{change.entity_id}"] = change.author
        if change.entity_type == COMMAND:
            command, _ = change.read()
            if isinstance(command, AlertCommand):
                self.commands.setdefault(command.server_id, []).append(command)
                self.server_ids.add(command.server_id)
        elif change.entity_type == SERVER:
            self.are_facts_new = True
            if change.partition == partition:
                self.server_ids.add(change.entity_id)
                self.registered.add(change.entity_id)
                if change.operation == PURGED:
                    self.purged[change.entity_id] = change.author
        else:
            self.is_for_all = self.are_facts_new = True


class TickEffects:
    """Works on the servers that a Tick concerns, in the order of their ids."""

    def __init__(
        self,
        time: LogTime,
        configuration: Configuration,
        journal: Journal,
        lifecycle: Lifecycle,
        absence: Absence,
        adaptation: Adaptation,
        no_data: NoData,
    ) -> None:
        self._time = time
        self._configuration = configuration
        self._journal = journal
        self._lifecycle = lifecycle
        self._absence = absence
        self._adaptation = adaptation
        self._no_data = no_data
        self._commands = Commands(time, lifecycle, absence)

    def concerned(self, servers: Iterable[Server], agenda: Agenda, offset: int) -> list[Server]:
        """The servers that have something to do, sorted; those whose snapshot covers the Tick have done it."""
        time = self._time
        shortest_ms = self._configuration.shortest_silence_ms
        ended_before_ms = time.clock_ms - KEEP_ENDED_MS
        swept_before_ms = time.elapsed_ms - SWEEP_MS
        spoken_before_ms = time.elapsed_ms - shortest_ms
        found = [
            server
            for server in servers
            if server.cover < offset
            and (
                agenda.is_for_all
                or server.open
                or (server.wanted and self._no_data.is_due(server))
                or (shortest_ms and 0 <= server.silence.seen_ms <= spoken_before_ms)
                or (server.ended and server.ended[0][1] <= ended_before_ms)
                or server.swept_ms <= swept_before_ms
                or server.server_id in agenda.server_ids
            )
        ]
        return sorted(found, key=lambda server: server.server_id)

    def purge(self, server: Server, actor: str) -> bool:
        """Ends what there is to say about a server; its state goes with it. False if that failed: it only goes."""
        is_done = self._attempt(server, lambda: self._adaptation.end(server, "the server was purged", actor))
        for alert_id, _ in server.ended:
            self._journal.alert_gone(server.server_id, alert_id)
        self._journal.server_gone(server.server_id)
        return is_done

    def work(self, server: Server, agenda: Agenda) -> bool:
        """All that a Tick does to one server, or nothing. False if any of it failed, and not as at the last Tick."""
        return self._attempt(server, lambda: self._work(server, agenda))

    def lose(self, server: Server, reason: str) -> bool:
        """Records are missing: what was open is unknown now. False if that failed, and nothing changed."""
        return self._attempt(server, lambda: self._lose(server, reason))

    def tell(self, server: Server) -> bool:
        """After a batch, whose samples are judged whatever happens here. False if it failed: a Tick tries again."""
        failing = server.failing
        is_told = self._attempt(server, lambda: standing.tell(server, self._configuration, self._time, self._journal))
        server.failing = server.failing or failing
        return is_told

    def _attempt(self, server: Server, act: Callable[[], None]) -> bool:
        savepoint = Savepoint(server)
        if self._adaptation.is_due(server) or self._is_sweep_due(server):
            savepoint.keep_all()
        else:
            savepoint.keep([*server.open.values(), *server.wanted])
        outputs = self._journal.outputs
        written = len(outputs)
        try:
            act()
        except UNREPEATABLE:
            raise
        except Exception as error:  # noqa: BLE001 - one server that fails must not keep the others from being judged
            savepoint.back()
            del outputs[written:]
            return self._is_told(server, problem_of(error))
        server.failing = ""
        return True

    def _is_told(self, server: Server, problem: str) -> bool:
        """Whether the Tick before failed alike, as the next ones will; if not, it is told now."""
        if problem == server.failing:
            return True
        server.failing = problem
        self._journal.event(NOT_APPLIED, server.server_id, {"offset": self._journal.offset, "problem": problem})
        return False

    def _work(self, server: Server, agenda: Agenda) -> None:
        self._adaptation.adapt(server, agenda.authors)
        for command in agenda.commands.get(server.server_id, ()):
            self._commands.obey(server, command)
        if not server.profile.is_retired:
            self._absence.judge(server)
            self._no_data.judge(server)
        self._commands.look_after(server, agenda.are_facts_new)
        self._forget(server)
        standing.tell(server, self._configuration, self._time, self._journal)

    def _lose(self, server: Server, reason: str) -> None:
        self._adaptation.adapt(server)
        for key in sorted(server.open):
            self._lifecycle.lose(server, server.open[key], reason)
        self._absence.lose(server, reason)
        standing.tell(server, self._configuration, self._time, self._journal)

    def _forget(self, server: Server) -> None:
        while server.ended and self._time.clock_ms - server.ended[0][1] >= KEEP_ENDED_MS:
            self._journal.alert_gone(server.server_id, server.ended.pop(0)[0])
        if not self._is_sweep_due(server):
            return
        server.swept_ms = self._time.elapsed_ms
        limit_ms = self._time.elapsed_ms - EXPIRE_MS
        watches = server.watches
        kept = {
            key: watch
            for key, watch in watches.items()
            if watch.alert is not None or watch.stays or watch.seen_ms >= limit_ms
        }
        forgotten = [watch.forget(EXPIRE_MS) for watch in kept.values()]
        if len(kept) < len(watches) or any(forgotten):
            server.watches = kept
            server.plans.clear()
            server.look_through()

    def _is_sweep_due(self, server: Server) -> bool:
        return self._time.elapsed_ms - server.swept_ms >= SWEEP_MS

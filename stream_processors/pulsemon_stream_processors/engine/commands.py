"""What people do to alerts, where it takes effect."""

from pulsemon_schemas.rules import AlertCommand
from pulsemon_schemas.rules.suppression import INHIBITION, suppression_text, suppression_word

from pulsemon_stream_processors.engine.absence import NO_LABELS, Absence
from pulsemon_stream_processors.engine.alert import ACKNOWLEDGED, FIRING, PENDING, RESOLVED, Alert
from pulsemon_stream_processors.engine.covering import covering
from pulsemon_stream_processors.engine.judged import Judged
from pulsemon_stream_processors.engine.lifecycle import Lifecycle, Subject, subject_of
from pulsemon_stream_processors.engine.log_time import LogTime
from pulsemon_stream_processors.engine.server import Server


class Commands:
    """Acknowledges and closes alerts, and keeps what is known about silences with them."""

    def __init__(self, time: LogTime, lifecycle: Lifecycle, absence: Absence) -> None:
        self._time = time
        self._lifecycle = lifecycle
        self._absence = absence

    def obey(self, server: Server, command: AlertCommand) -> None:
        """One command; nothing happens if its alert has ended, or is in no state for it."""
        for subject, alert, watch in _subjects(server):
            if alert.id == command.alert_id:
                self._obey(server, subject, alert, watch, command)
                return

    def look_after(self, server: Server, are_facts_new: bool) -> None:
        """At a Tick: acknowledgements that end, alerts that cover others or do so no more, and, if any of them changed,
        silences that begin or end.
        """
        covers = covering(server)
        for subject, alert, _ in _subjects(server):
            if alert.state == ACKNOWLEDGED and 0 < alert.acknowledged_until_ms <= self._time.clock_ms:
                self._lifecycle.by_tick(server, subject, alert, FIRING, alert.level, "the acknowledgement ended")
            elif alert.state != PENDING:
                before = alert.suppressed_by
                quiet = tuple(one for one in before if not one.startswith(INHIBITION))
                if are_facts_new:
                    quiet = self._lifecycle.quiet(server, subject, alert.level)
                found = (*quiet, *covers.inhibitors(subject.rule, subject.labels, alert.level))
                if found != before:
                    reason = suppression_text(found) or f"not {suppression_word(before)} any more"
                    self._lifecycle.by_tick(server, subject, alert, alert.state, alert.level, reason)

    def _obey(
        self, server: Server, subject: Subject, alert: Alert, watch: Judged | None, command: AlertCommand
    ) -> None:
        reason = command.note or command.command
        match command.command:
            case "acknowledge" if alert.state == FIRING:
                self._lifecycle.by_tick(server, subject, alert, ACKNOWLEDGED, alert.level, reason, command.author)
                alert.acknowledged_until_ms = command.until_ms
            case "unacknowledge" if alert.state == ACKNOWLEDGED:
                self._lifecycle.by_tick(server, subject, alert, FIRING, alert.level, reason, command.author)
            case "resolve" if watch is not None:
                watch.closed_seen_ms = watch.seen_ms
                self._lifecycle.expire(server, watch, reason, command.author, RESOLVED)
            case "resolve":
                self._absence.close(server, RESOLVED, reason, command.author)


def _subjects(server: Server) -> list[tuple[Subject, Alert, Judged | None]]:
    """All alerts of a server in an order that does not depend on when they began."""
    found: list[tuple[Subject, Alert, Judged | None]] = []
    for key in sorted(server.open):
        watch = server.open[key]
        if watch.alert is not None:
            found.append((subject_of(watch), watch.alert, watch))
    silence = server.silence
    if silence.alert is not None and silence.rule is not None:
        found.append((Subject(silence.rule, "", NO_LABELS), silence.alert, None))
    return found

"""Tells the status of a server whenever it, or what it rests on, changes."""

from pulsemon_schemas.rules import LEVELS, status_of

from pulsemon_stream_processors.engine.configuration import Configuration
from pulsemon_stream_processors.engine.journal import Journal
from pulsemon_stream_processors.engine.log_time import LogTime
from pulsemon_stream_processors.engine.server import Server


def tell(server: Server, configuration: Configuration, time: LogTime, journal: Journal) -> None:
    """Writes a ServerState if there is something new to say."""
    firing = server.firing()
    status = status_of(
        retired=server.profile.is_retired,
        maintenance=configuration.in_maintenance(server.profile, time.clock_ms),
        silence=server.silence.state,
        levels=firing,
        registered=server.profile.is_registered,
        seen=server.has_spoken,
    )
    is_transition = status != server.status
    if not is_transition and firing == server.told:
        return
    if is_transition:
        server.previous_status, server.status = server.status, status
        server.status_since_ms = time.clock_ms
    server.told = firing
    state = {
        "status": status,
        "previous_status": server.previous_status,
        "changed_at_ms": server.status_since_ms,
        "last_seen_at_ms": server.silence.last_seen_ms,
        "worst_level": next((level for level in reversed(LEVELS) if level in firing), ""),
        "firing": firing,
    }
    journal.server_state(server.profile, state, server.silence.state, is_transition)

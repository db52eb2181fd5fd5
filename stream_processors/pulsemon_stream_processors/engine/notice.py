"""What people must hear of, as an event of the contract: the one form of every record in ``pulsemon.events``."""

from collections.abc import Mapping

from pulsemon_schemas import codec
from pulsemon_schemas.labels import canonical
from pulsemon_schemas.records import Event
from pulsemon_schemas.ticks import TICK_SERVER_ID, TICK_SOURCE

PROBLEM = "problem"
"""The fact that people read as the text of the event; all others are its labels."""


def notice(kind: str, event_id: str, server_id: str, facts: Mapping[str, object], occurred_ms: int) -> bytes:
    """The framed event. Without a server it is of the partition, under the name that its Ticks have.

    ``occurred_ms`` is a time of the log, 0 where it has none yet. Texts may come from a rule's JSON, which can hold
    what no UTF-8 can: that is written with a backslash, so that it can be told at all.
    """
    labels = {name: _writable(str(fact)) for name, fact in facts.items() if name != PROBLEM}
    return codec.encode(
        Event(
            event_id=event_id,
            server_id=server_id or TICK_SERVER_ID,
            source=TICK_SOURCE,
            kind=kind,
            text=_writable(str(facts.get(PROBLEM, ""))),
            labels=canonical(labels),
            author="",
            occurred_at_ms=max(0, occurred_ms),
        )
    )


def _writable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()

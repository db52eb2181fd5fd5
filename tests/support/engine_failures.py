"""An engine in which something fails at one server, as a fault that nobody has found yet would."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pulsemon_stream_processors.engine import judging, standing
from pulsemon_stream_processors.engine.absence import Absence
from pulsemon_stream_processors.engine.adaptation import Adaptation
from pulsemon_stream_processors.engine.commands import Commands
from pulsemon_stream_processors.engine.journal import Journal
from pulsemon_stream_processors.engine.lifecycle import Lifecycle
from pulsemon_stream_processors.engine.producers import Producers
from pulsemon_stream_processors.engine.tick_effects import TickEffects
from pulsemon_stream_processors.engine.watch import Watch

PLACES: dict[str, tuple[Any, str]] = {
    "status": (standing, "tell"),
    "plan": (judging, "make_plan"),
    "absence ends": (Absence, "end"),
    "absence": (Absence, "judge"),
    "adaptation": (Adaptation, "adapt"),
    "command": (Commands, "obey"),
    "acknowledgement": (Commands, "look_after"),
    "forgetting": (TickEffects, "_forget"),
    "gone": (Lifecycle, "lose"),
    "transition": (Lifecycle, "_move"),
    "ended": (Lifecycle, "_keep_ended"),
    "event": (Journal, "alert"),
    "state": (Journal, "server_state"),
}
"""Where it fails: what is called there, with the server, its profile or its watches among the arguments."""


@contextmanager
def failing(place: str, server_id: str, when: Callable[[], bool] = lambda: True) -> Iterator[None]:
    """While this holds the function fails for a server, after it has done its work: what it did must be undone."""
    owner, name = PLACES[place]
    original = getattr(owner, name)

    def fail(*arguments: Any, **more: Any) -> Any:
        result = original(*arguments, **more)
        if when() and any(_is_of(one, server_id) for one in arguments):
            raise ZeroDivisionError(f"by the test, at {object()}")
        return result

    setattr(owner, name, fail)
    try:
        yield
    finally:
        setattr(owner, name, original)


def _is_of(argument: object, server_id: str) -> bool:
    return getattr(argument, "server_id", None) == server_id and not isinstance(argument, Watch | Producers)

"""Which of a few states something is in."""

from collections.abc import Iterable

from pulsemon_producers.client.instrument import Host, Instrument
from pulsemon_producers.client.reading import Labels, Reading

STATE_LABEL = "state"
MAX_STATES = 32
MAX_STATE_CHARACTERS = 100


class State(Instrument):
    """Which of a few states something is in: 1 for the present one and 0 for the others, by the label ``state``.

    Example::

        breaker = client.state("shop.breaker", states=("closed", "open", "half_open"))
        breaker.set("open")
    """

    __slots__ = ("_states", "_value")
    KIND = "state"

    def __init__(self, host: Host, name: str, labels: Labels, refusal: tuple[str, str] | None = None) -> None:
        super().__init__(host, name, labels, refusal)
        self._states: dict[str, None] = {}
        self._value: str | None = None

    def declare(self, states: Iterable[str]) -> "State":
        """Names the states there are, so that each has a series from the beginning; at most ``MAX_STATES``.

        Never raises: what is no list of states is dropped as ``invalid``. Example::

            client.state("shop.mode").declare(("normal", "read_only")).set("normal")
        """
        try:
            # a text is one state: its letters are none that anybody wants
            for state in (states,) if isinstance(states, str) else states:
                self._learn(state)
        except Exception:  # noqa: BLE001 - whatever the argument is, the host goes on
            self._refuse(states, "a list of states")
        return self

    def set(self, state: str) -> None:
        """The present state. Never blocks, never raises.

        What is no text of 1 to ``MAX_STATE_CHARACTERS`` characters is dropped as ``invalid``, one state too many as
        ``cardinality``.
        """
        if self._admits() and self._learn(state):
            self._value = state

    def read(self) -> list[Reading]:
        """As ``Instrument.read``."""
        present = self._value
        if present is None:
            return []
        return [Reading("", ((STATE_LABEL, state),), float(state == present)) for state in list(self._states)]

    def begin_anew(self) -> None:
        """As ``Instrument.begin_anew``."""
        self._value = None

    def sleep(self) -> None:
        """Every value takes the slow way."""

    def _learn(self, state: str) -> bool:
        if type(state) is not str or not 0 < len(state) <= MAX_STATE_CHARACTERS:
            self._refuse(state, f"a state: a text of 1 to {MAX_STATE_CHARACTERS} characters")
            return False
        if state not in self._states and len(self._states) >= MAX_STATES:
            self._host.drop("cardinality", 1, f"{self.name} has more than {MAX_STATES} states")
            return False
        self._states.setdefault(state)
        return True

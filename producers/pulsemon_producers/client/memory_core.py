"""A core for the tests of services: everything stays in memory, at hand for questions."""

from pulsemon_producers.client.core import Core
from pulsemon_producers.client.labelling import Labelling
from pulsemon_producers.client.reading import Told
from pulsemon_producers.client.settings import ClientSettings
from pulsemon_producers.client.transport import Nowhere


class MemoryCore(Core):
    """Never starts anything. What is asked for has the labels of the instruments alone."""

    def __init__(self, settings: ClientSettings) -> None:
        super().__init__(settings, Nowhere, handles_sigterm=False)
        self._labelling = Labelling(())
        self._told: list[Told] = []
        self._known: dict[tuple[str, str], float] = {}

    def wake(self) -> bool:
        """As ``Host.wake``."""
        return not self.is_closed

    def values(self, name: str) -> dict[str, float]:
        """All series of a name: canonical labels to the newest value, sorted."""
        for sample in self.samples(self._labelling):
            self._known[sample[:2]] = sample.value
        return {text: value for (known, text), value in sorted(self._known.items()) if known == name}

    def events(self) -> list[Told]:
        """All events so far."""
        self._told += self.take_events()
        return list(self._told)

    def dropped(self) -> dict[str, int]:
        """How many values were dropped, by reason; reasons that there were none of are left out."""
        return {reason: count for reason, count in self.drops.totals().items() if count}

    def begin_anew(self) -> None:
        """As ``Core.begin_anew``."""
        super().begin_anew()
        self._told = []
        self._known = {}

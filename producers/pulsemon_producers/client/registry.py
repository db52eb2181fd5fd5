"""All series of one client: found by name and labels, made within bounds."""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

from pulsemon_producers.client import names
from pulsemon_producers.client.instrument import Host, Instrument
from pulsemon_producers.client.natives import new_reentrant_lock
from pulsemon_producers.client.reading import Labels


class Bounds(NamedTuple):
    """How many series a client may have, and how many values a label of one metric."""

    max_series: int
    max_label_values: int


Kept = TypeVar("Kept", bound=Instrument)


class Registry:
    """Finds instruments and makes them. Thread-safe: what is found is found without a lock."""

    def __init__(self, host: Host, bounds: Bounds) -> None:
        self._host = host
        self._bounds = bounds
        self._instruments: dict[tuple[str, Labels], Instrument] = {}
        self._kinds: dict[str, type[Instrument]] = {}
        self._taken: dict[str, str] = {}
        self._values: dict[tuple[str, str], set[str]] = {}
        self.begin_anew()

    def begin_anew(self) -> None:
        """In a forked child: the series stay, their values are the parent's."""
        # a signal handler may ask for a series while its own thread makes one
        self._lock = new_reentrant_lock()
        for instrument in self.instruments():
            instrument.begin_anew()

    def __len__(self) -> int:
        return len(self._instruments)

    def instruments(self) -> list[Instrument]:
        """All there are now."""
        return list(self._instruments.values())

    def find(self, kind: type[Kept], name: Any, labels: Mapping[str, object]) -> Kept:
        """The instrument of this name and these labels; one that keeps nothing if there can be none. Never raises."""
        try:
            texts = tuple(sorted((key, names.text_of(value)) for key, value in labels.items()))
            found = self._instruments.get((name, texts))
            if type(found) is kind:
                return found
            with self._lock:
                return self._make(kind, name, texts)
        except Exception as error:  # noqa: BLE001 - whatever the arguments do, the host goes on
            problem = names.problem_with(name) or f"a label has no text ({type(error).__name__})"
            return self._refused(kind, name, "invalid", problem)

    def _make(self, kind: type[Kept], name: Any, texts: Labels) -> Kept:
        if problem := names.problem_with(name) or names.problem_with_keys(dict(texts)) or self._clash(kind, name):
            return self._refused(kind, name, "invalid", problem)
        known = self._instruments.get((name, texts))
        if known is not None:
            return known  # type: ignore[return-value]  # all of one name are of one kind
        if problem := self._no_room(name, texts):
            return self._refused(kind, name, "cardinality", problem)
        for key, text in texts:
            self._values.setdefault((name, key), set()).add(text)
        self._kinds[name] = kind
        self._taken.update({f"{name}{suffix}": name for suffix in kind.SUFFIXES})
        # a signal handler may have made it meanwhile, in this very thread
        return self._instruments.setdefault((name, texts), kind(self._host, name, texts))  # type: ignore[return-value]

    def _clash(self, kind: type[Instrument], name: str) -> str:
        """A name has one kind, and no two instruments send under one name."""
        known = self._kinds.get(name)
        if known is not None:
            return "" if known is kind else f"it is a {known.KIND} already, not a {kind.KIND}"
        for suffix in kind.SUFFIXES:
            other = self._taken.get(f"{name}{suffix}")
            if other is not None:
                return f"{name}{suffix} is sent by {other} already"
        return ""

    def _no_room(self, name: str, texts: Labels) -> str:
        if len(self._instruments) >= self._bounds.max_series:
            return f"there are {self._bounds.max_series} series already"
        for key, text in texts:
            known = self._values.get((name, key), ())
            if text not in known and len(known) >= self._bounds.max_label_values:
                return f"its label {key} has {self._bounds.max_label_values} values already"
        return ""

    def _refused(self, kind: type[Kept], name: Any, reason: str, problem: str) -> Kept:
        shown = name[: names.MAX_NAME_CHARACTERS] if isinstance(name, str) else type(name).__name__
        return kind(self._host, shown, (), (reason, f"{kind.KIND} {shown}: {problem}"))

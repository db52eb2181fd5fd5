"""What one server looks like at some times of one life: its slow curves with the quick noise on top."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from pulsemon_schemas.labels import canonical

from pulsemon_deploy.simulate.curves import Curves
from pulsemon_deploy.simulate.fleet import Server
from pulsemon_deploy.simulate.noise import Floats, Seconds, key, uniform, wander

TICK_SECONDS = 10
# A counter is read up to this much ahead of its time. Less than a tick, so that it never goes backwards.
READ_AHEAD_SECONDS = 8.0
RATIO_DIGITS = 4

Series = Iterator[tuple[str, str, Floats]]


@dataclass(frozen=True)
class Moment:
    """One server at ascending times (whole seconds) between two boots."""

    seed: int
    server: Server
    curves: Curves
    times: Seconds

    def level(self, name: str) -> Floats:
        """A curve at the times."""
        return self.curves.level(name, self.times)

    def total(self, name: str) -> Floats:
        """What a curve summed up since the boot, read a little unevenly, as counters are. Never falls."""
        return self.curves.total(name, self._reading_times)

    def mean(self, name: str, window_seconds: int) -> Floats:
        """A curve averaged over the window before each time."""
        return self.curves.mean(name, self.times, window_seconds)

    def shake(self, name: str) -> Floats:
        """Noise between -1 and 1, from tick to tick and from minute to minute."""
        stream = key(self.seed, "shake", self.server.index, name)
        quick = uniform(stream, self.times // TICK_SECONDS) * 2.0 - 1.0
        return 0.6 * quick + 0.4 * wander(stream + 1, self.times, 60)

    def shaken(self, name: str, share: float) -> Floats:
        """A curve with noise of at most this share of its height."""
        return self.level(name) * (1.0 + share * self.shake(name))

    def constant(self, value: float) -> Floats:
        """The same value at all times."""
        return np.full(len(self.times), float(value))

    @property
    def uptime_seconds(self) -> Floats:
        """Since the boot."""
        return (self.times - self.curves.booted_at).astype(np.float64)

    @cached_property
    def _reading_times(self) -> Floats:
        stream = key(self.seed, "reading", self.server.index)
        ahead = wander(stream, self.times, TICK_SECONDS) * 0.5 + 0.5
        return self.times + READ_AHEAD_SECONDS * ahead


def ratio(values: Floats) -> Floats:
    """A share as agents report it: within 0 and 1, four digits."""
    return values.clip(0.0, 1.0).round(RATIO_DIGITS)


def whole(values: Floats) -> Floats:
    """A count."""
    return np.floor(values)


def series(name: str, values: Floats, **labels: str) -> tuple[str, str, Floats]:
    """One series. Keys of labels are written with __ for a dot, as ``cpu__mode``."""
    return name, canonical({label.replace("__", "."): value for label, value in labels.items()}), values

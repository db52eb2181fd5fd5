"""What the simulator tells about itself; it is told under the id of the real host."""

from dataclasses import dataclass

from pulsemon_schemas.runtime.own_metrics import Sample, sample

from pulsemon_deploy.simulate.outlet import Outlet

PREFIX = "pulsemon.simulator"


@dataclass(slots=True)
class Vitals:
    """Counts are since the start, the lateness since it was told last."""

    servers: int
    outlet: Outlet
    latest_seconds: float = 0.0

    def made(self, late_seconds: float) -> None:
        """A batch was made, so much later than planned."""
        self.latest_seconds = max(self.latest_seconds, late_seconds)

    def samples(self) -> list[Sample]:
        """All of it."""
        latest_seconds, self.latest_seconds = self.latest_seconds, 0.0
        told = {
            "servers": self.servers,
            "batches": self.outlet.batches,
            "acknowledged": self.outlet.acknowledged,
            "dropped": self.outlet.dropped,
            "lateness": latest_seconds,
        }
        return [sample(f"{PREFIX}.{name}", value) for name, value in told.items()]

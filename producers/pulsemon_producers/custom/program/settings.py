"""One executable."""

from dataclasses import dataclass
from pathlib import Path

from pulsemon_producers.custom.checks import check_absolute, check_name, check_times


@dataclass(frozen=True, slots=True)
class ProgramSettings:
    """What is started, with which arguments, how often, and when it is ended. No shell reads any of it."""

    name: str
    path: Path
    arguments: tuple[str, ...] = ()
    interval_seconds: float = 60.0
    timeout_seconds: float = 10.0

    def __post_init__(self) -> None:
        check_name(self.name)
        check_absolute("path", self.path)
        check_times(self.interval_seconds, self.timeout_seconds)
        if any("\0" in argument for argument in self.arguments):
            raise ValueError("arguments cannot hold a NUL")

"""The folder."""

from dataclasses import dataclass
from pathlib import Path

from pulsemon_producers.custom.checks import check_absolute, check_times


@dataclass(frozen=True, slots=True)
class TextFileSettings:
    """Where the files are, and from what age on one says nothing any more."""

    folder: Path
    max_age_seconds: float = 3600.0
    interval_seconds: float = 30.0
    timeout_seconds: float = 5.0

    def __post_init__(self) -> None:
        check_absolute("folder", self.folder)
        check_times(self.interval_seconds, self.timeout_seconds)
        if not self.max_age_seconds > 0:  # also what is no number
            raise ValueError("max_age_seconds must be above 0")

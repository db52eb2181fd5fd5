"""Which names of metrics may come from where."""

from enum import StrEnum

CUSTOM_PREFIX = "custom."
"""Names that collectors of others may use; what they mean is their business."""


class Names(StrEnum):
    """Which names a collector may send. The agent decides it: what others wrote runs behind a collector of ours."""

    OURS = "ours"
    """Those of the catalogue."""
    CUSTOM = "custom"
    """Those that begin with ``custom.``."""
    MAPPED = "mapped"
    """Both: ours reads what a program or file of others says, and puts ``custom.`` before its names."""
    SCRAPED = "scraped"
    """Those of the catalogue, and names without a dot: none of ours is so, and all of Prometheus's are."""

    @property
    def counters_may_restart(self) -> bool:
        """True where what counts is another process, which may start anew at any time."""
        return self in (Names.MAPPED, Names.SCRAPED)

    def is_foreign(self, name: str) -> bool:
        """True if the name is one that the catalogue need not have."""
        if self is Names.SCRAPED:
            return "." not in name
        return self is not Names.OURS and name.startswith(CUSTOM_PREFIX)

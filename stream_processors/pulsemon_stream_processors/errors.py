"""What ends a worker. Its successor restores the partitions and goes on; nothing is lost or done twice."""

from pulsemon_schemas.errors import PermanentError


class WriteError(PermanentError):
    """A transaction failed, or another worker has taken the partition over. What it held was not committed."""


class RestoreError(PermanentError):
    """The state of a partition cannot be read, or does not fit the logs. Nothing was changed."""


class StuckError(PermanentError):
    """There is something to read or to commit, and for too long nothing was."""


class LogReplacedError(PermanentError):
    """A topic was made anew under its name: this worker's state is of another log."""

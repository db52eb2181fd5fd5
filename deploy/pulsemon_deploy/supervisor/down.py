"""``pulsemon down``: asks the supervisor of this home to stop, and waits until it has."""

import contextlib
import os
import select
import signal

from pulsemon_schemas.errors import TransientError

from pulsemon_deploy.home import Home
from pulsemon_deploy.supervisor.lock import holder

WAIT_SECONDS = 90.0


def down(home: Home, wait_seconds: float = WAIT_SECONDS) -> int | None:
    """The process that was stopped, or None if none ran. TransientError if it did not end in time."""
    pid = holder(home.lock_file)
    if not pid:
        return None
    with contextlib.suppress(ProcessLookupError):
        process = os.pidfd_open(pid)
        try:
            os.kill(pid, signal.SIGTERM)
            if not select.select([process], [], [], wait_seconds)[0]:
                raise TransientError(
                    f"process {pid} was asked to stop and has not ended within {wait_seconds:g} s; "
                    f"nothing is lost by waiting longer. Its log: {home.logs / 'supervisor.log'}"
                )
        finally:
            os.close(process)
    return pid

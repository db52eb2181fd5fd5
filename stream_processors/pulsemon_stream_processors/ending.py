"""How a worker ends when it cannot go on: at once, so that nothing more is written by what may be wrong."""

import logging
import os
import sys
from typing import NoReturn

from pulsemon_schemas.errors import PulsemonError

log = logging.getLogger(__name__)

STOPPED, FAILED = 0, 1


def end_process(error: BaseException) -> NoReturn:
    """Says why and ends the process with code 1; no cleanup, since that could commit. The supervisor starts another."""
    log.critical("The worker ends: %s", error, exc_info=error if _is_unexpected(error) else None)
    _exit(FAILED)


def leave_process() -> NoReturn:
    """Ends the process with code 0 although Faust's threads still wait for the group: all that counts is written."""
    _exit(STOPPED)


def _exit(code: int) -> NoReturn:
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _is_unexpected(error: BaseException) -> bool:
    return not isinstance(error, PulsemonError)

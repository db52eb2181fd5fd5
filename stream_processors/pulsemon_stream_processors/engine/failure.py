"""What is told of an error that nobody expected: the same words at every replay."""

import re
from traceback import extract_tb

MAX_CHARACTERS = 500
_ADDRESS = re.compile(r"\b0x[0-9a-f]+\b")

UNREPEATABLE = (MemoryError, RecursionError)
"""Errors of the process and not of what it does: another run would not meet them at the same record."""


def problem_of(error: Exception) -> str:
    """The error in one line, without what differs from run to run, and the function that it came from."""
    try:
        text = _ADDRESS.sub("0x", str(error))[:MAX_CHARACTERS]
    except Exception:  # noqa: BLE001 - an error that cannot even be told has its name
        text = ""
    frames = extract_tb(error.__traceback__)
    where = f" (in {frames[-1].name})" if frames else ""
    return f"{type(error).__name__}: {text}{where}"

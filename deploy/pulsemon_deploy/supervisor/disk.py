"""How much room is left for the data, and what to tell people about it."""

import os
from enum import IntEnum
from pathlib import Path

LOW_BYTES = 2_000_000_000
FULL_BYTES = 300_000_000
CHECK_SECONDS = 30.0
LEAST = f"{FULL_BYTES / 1e6:,.0f} MB"
ADVICE = "free some space, or move the data with PULSEMON_LOCAL_HOME"


class Room(IntEnum):
    """How much is left, in the words that matter."""

    ENOUGH = 0
    LOW = 1
    FULL = 2


def free_bytes(folder: Path) -> int:
    """What this user may still write below ``folder``, or below the nearest folder above it that exists."""
    while not folder.exists():
        folder = folder.parent
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def judge(free: int) -> Room:
    """The room that so many free bytes are."""
    if free < FULL_BYTES:
        return Room.FULL
    return Room.LOW if free < LOW_BYTES else Room.ENOUGH


def left(free: int, folder: Path) -> str:
    """What is left, in words."""
    return f"the disk of {folder} has {free / 1e6:,.0f} MB left"


def sentence(room: Room, free: int, folder: Path) -> str:
    """What happens next; "" when there is enough."""
    if room is Room.FULL:
        return f"{left(free, folder)}, so new data may not be stored until you free some space"
    if room is Room.LOW:
        return f"{left(free, folder)}: free some space soon; below {LEAST} new data may not be stored"
    return ""


def refusal(free: int, folder: Path) -> str:
    """Why nothing is begun on a full disk."""
    return f"{left(free, folder)}, and {LEAST} are the least to begin with: {ADVICE}"

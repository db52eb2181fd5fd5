"""Cutting the tail of a log off the files of a broker that does not run, as a loss of power without fsync does."""

from pathlib import Path

LENGTH_AT, BODY_AT = 8, 12


def cut_tail(data_folder: Path, topic: str, partition: int, wanted: int) -> int:
    """Removes the batches of records from the first one on that begins at ``wanted`` or later; returns its offset."""
    (segment,) = (data_folder / f"{topic}-{partition}").glob("*.log")
    content = segment.read_bytes()
    at = 0
    while at + BODY_AT <= len(content):
        first_offset = int.from_bytes(content[at : LENGTH_AT + at], "big")
        length = int.from_bytes(content[at + LENGTH_AT : at + BODY_AT], "big")
        if first_offset >= wanted and length:
            segment.write_bytes(content[:at])
            return first_offset
        at += BODY_AT + length
    raise AssertionError(f"{segment} has no batch from {wanted} on")

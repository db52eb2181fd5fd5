"""Points into the arrays of batches: one moment each, sorted, each series once, no larger than the log takes."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from pulsemon_schemas.topics import MAX_RECORD_BYTES

from pulsemon_producers.gateway.point import Point

MAX_SAMPLES_A_BATCH = 5000
MAX_TEXT_BYTES = MAX_RECORD_BYTES - 128 * 1024
"""Room for the values of a full batch, lengths and ids is left."""
BYTES_A_CHARACTER = 4


def groups(points: Iterable[Point]) -> Iterator[list[Point]]:
    """The points of one batch after the other, oldest moments first; of equal series the last one given stays."""
    newest = {point[:3]: point for point in points}
    for _, moment in groupby(sorted(newest.values()), key=lambda point: point.recorded_at_ms):
        yield from _pieces(moment)


def _pieces(moment: Iterable[Point]) -> Iterator[list[Point]]:
    piece: list[Point] = []
    room = MAX_TEXT_BYTES
    for point in moment:
        size = _text_bytes(point.name) + _text_bytes(point.labels)
        if piece and (size > room or len(piece) == MAX_SAMPLES_A_BATCH):
            yield piece
            piece, room = [], MAX_TEXT_BYTES
        piece.append(point)
        room -= size
    if piece:
        yield piece


def _text_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text) * BYTES_A_CHARACTER

"""Cuts the samples of a tick so that each piece fits into a record of the topic."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

MAX_SAMPLES_A_BATCH = 5000
MAX_CHARACTERS_A_BATCH = 200_000
"""Even if each takes four bytes, names and labels stay below the largest record that the topic takes."""


class Named(Protocol):
    """A sample, as far as its size is concerned."""

    @property
    def name(self) -> str:
        """The metric."""

    @property
    def labels(self) -> str:
        """Its labels as one text."""


Piece = TypeVar("Piece", bound=Named)


def pieces(ordered: Sequence[Piece], max_samples: int = MAX_SAMPLES_A_BATCH) -> list[Sequence[Piece]]:
    """The samples in their order, in at least one piece."""
    found: list[Sequence[Piece]] = []
    start = characters = 0
    for index, sample in enumerate(ordered):
        size = len(sample.name) + len(sample.labels)
        characters += size
        if index - start >= max_samples or (characters > MAX_CHARACTERS_A_BATCH and index > start):
            found.append(ordered[start:index])
            start, characters = index, size
    return [*found, ordered[start:]]

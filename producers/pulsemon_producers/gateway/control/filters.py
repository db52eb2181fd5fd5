"""Parameters that narrow a list."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Filter(Generic[Item]):
    """One parameter of a list. ``matches`` is asked with an item and each value that was given: all must match."""

    description: str
    matches: Callable[[Item, str], bool]
    is_repeatable: bool = False

"""A client that breaks its promises: whatever is asked of it raises."""

from typing import NoReturn


class BrokenClient:
    """Counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def timer(self, name: str, /, **labels: object) -> NoReturn:
        self._raise()

    def up_down(self, name: str, /, **labels: object) -> NoReturn:
        self._raise()

    def exceptions(self, name: str, /, **labels: object) -> NoReturn:
        self._raise()

    def _raise(self) -> NoReturn:
        self.asked += 1
        raise RuntimeError("broken")

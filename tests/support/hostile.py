"""An argument that does not behave."""


class Hostile:
    """Fails in every way that an argument can fail."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__

    def __float__(self) -> float:
        raise RuntimeError("no number")

    def __le__(self, other: object) -> bool:
        return True

    def __lt__(self, other: object) -> bool:
        return True

    def __ge__(self, other: object) -> bool:
        return True

    def __gt__(self, other: object) -> bool:
        return True

    def __sub__(self, other: object) -> int:
        return 0

    def __hash__(self) -> int:
        raise RuntimeError("no hash")

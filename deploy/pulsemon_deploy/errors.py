"""Errors of the command line and its supervisor; the root is that of all our errors."""

from pulsemon_schemas.errors import PulsemonError


class MissingExtraError(PulsemonError):
    """A command needs a part of the distribution that is not installed."""

    def __init__(self, module: str, extra: str) -> None:
        self.module = module
        self.extra = extra
        super().__init__(module, extra)

    def __str__(self) -> str:
        verb = "are" if "," in self.module else "is"
        return f"this needs {self.module}, which {verb} not installed; run: pip install 'pulsemon[{self.extra}]'"


def one_line(error: Exception) -> str:
    """The message of an error as one line of a log or console."""
    problems = getattr(error, "problems", None)
    return "; ".join(problems) if problems else " ".join(str(error).split())

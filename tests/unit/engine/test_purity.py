"""The engines' own sources ask for nothing that another run would answer differently."""

import ast
from pathlib import Path

import pulsemon_stream_processors.engine as engine
import pulsemon_stream_processors.fleet as fleet

FOLDERS = (Path(engine.__file__).parent, Path(fleet.__file__).parent)
SOURCES = sorted(path for folder in FOLDERS for path in folder.glob("*.py"))
FORBIDDEN = {"open", "input", "id", "hash", "vars", "print"}


def _calls(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {call.id for call in calls if isinstance(call, ast.Name)}


def test_nothing_is_asked_that_differs_from_run_to_run() -> None:
    assert len(SOURCES) > 25
    assert {path.name: _calls(path) & FORBIDDEN for path in SOURCES if _calls(path) & FORBIDDEN} == {}


def test_sets_are_never_walked_where_order_shows() -> None:
    """What the engines write is sorted, or in the order of the log: the hash seed of a process must not show."""
    walked = [
        f"{path.name}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.For) and isinstance(node.iter, ast.Set | ast.SetComp)
    ]
    assert walked == []

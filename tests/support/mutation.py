"""Mutation testing of the pure modules: one change at a time, and whether their fast tests notice.

Tools that exist want another layout, or a copy of the tree for each change. Here a copy of the one package is made in a
folder of its own, which stands first on the path, and the tests of the tree run against it.
"""

import argparse
import ast
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ENGINE = "stream_processors/pulsemon_stream_processors/engine"
FLEET = "stream_processors/pulsemon_stream_processors/fleet"
SCHEMAS = "schemas/pulsemon_schemas"
TESTS = {
    ENGINE: ("tests/unit/engine", "tests/property/engine"),
    FLEET: ("tests/unit/fleet", "tests/property/fleet"),
    f"{SCHEMAS}/rules": ("tests/contract/rules", "tests/unit/engine", "tests/unit/fleet"),
    f"{SCHEMAS}/validity.py": ("tests/unit/schemas/test_validity.py",),
    f"{SCHEMAS}/control.py": ("tests/unit/schemas/test_control.py", "tests/property/schemas/test_control.py"),
}
"""Modules, and the tests that must notice a change in them, the quickest first."""
SWAPS: dict[type[ast.AST], type[Any]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Add: ast.Sub, ast.Sub: ast.Add,
    ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
SECONDS_A_MUTANT = 120.0


@dataclass(frozen=True)
class Mutant:
    """One change: the node by its place in the walk of a module's tree."""

    module: str
    line: int
    index: int
    what: str


def mutants_of(path: Path) -> Iterator[Mutant]:
    """All changes that are tried in a module."""
    for index, node in enumerate(ast.walk(ast.parse(path.read_text("utf-8")))):
        if (what := _change(node)) is not None:
            yield Mutant(str(path.relative_to(ROOT)), getattr(node, "lineno", 0), index, what)


def mutated(source: str, index: int) -> str:
    """The source with the node changed."""
    tree = ast.parse(source)
    for at, node in enumerate(ast.walk(tree)):
        if at == index:
            _change(node)
    return ast.unparse(ast.fix_missing_locations(tree))


def _change(node: ast.AST) -> str | None:
    """Changes a node, and says how; None if nothing is changed in such a node."""
    match node:
        case ast.Compare(ops=[one, *_]) if type(one) in SWAPS:
            node.ops[0] = new = SWAPS[type(one)]()
        case ast.BinOp(op=one) | ast.AugAssign(op=one) if type(one) in SWAPS:
            node.op = new = SWAPS[type(one)]()
        case ast.BoolOp(op=one):
            node.op = new = SWAPS[type(one)]()
        case ast.UnaryOp(op=ast.Not()):
            node.op = ast.Not()
            node.operand = ast.UnaryOp(ast.Not(), node.operand)
            return "not x → x"
        case ast.Constant(value=bool(value)):
            node.value = not value
            return f"{value} → {not value}"
        case ast.Constant(value=int(value) | float(value)):
            node.value = value + 1
            return f"{value} → {value + 1}"
        case ast.Return(value=ast.expr()) if not isinstance(node.value, ast.Constant):
            node.value = ast.Constant(None)
            return "return → None"
        case _:
            return None
    return f"{type(one).__name__} → {type(new).__name__}"


def is_noticed(mutant: Mutant, tests: tuple[str, ...]) -> bool:
    """Whether a test fails with this change; one that does not come to its end is noticed too."""
    package = Path(mutant.module).parts[0]
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        shutil.copytree(ROOT / package, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        target = Path(folder, *Path(mutant.module).parts[1:])
        target.write_text(mutated(target.read_text("utf-8"), mutant.index), "utf-8")
        environment = {**os.environ, "PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"}
        options = ["-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=1", "-W", "ignore"]
        for one in tests:
            command = [sys.executable, "-m", "pytest", *options, one]
            try:
                done = subprocess.run(
                    command, cwd=ROOT, env=environment, capture_output=True, timeout=SECONDS_A_MUTANT, check=False
                )
            except subprocess.TimeoutExpired:
                return True
            if done.returncode:
                return True
    return False


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sample", type=int, default=40, help="how many changes are tried")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--seconds", type=float, default=600.0, help="of CPU, after which no more are tried")
    arguments.add_argument("--only", default="", help="modules whose path has this in it")
    chosen = arguments.parse_args()
    found = [
        (mutant, tests)
        for place, tests in TESTS.items()
        for path in sorted((ROOT / place).glob("*.py") if (ROOT / place).is_dir() else [ROOT / place])
        if chosen.only in str(path)
        for mutant in mutants_of(path)
    ]
    sample = random.Random(chosen.seed).sample(found, min(chosen.sample, len(found)))
    noticed, survivors, began = 0, list[Mutant](), time.monotonic()
    for mutant, tests in sample:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        if usage.ru_utime + usage.ru_stime > chosen.seconds:
            break
        if is_noticed(mutant, tests):
            noticed += 1
        else:
            survivors.append(mutant)
            print(f"{mutant.module}:{mutant.line}: {mutant.what}", flush=True)
    tried = noticed + len(survivors)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        json.dumps(
            {
                "possible": len(found), "tried": tried, "noticed": noticed, "seed": chosen.seed,
                "cpu_seconds": round(usage.ru_utime + usage.ru_stime), "seconds": round(time.monotonic() - began),
            }
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()

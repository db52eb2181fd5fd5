"""The examples in the docstrings of the public modules: which there are, and whether they run.

Run as a program it runs them all, each in a namespace of its own, and prints those that fail.
"""

import contextlib
import doctest
import importlib
import inspect
import io
import queue
import re
import sys
import textwrap
import traceback
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

MODULES = (
    "pulsemon",
    "pulsemon.alerts",
    "pulsemon.collectors",
    "pulsemon.logs",
    "pulsemon.middleware",
    "pulsemon.middleware.routes",
    "pulsemon.process",
    "pulsemon.testing",
)
BLOCK = "Example::"
PROMPT = ">>>"


class Documented(NamedTuple):
    """A public module, class, function, method or property, and its docstring."""

    name: str
    text: str
    kind: str = "member"

    @property
    def has_example(self) -> bool:
        return PROMPT in self.text or BLOCK in self.text


def documented() -> list[Documented]:
    """All there are, each once."""
    found: dict[str, Documented] = {}
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        found[module_name] = Documented(module_name, inspect.getdoc(module) or "", "module")
        for name in names_of(module):
            thing = getattr(module, name)
            if inspect.isclass(thing) or inspect.isfunction(thing):
                full = f"{thing.__module__}.{thing.__qualname__}"
                found[full] = Documented(full, inspect.getdoc(thing) or "", "class or function")
            if inspect.isclass(thing):
                found |= {one.name: one for one in members(thing)}
    return list(found.values())


def without_example() -> list[str]:
    """Classes and functions that have none, and that none of their module's examples uses; and methods of clients."""
    all_modules = {name: inspect.getdoc(importlib.import_module(name)) or "" for name in MODULES}
    prompts = "\n".join(
        line for text in all_modules.values() for line in text.splitlines() if line.startswith((PROMPT, "..."))
    )
    return [
        one.name
        for one in documented()
        if not one.has_example and one.kind != "module" and (one.kind != "member" or ".Client." in one.name)
        if not re.search(rf"\b{one.name.rpartition('.')[2]}\b", prompts)
    ]


def names_of(module: Any) -> list[str]:
    """What a module offers: its list, or else what it defines."""
    listed: list[str] | None = getattr(module, "__all__", None)
    if listed is not None:
        return listed
    return [
        name
        for name, thing in vars(module).items()
        if not name.startswith("_") and getattr(thing, "__module__", None) == module.__name__
    ]


def members(kind: type) -> Iterator[Documented]:
    """Public methods and properties that a class of ours has or inherits from one of ours."""
    for base in kind.__mro__:
        if not base.__module__.startswith("pulsemon"):
            continue
        for name, thing in vars(base).items():
            function = thing.fget if isinstance(thing, property) else getattr(thing, "__func__", thing)
            if not name.startswith("_") and inspect.isfunction(function):
                yield Documented(f"{base.__module__}.{base.__qualname__}.{name}", inspect.getdoc(function) or "")


def namespace() -> dict[str, Any]:
    """What examples take for granted: a client, and the business of a shop."""
    import pulsemon
    from pulsemon.testing import MemoryClient

    def nothing(*_: object) -> None:
        """Stands for work."""

    job = SimpleNamespace(run=nothing)
    names = ("answer", "pay", "load", "send", "work", "render")
    return {
        "client": MemoryClient("shop"),
        "cache": SimpleNamespace(hits=3, __len__=nothing),
        "pool": [1, 2],
        "queue": queue.Queue(),
        "job": job,
        "resident_bytes": lambda: 1.0,
        **{name: getattr(pulsemon, name) for name in pulsemon.__all__},
        **dict.fromkeys(names, nothing),
    }


def block_of(text: str) -> str:
    """The code behind ``Example::``."""
    code = textwrap.dedent(text.partition(BLOCK)[2]).strip("\n")
    if code.startswith("except "):  # the way out of something that failed
        code = f"try:\n    raise OSError\n{code}"
    return code


def run(one: Documented) -> str:
    """Runs an example; what went wrong, "" for nothing."""
    if BLOCK in one.text:
        return run_block(block_of(one.text))
    module = sys.modules[module_of(one.name)]
    test = doctest.DocTestParser().get_doctest(one.text, {**vars(module), **namespace()}, one.name, None, 0)
    out = io.StringIO()
    runner = doctest.DocTestRunner(verbose=False)
    failed, _ = runner.run(test, out=out.write)
    return out.getvalue() if failed else ""


def module_of(name: str) -> str:
    """The module that a dotted name begins with."""
    while name not in sys.modules:
        name = name.rpartition(".")[0]
    return name


def run_block(code: str) -> str:
    """Runs code; what went wrong, "" for nothing."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(code, "<example>", "exec"), namespace())
    except Exception:  # noqa: BLE001 - told by whoever runs it
        return f"{code}\n{traceback.format_exc(limit=-1)}"
    return ""


def main() -> int:
    """Runs all; prints those that fail, and returns how many."""
    failures = [(one.name, problem) for one in documented() if one.has_example and (problem := run(one))]
    for name, problem in failures:
        print(f"--- {name}\n{problem}")
    return len(failures)


if __name__ == "__main__":
    sys.exit(main())

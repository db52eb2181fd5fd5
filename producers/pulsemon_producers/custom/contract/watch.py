"""Run as a program, ``python -m … MODULE``: imports a module and prints, as JSON, what else that did."""

import contextlib
import importlib
import io
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

EVENTS = {
    "socket.connect": "connects to the network",
    "socket.bind": "listens on the network",
    "socket.getaddrinfo": "asks for a name",
    "subprocess.Popen": "starts a program",
    "os.system": "starts a program",
    "os.posix_spawn": "starts a program",
    "os.exec": "becomes another program",
    "os.fork": "forks",
    "os.remove": "removes a file",
    "os.mkdir": "makes a folder",
}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def _states() -> Mapping[str, Any]:
    """What an import must leave as it was, each with the words for a change of it."""
    return {
        "starts a thread": threading.active_count(),
        "changes the environment": dict(os.environ),
        "changes the folder it runs in": os.getcwd(),  # noqa: PTH109 - as plain as the finding
        "sets up logging": (logging.root.level, list(logging.root.handlers)),
        "handles signals": [signal.getsignal(number) for number in sorted(signal.valid_signals())],
    }


def _hook(found: list[str]) -> Callable[[str, tuple[Any, ...]], None]:
    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in EVENTS:
            found.append(EVENTS[event])
        elif event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING:
            found.append(f"writes to {arguments[0]}")

    return hook


def watch(module: str) -> list[str]:
    """What importing it did. A failure of the import is one of the findings."""
    found: list[str] = []
    output = io.StringIO()
    before = _states()
    sys.addaudithook(_hook(found))
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            importlib.import_module(module)
        except BaseException as error:  # noqa: BLE001 - whatever ends the import is what is to be told
            found.append(f"fails with {type(error).__name__}: {error}")
    after = _states()
    found += [words for words, state in before.items() if after[words] != state]
    if output.getvalue():
        found.append(f"prints {output.getvalue().strip()[:100]!r}")
    return list(dict.fromkeys(found))


if __name__ == "__main__":
    print(json.dumps(watch(sys.argv[1])))

"""Who reads a docstring finds an example in it, and it works."""

import os
import subprocess
import sys
from pathlib import Path

from support.docstring_examples import BLOCK, Documented, block_of, documented, run, without_example

TESTS = Path(__file__).parents[2]


def test_every_public_class_and_function_has_an_example() -> None:
    assert without_example() == []


def test_the_examples_run() -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(TESTS), "PULSEMON_CLIENT_TRANSPORT": "none"}
    argv = [sys.executable, "-W", "error", "-m", "support.docstring_examples"]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_an_example_that_does_not_work_is_found() -> None:
    """Both kinds of examples can fail."""
    assert "ZeroDivisionError" in run(Documented("pulsemon.wrong", f"{BLOCK}\n\n    1 / 0"))
    assert "Expected:" in run(Documented("pulsemon.wrong", ">>> 1 + 1\n3"))
    assert run(Documented("pulsemon.right", f"Says so. {BLOCK}\n\n    client.count('shop.orders')")) == ""


def test_examples_are_looked_for_where_they_are() -> None:
    names = {one.name for one in documented()}
    assert {"pulsemon_producers.client.client.Client.count", "pulsemon.alerts.reader.read"} <= names
    assert block_of(f"One. {BLOCK}\n\nif True:\n    x = 1\n") == "if True:\n    x = 1"

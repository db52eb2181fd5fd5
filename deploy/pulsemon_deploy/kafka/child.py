"""A process that cannot outlive the one that started it, not even when that one is killed."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pulsemon_deploy.supervisor import guard


def dying_with_parent(argv: Sequence[str]) -> list[str]:
    """The same command, to be started by this process: the kernel kills it when the starting thread ends."""
    return [sys.executable, "-I", "-S", guard.__file__, str(os.getpid()), *argv]


def start_child(argv: Sequence[str], environ: Mapping[str, str], output: Path) -> subprocess.Popen[bytes]:
    """Starts ``argv`` so that it dies with this process; its output is appended to a file."""
    with output.open("ab") as file:
        return subprocess.Popen(
            dying_with_parent(argv),
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in a terminal is for the parent, which stops its children in order
        )

"""Starting a process that cannot outlive the one that started it."""

import ctypes
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def start_child(argv: Sequence[str], environ: Mapping[str, str], output: Path) -> subprocess.Popen[bytes]:
    """Starts ``argv``, its output appended to a file. The kernel kills it when the thread that called this ends."""
    libc = ctypes.CDLL(None)

    def die_with_parent() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    with output.open("ab") as file:
        return subprocess.Popen(
            argv,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in a terminal is for the parent, which stops its children in order
            preexec_fn=die_with_parent,
        )

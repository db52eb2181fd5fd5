"""Becomes a program that cannot outlive the supervisor: ``python -I -S guard.py PARENT_PID PROGRAM [ARGUMENT …]``.

The kernel sends SIGKILL to this process when its parent ends, in whatever way: PR_SET_PDEATHSIG. The setting is kept
when the process becomes another program, so no role has to know of it, and no watching process has to stay beside it.
It is set here, after the fork, because Python code between fork and exec is not safe in general. SIGKILL rather than
SIGTERM, because it is certain: what was acknowledged survives it, which is tested.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """See the module."""
    parent_pid, program, *arguments = sys.argv[1:]
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent_pid):
        sys.exit(1)  # it ended before the line above: nobody would send the signal any more
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.execvp(program, [program, *arguments])  # noqa: S606 - a list of ours, no shell


if __name__ == "__main__":
    main()

"""Work for this machine's processors that ends by itself."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_SPIN = "import time\nend = time.monotonic() + float({seconds!r})\nwhile time.monotonic() < end: pass"


@contextmanager
def busy_processors(at_most_seconds: float) -> Iterator[None]:
    """Keeps every processor busy for the body, and never longer than ``at_most_seconds``."""
    argv = (sys.executable, "-I", "-c", _SPIN.format(seconds=at_most_seconds))
    spinning = [subprocess.Popen(argv) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for one in spinning:
            one.kill()
            one.wait()

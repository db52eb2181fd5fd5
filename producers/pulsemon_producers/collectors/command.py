"""Programs of the system, run without a shell, with nothing of the agent's environment, and never for long."""

import subprocess
from collections.abc import Sequence

TIMEOUT_SECONDS = 4.0
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"}


def run_command(arguments: Sequence[str], timeout_seconds: float = TIMEOUT_SECONDS) -> str:
    """What the program prints. Raises OSError if it is missing, fails, or has to be ended because it takes too long."""
    try:
        done = subprocess.run(
            arguments,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_seconds,
            check=True,
            text=True,
            errors="replace",
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"{arguments[0]} took more than {timeout_seconds:g} s and was ended") from error
    except subprocess.CalledProcessError as error:
        said = " ".join(error.stderr.split())[:200]
        raise OSError(f"{arguments[0]} ended with {error.returncode}: {said}") from error
    return done.stdout

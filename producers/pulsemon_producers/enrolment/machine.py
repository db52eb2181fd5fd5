"""Which machine this is, so that it does not become two servers."""

from collections.abc import Sequence
from pathlib import Path

from pulsemon_schemas.enrolment import fingerprint

MACHINE_ID_FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
MIN_CHARACTERS = 32


def machine_fingerprint(files: Sequence[Path] = MACHINE_ID_FILES) -> str:
    """A name for this machine that only this purpose has; "" if it has no id, as in many containers."""
    for path in files:
        try:
            text = path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            continue
        if len(text) >= MIN_CHARACTERS:
            return fingerprint(text)
    return ""

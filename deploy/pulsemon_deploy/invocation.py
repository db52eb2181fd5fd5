"""How this program was called: what people are told to type next must work where they type it."""

import re
import shutil
import sys
from pathlib import Path

NAME = "pulsemon"
# Sentences everywhere say `pulsemon COMMAND`; a name such as pulsemon.metrics or pulsemon[local] is something else.
_COMMANDS = (
    "up|status|down|reset|doctor|run|topic|metric|rule|alert|apply|lint|silence|maintenance|server|key|enrolment|agent"
    "|migrate|simulate|bench|backup"
    "|restore|retention|search"
)
_CALLS = re.compile(rf"(?<![\w./-]){NAME}(?= (?:{_COMMANDS})\b)")


def as_invoked(text: str) -> str:
    """The text with every ``pulsemon COMMAND`` written as it can be typed here, such as ``.venv/bin/pulsemon up``."""
    return _CALLS.sub(lambda _: program(), text) if _CALLS.search(text) else text


def program() -> str:
    """``pulsemon`` if the PATH leads to this installation, else the place of its script."""
    own = Path(sys.executable).with_name(NAME)
    found = shutil.which(NAME)
    if not own.exists():
        return NAME if found else f"{sys.executable} -m pulsemon_deploy.cli"
    if found and Path(found).samefile(own):
        return NAME
    here = Path.cwd()
    return f"./{NAME}" if own.parent == here else str(own.relative_to(here) if own.is_relative_to(here) else own)

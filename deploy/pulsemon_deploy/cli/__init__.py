"""The command ``pulsemon``. Importing this loads nothing: each command loads what it needs when it runs."""

import sys
from collections.abc import Sequence

USAGE_EXIT_CODE = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command and exits: 0 done, 1 found something wrong, 2 wrong usage or settings."""
    try:
        from pulsemon_deploy.cli.root import root
    except ModuleNotFoundError as error:
        from pulsemon_deploy.extras import missing_extra

        sentence = missing_extra(error)
        if sentence is None:
            raise
        print(f"pulsemon: {sentence}", file=sys.stderr)
        sys.exit(USAGE_EXIT_CODE)
    root.main(args=list(arguments) if arguments is not None else None, prog_name="pulsemon")

"""Times as people write them on the command line: a moment, or how long ago."""

import re
import time
from datetime import UTC, datetime

import click

from pulsemon_deploy.cli.duration import MS_PER_UNIT


class Moment(click.ParamType):
    """``2026-08-01``, ``2026-08-01T12:30:00Z`` (UTC without a zone), or ``7d``, ``90m``: so long ago. As epoch ms."""

    name = "moment"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The milliseconds since 1970."""
        if isinstance(value, int):
            return value
        text = str(value)
        if match := re.fullmatch(r"(\d{1,6})([smhd])", text):
            return int(time.time() * 1000) - int(match[1]) * MS_PER_UNIT[match[2]]
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            self.fail(f"{text!r} is no time: write 2026-08-01, 2026-08-01T12:30:00Z, or 7d for so long ago", param, ctx)
        return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)

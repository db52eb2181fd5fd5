"""Lengths of time as people write them."""

import re

import click

MS_PER_UNIT = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class Duration(click.ParamType):
    """``90s``, ``30m``, ``24h``, ``7d``, or 0; as milliseconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The milliseconds."""
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d{1,6})([smhd]?)", str(value))
        if match is None or (not match[2] and int(match[1])):
            self.fail(f"{value!r} is no length of time: write 90s, 30m, 24h or 7d", param, ctx)
        return int(match[1]) * MS_PER_UNIT.get(match[2], 0)

"""``pulsemon down``."""

import os

import click

from pulsemon_deploy.installation import installation


@click.command()
def down() -> None:
    """Stop what `up` started, and wait until it has. The data is kept."""
    from pulsemon_deploy.supervisor.down import down as stop

    own = installation(os.environ)
    pid = stop(own.home)
    click.echo(f"stopped (process {pid})" if pid else f"nothing runs on {own.home.root}")

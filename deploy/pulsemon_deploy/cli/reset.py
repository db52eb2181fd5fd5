"""``pulsemon reset``."""

import os

import click

from pulsemon_deploy.installation import installation


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:
    """Delete all data, secrets and logs of this machine, after asking. Nothing may run."""
    from pulsemon_deploy.supervisor.reset import refuse_while_running, remove, size_bytes

    home = installation(os.environ).home
    refuse_while_running(home)
    if not home.root.exists():
        click.echo(f"there is nothing at {home.root}")
        return
    if not yes:
        click.confirm(f"Delete {home.root} ({size_bytes(home) / 1e6:,.0f} MB: all metrics, secrets, logs)?", abort=True)
    remove(home)
    click.echo(f"deleted {home.root}")

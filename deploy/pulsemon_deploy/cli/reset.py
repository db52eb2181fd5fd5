"""``pulsemon reset``."""

import os

import click

from pulsemon_deploy.installation import installation


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:
    """Delete all data, secrets and logs of this machine, after asking. Nothing may run."""
    from pulsemon_deploy.supervisor.reset import remove, size_bytes, taken

    home = installation(os.environ).home
    if not home.root.exists():
        click.echo(f"there is nothing at {home.root}")
        return
    with taken(home):
        megabytes = size_bytes(home) / 1e6
        if not yes:
            click.confirm(f"Delete {home.root} ({megabytes:,.0f} MB: all metrics, secrets, logs)?", abort=True)
        left = remove(home)
    if left:
        click.echo(f"deleted all that Pulse Monitor made in {home.root}; what is not ours stays: {', '.join(left)}")
    elif home.root.exists():
        click.echo(f"deleted all in {home.root}; the empty folder itself stays, it cannot be removed from here")
    else:
        click.echo(f"deleted {home.root}")

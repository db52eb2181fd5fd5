"""``pulsemon status``."""

import os

import click

from pulsemon_deploy.cli.lazy import FOUND_WRONG
from pulsemon_deploy.cli.output import json_option, print_json, print_table
from pulsemon_deploy.installation import installation
from pulsemon_deploy.invocation import as_invoked


@click.command()
@json_option
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Show what runs, what it takes, and a new link to the dashboard; exit code 1 if not everything is ready."""
    from pulsemon_ui.access import make_link

    from pulsemon_deploy.supervisor.status import look

    own = installation(os.environ)
    found = look(own.home)
    address = make_link(own.ui()) if found.dashboard_is_ready else ""
    if as_json:
        print_json({**found.as_json(), "dashboard": address, "control_api": own.gateway().url if found.pid else ""})
    elif not found.pid:
        click.echo(as_invoked(f"nothing runs on {own.home.root}; start it with: pulsemon up"))
    else:
        print_table(found.rows())
        click.echo(f"\n{found.summary()}")
        if address:
            click.echo(f"open {address}  (works once)")
        click.echo(f"control API {own.gateway().url}, with the token in {own.home.operator_token}")
    if not found.is_well:
        context.exit(FOUND_WRONG)

"""``pulsemon up``."""

import logging
import os
import sys

import click

from pulsemon_deploy.cli.lazy import FOUND_WRONG
from pulsemon_deploy.installation import installation


@click.command()
@click.option("--demo", "demo_servers", type=click.IntRange(0, 1000), default=0, help="Add so many simulated servers.")
@click.option("--verbose", is_flag=True, help="Show all that the roles log, not only warnings.")
def up(demo_servers: int, verbose: bool) -> None:
    """Start everything on this machine, and stop it with Ctrl-C. The data is kept; the next start continues."""
    from pulsemon_deploy.extras import check_extras
    from pulsemon_deploy.settings_check import check_settings
    from pulsemon_deploy.supervisor.up import up as run

    check_settings(os.environ)
    own = installation(os.environ)
    check_extras(own.has_own_kafka or own.has_own_clickhouse)
    from pulsemon_ui.access import make_link

    if not run(own, demo_servers, logging.INFO if verbose else logging.WARNING, lambda: make_link(own.ui())):
        sys.exit(FOUND_WRONG)

"""``pulsemon bench NAME``."""

import click

from pulsemon_deploy.bench import BENCHES


@click.command()
@click.argument("name", type=click.Choice(sorted(BENCHES)))
@click.option("--quick", is_flag=True, help="Fewer rounds: at most 45 seconds.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def bench(name: str, quick: bool, as_json: bool) -> None:
    """Measure one part on this machine. Starts what it needs in a folder of its own, and removes it."""
    from pulsemon_deploy.bench import run

    click.echo(run(name, quick, as_json))

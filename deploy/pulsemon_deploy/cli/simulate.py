"""``pulsemon simulate``: servers that do not exist, for a first look, for tests and for load."""

import threading
from collections.abc import Callable

import click

from pulsemon_deploy.cli.role_process import run_role
from pulsemon_deploy.installation import Installation


@click.command()
@click.option("--servers", type=click.IntRange(min=1), help="How many servers.  [default: 50]")
@click.option("--seed", type=int, help="Another number is another fleet.  [default: 1]")
@click.option(
    "--interval-seconds", type=click.IntRange(1, 3600), help="Between two batches of a server.  [default: 10]"
)
@click.option("--duration-seconds", type=click.FloatRange(min=0), help="How long to send; 0 is for ever.  [default: 0]")
@click.option("--history", "is_history", is_flag=True, help="Write their past into the store instead, and end.")
@click.option("--history-days", type=click.IntRange(0, 13), help="How far back it goes.  [default: 7]")
def simulate(is_history: bool, **chosen: float | None) -> None:
    """Send metrics of made-up servers through Kafka until Ctrl-C. PULSEMON_SIMULATOR_* sets the same."""
    run_role("history" if is_history else "simulator", body(is_history, **chosen))


def body(
    is_history: bool, **chosen: float | None
) -> Callable[[Installation, threading.Event, Callable[[], None]], None]:
    """What the role does; the options that were given go before the environment."""

    def run(own: Installation, stop: threading.Event, ready: Callable[[], None]) -> None:
        settings = own.simulator({name: str(value) for name, value in chosen.items() if value is not None})
        if is_history:
            from pulsemon_deploy.simulate import backfill

            filled = backfill.run(settings, own.clickhouse(), stop)
            click.echo(f"{filled.samples:,} samples of the past written in {filled.seconds:.0f} s")
        else:
            from pulsemon_deploy.simulate import live

            told = live.Own(own.agent().server_id, own.local.own_metrics_seconds)
            live.run(settings, own.kafka("simulator"), stop, ready, told)

    return run

"""The agent as a role of this machine, and what it would send."""

import importlib.metadata
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

from pulsemon_deploy.cli.output import print_json, print_table
from pulsemon_deploy.installation import Installation

if TYPE_CHECKING:
    from pulsemon_producers.admission import Sample
    from pulsemon_producers.collectors.base import Collector
    from pulsemon_producers.collectors.host import Host
    from pulsemon_producers.settings import AgentSettings

DISTRIBUTION = "pulsemon"


def body(own: Installation, stop: threading.Event, ready: Callable[[], None]) -> None:
    """Collects and sends until told to stop. SettingsError, PermanentError."""
    from pulsemon_producers import agent as role

    settings = own.agent()
    kafka = own.kafka("agent") if settings.transport == "kafka" else None
    role.run(settings, kafka, stop, ready, collectors=_collectors(own))


def show(own: Installation, as_json: bool) -> None:
    """Prints what the agent of this host would send. SettingsError."""
    from pulsemon_producers.collectors.host import Host
    from pulsemon_producers.preview import preview

    settings = own.agent()
    host = Host(agent_version=importlib.metadata.version(DISTRIBUTION))
    samples = preview(settings, host, _collectors(own))
    rows = [_row(sample) for sample in samples]
    if as_json:
        print_json({"server_id": settings.server_id, "interval_seconds": settings.interval_seconds, "samples": rows})
        return
    texts = [{"value": _text(sample.value)} for sample in samples]
    print_table([row | text for row, text in zip(rows, texts, strict=True)], "no metric is on")
    where = settings.url if settings.transport == "http" else "Kafka"
    click.echo(
        f"\n{len(rows)} series of {settings.server_id}, to {where} every {settings.interval_seconds:g} s, "
        "or less often as `pulsemon metric list` says; nothing was sent."
    )


def _collectors(own: Installation) -> "Callable[[Host, AgentSettings], Iterable[Collector]]":
    from pulsemon_producers.custom.roster import built_in_and

    return built_in_and(own.custom_collectors())


def _row(sample: "Sample") -> dict[str, object]:
    from pulsemon_schemas import catalogue

    try:
        unit = catalogue.metric(sample.name).unit
    except KeyError:
        unit = ""  # a metric of somebody else's
    return {"name": sample.name, "labels": sample.labels, "value": sample.value, "unit": unit}


def _text(value: float) -> str:
    return f"{value:,.0f}" if value.is_integer() else f"{value:,.6g}"

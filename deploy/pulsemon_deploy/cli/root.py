"""All commands of ``pulsemon``, as data."""

import logging

import click

from pulsemon_deploy import logs
from pulsemon_deploy.cli.lazy import LazyGroup

_HERE = "pulsemon_deploy.cli"
COMMANDS = {
    "up": (f"{_HERE}.up:up", "Start everything on this machine, and stop it with Ctrl-C."),
    "status": (f"{_HERE}.status:status", "Show what runs, and a new link to the dashboard."),
    "down": (f"{_HERE}.down:down", "Stop what `up` started."),
    "reset": (f"{_HERE}.reset:reset", "Delete all data of this machine, after asking."),
    "run": (f"{_HERE}.run:run", "Run one role in the foreground."),
    "topic": (f"{_HERE}.topic:topic", "Topics of Kafka, and how other clients reach them."),
    "metric": (f"{_HERE}.metric:metric", "Metrics: what there is, and what flows now."),
    "rule": (f"{_HERE}.rule:rule", "Rules: when something is wrong with a server."),
    "alert": (f"{_HERE}.alert:alert", "Alerts: what is wrong, since when, and why."),
    "apply": (f"{_HERE}.apply:apply", "Make rules, routes and silences those of a folder of files."),
    "lint": (f"{_HERE}.apply:lint", "Say what is wrong with such files, by line."),
    "silence": (f"{_HERE}.quiet:silence", "Silences: alerts that page nobody for a while."),
    "maintenance": (f"{_HERE}.quiet:maintenance", "Maintenance: servers that are worked on."),
    "server": (f"{_HERE}.server:server", "Servers: which are registered, and as what."),
    "key": (f"{_HERE}.key:key", "Keys: who may send metrics to the gateway, and as which server."),
    "enrolment": (f"{_HERE}.enrolment:enrolment", "Enrolment tokens: with them hosts register themselves."),
    "agent": (f"{_HERE}.agent:agent", "The agent of this host: register it at a gateway."),
    "token": (f"{_HERE}.token:token", "Tokens: who may use the control API, and for what."),
    "search": (f"{_HERE}.search:search", "Find servers, metrics, labels and alerts by a part of their names."),
    "completeness": (f"{_HERE}.completeness:completeness", "Completeness: what should be stored and is not, and why."),
    "export": (f"{_HERE}.export:export", "Write history into a file: CSV, Parquet or Avro."),
    "backfill": (f"{_HERE}.backfill:backfill", "Store the samples of files."),
    "backup": (f"{_HERE}.backup:backup", "Copy the store and the control log into a folder, or verify one."),
    "restore": (f"{_HERE}.restore:restore", "Put such a folder into an empty installation."),
    "retention": (f"{_HERE}.retention:retention", "Retention: how long history is kept, and what it takes."),
    "migrate": (f"{_HERE}.migrate:migrate", "Bring the database to the schema of this version."),
    "doctor": (f"{_HERE}.doctor:doctor", "Say what is wrong with this installation, and what to do."),
    "replay": (f"{_HERE}.replay:replay", "Judge the recorded log again: prove the alerts, or try other rules."),
    "simulate": (f"{_HERE}.simulate:simulate", "Send metrics of made-up servers."),
    "bench": (f"{_HERE}.bench:bench", "Measure one part on this machine."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pulsemon")
def root() -> None:
    """Pulse Monitor: metrics of hosts and services, on Kafka and ClickHouse, with a dashboard."""
    logs.configure("pulsemon", logging.WARNING)

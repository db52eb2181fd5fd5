"""What every command that changes the control log takes and answers alike."""

import getpass
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import click
from pulsemon_schemas.control import PUT
from pulsemon_schemas.records import ControlRecord

from pulsemon_deploy.cli.control_rows import instant
from pulsemon_deploy.cli.lazy import FOUND_WRONG
from pulsemon_deploy.cli.output import print_json
from pulsemon_deploy.control_log import Conflict, ControlLog

OPERATOR = "operator"
CLIENT_ID = "pulsemon-operator-control"
Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Intent:
    """Who changes something, why, and what they expect to change.

    ``expected_version`` None: whatever is in force when the log is read. ``change_id`` names the change, so that a
    second try makes no second version.
    """

    reason: str
    on_behalf_of: str
    change_id: str
    expected_version: int | None


def reason_options(command: Command) -> Command:
    """Why, and for whom: for commands that make several changes."""
    reason = click.option("--reason", default="", help="Why; kept for ever beside the change.")
    on_behalf_of = click.option("--on-behalf-of", default=None, help="Who wanted it; your login name unless given.")
    return reason(on_behalf_of(command))


def change_options(command: Command) -> Command:
    """The options of an Intent."""
    options = (
        reason_options,
        click.option("--change-id", default=None, help="The same id twice is one change: for tries that are repeated."),
        click.option("--expect", "expected_version", type=int, help="Change only this version; -1: an unused id."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def intent(given: dict[str, Any]) -> Intent:
    """Takes the options of an Intent out of those of a command."""
    return Intent(
        given.pop("reason"),
        _or(given.pop("on_behalf_of"), _login_name),
        _or(given.pop("change_id"), lambda: str(uuid.uuid4())),
        given.pop("expected_version"),
    )


def make(log: ControlLog, what: Intent, entity: tuple[str, str], operation: str, body: str, as_json: bool) -> None:
    """Writes one change and says its version; ends with exit code 1 if another one came first."""
    version = made(log, what, entity, operation, body, as_json)
    if as_json:
        answer = {"entity_type": entity[0], "id": entity[1], "change_id": what.change_id}
        print_json({**answer, "outcome": "made", "version": version})
    elif operation == PUT:
        click.echo(f"{entity[0]} {entity[1]}: version {version} is in force")
    else:
        click.echo(f"{entity[0]} {entity[1]}: ended by version {version}")


def made(log: ControlLog, what: Intent, entity: tuple[str, str], operation: str, body: str, as_json: bool) -> int:
    """Writes one change and returns its version; says so and ends with exit code 1 if another one came first."""
    expected = log.fold.version(*entity) if what.expected_version is None else what.expected_version
    outcome = attempted(log, what, entity, operation, body)
    if isinstance(outcome, Conflict):
        answer = {"entity_type": entity[0], "id": entity[1], "change_id": what.change_id}
        _refuse(outcome, expected, answer, as_json)
    return outcome


def attempted(log: ControlLog, what: Intent, entity: tuple[str, str], operation: str, body: str) -> int | Conflict:
    """Writes one change: its version, or the conflict."""
    expected = log.fold.version(*entity) if what.expected_version is None else what.expected_version
    record = ControlRecord(
        *entity, operation, expected, what.change_id, OPERATOR, what.on_behalf_of, what.reason, body
    )  # fmt: skip
    return log.write(record)


def tell_unchanged(version: int, entity: tuple[str, str], as_json: bool) -> None:
    """Says that a change would change nothing, so that nothing was written."""
    if as_json:
        print_json({"entity_type": entity[0], "id": entity[1], "outcome": "unchanged", "version": version})
    else:
        click.echo(f"{entity[0]} {entity[1]}: version {version} says this already, nothing was written")


def _refuse(conflict: Conflict, expected: int, answer: dict[str, str], as_json: bool) -> NoReturn:
    by = conflict.by
    who = f"{by.record.author}{f' for {by.record.on_behalf_of}' if by.record.on_behalf_of else ''}" if by else "nobody"
    when = instant(by.append_time_ms) if by else None
    if as_json:
        facts = {"version": conflict.version, "expected": expected, "changed_by": who, "changed_at": when}
        print_json({**answer, "outcome": "conflict", **facts})
    else:
        found = f"version {conflict.version}, made by {who} at {when}, is in force" if by else "the id was never used"
        click.echo(
            f"pulsemon: {answer['entity_type']} {answer['id']} was not changed: version {expected} was expected, but "
            f"{found}. Look at it, then say it again.",
            err=True,
        )
    sys.exit(FOUND_WRONG)


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _or(value: str | None, default: Callable[[], str]) -> str:
    return default() if value is None else value

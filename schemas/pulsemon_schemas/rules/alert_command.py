"""What people do to an alert: a record of the control log that takes effect at a Tick."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulsemon_schemas.rules.fields import Fields, RuleError

ENTITY_TYPE = "alert_command"
ACKNOWLEDGE, UNACKNOWLEDGE, RESOLVE = "acknowledge", "unacknowledge", "resolve"
COMMANDS = (ACKNOWLEDGE, UNACKNOWLEDGE, RESOLVE)


@dataclass(frozen=True, slots=True)
class AlertCommand:
    """``until_ms`` ends an acknowledgement by the partition's calendar time; 0 for never."""

    alert_id: str
    server_id: str
    command: str
    note: str
    until_ms: int
    author: str
    control_offset: int


def parse_command(entity_id: str, body: Mapping[str, Any], author: str, control_offset: int) -> AlertCommand:
    """The command in a body. Raises RuleError with all problems."""
    problems: list[str] = []
    fields = Fields(body, problems)
    command = AlertCommand(
        alert_id=fields.text("alert_id", None),
        server_id=fields.text("server_id", None),
        command=fields.choice("command", COMMANDS, "") if fields.has("command") else "",
        note=fields.text("note"),
        until_ms=int(fields.number("until_ms", 0.0, minimum=0.0)),
        author=author,
        control_offset=control_offset,
    )
    if not command.command and not problems:
        fields.problem("command", f"is missing: one of {', '.join(COMMANDS)}")
    fields.unasked()
    if problems:
        raise RuleError(f"{ENTITY_TYPE} {entity_id!r}", problems)
    return command

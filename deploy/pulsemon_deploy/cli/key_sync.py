"""``pulsemon key sync``: Kafka's logins as the control log has the keys."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click
from pulsemon_schemas import keys

from pulsemon_deploy.cli.lazy import FOUND_WRONG
from pulsemon_deploy.cli.output import json_option, print_json, print_table
from pulsemon_deploy.invocation import as_invoked

if TYPE_CHECKING:
    from pulsemon_deploy.kafka.key_logins import Drift


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what differs, and change nothing; exit code 1 if anything does.")
@json_option
def sync(dry_run: bool, as_json: bool) -> None:
    """Set the logins of direct keys at Kafka right, as the control log has them.

    Kafka does not know that a key expires, or that the grace of its old secret is over: this ends them there. It also
    finishes what a command that was killed left undone. Nothing to do is exit code 0.
    """
    from pulsemon_deploy.cli.key import opened_log
    from pulsemon_deploy.cli.key_direct import key_logins
    from pulsemon_deploy.kafka.key_logins import wanted_logins

    with opened_log() as log:
        wanted = wanted_logins(keys.in_force(log.fold), int(time.time() * 1000))
    logins = key_logins()
    drift = logins.drift(wanted)
    if not dry_run:
        logins.mend(drift)
    _tell(drift, len(wanted), dry_run, as_json)
    if drift.lost or (dry_run and drift.can_be_mended):
        raise click.exceptions.Exit(FOUND_WRONG)


def _tell(drift: "Drift", wanted: int, dry_run: bool, as_json: bool) -> None:
    ended, permitted = sorted(drift.stray), sorted(drift.users - drift.stray)
    if as_json:
        answer: dict[str, Any] = {"logins": wanted, "ended": ended, "permissions_set_right": permitted}
        print_json({**answer, "lost": sorted(drift.lost), "dry_run": dry_run})
        return
    would = "would be " if dry_run else ""
    rows = [*_rows(ended, f"{would}ended"), *_rows(permitted, f"permissions {would}set right")]
    rows += _rows(drift.lost, "is not there, and its secret is kept nowhere: `pulsemon key rotate` makes another")
    print_table(
        [{**row, "what": as_invoked(row["what"])} for row in rows], f"all {wanted} logins of keys are as they should be"
    )


def _rows(names: Iterable[str], what: str) -> list[dict[str, str]]:
    return [{"login": name, "what": what} for name in sorted(names)]

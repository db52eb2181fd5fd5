"""``pulsemon agent``: what is done on a host that is to be watched."""

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click
from pulsemon_schemas.errors import AuthError, PermanentError

from pulsemon_deploy.cli.lazy import FOUND_WRONG
from pulsemon_deploy.cli.output import json_option, print_json, print_table
from pulsemon_deploy.invocation import as_invoked

if TYPE_CHECKING:
    from pulsemon_producers.enrolment.files import AgentFiles
    from pulsemon_producers.enrolment.request import Enrolled, ToBeAsked
    from pulsemon_schemas.enrolment import EnrolmentRequest

CONFIG_VARIABLE = "PULSEMON_CONFIG_FILE"
CONFIG_FILE = Path("/etc/pulsemon/agent.toml")


@click.group()
def agent() -> None:
    """The agent of this host: register it at a gateway. `run agent` runs it."""


@agent.command()
@click.option("--url", required=True, help="Where the gateway is: https://…")
@click.option("--token", help="From `enrolment add`. Others on this machine see it while the command runs:")
@click.option("--token-file", type=click.File(), help="Where the token stands, - for the standard input.")
@click.option("--server-id", default="", help="Under which name its samples are kept; the host's name unless given.")
@click.option("--again", is_flag=True, help="The machine is registered already: make another key for that server.")
@click.option("--as-other", is_flag=True, help="The machine id is that of a copied disk: register another server.")
@click.option("--ca-file", type=click.Path(dir_okay=False, path_type=Path), help="PEM, for a certificate of your own.")
@click.option(
    "--config", type=click.Path(dir_okay=False, path_type=Path), help=f"The agent's; {CONFIG_FILE} unless set."
)
@json_option
def enrol(
    url: str, token: str | None, token_file: TextIO | None, config: Path | None, as_json: bool, **given: Any
) -> None:
    """Register this host at a gateway, and write its key and settings where the agent reads them.

    The host makes its key itself; the secret never leaves it. A machine that is registered already is asked about.
    """
    from pulsemon_producers.enrolment.files import AgentFiles
    from pulsemon_producers.enrolment.request import ToBeAsked
    from pulsemon_producers.enrolment.request import enrol as ask

    if given["again"] and given["as_other"]:
        raise click.UsageError("--again and --as-other exclude each other: it is that server, or another one")
    settings = _settings(url, _token(token, token_file), given["ca_file"])
    files = AgentFiles(config or Path(os.environ.get(CONFIG_VARIABLE) or CONFIG_FILE))
    request = _request(files.prepare(), given)
    try:
        found = ask(settings, request)
    except (AuthError, PermanentError):
        files.forget()
        raise
    if isinstance(found, ToBeAsked):
        files.forget()
        _ask_person(found, request, as_json)
        raise click.exceptions.Exit(FOUND_WRONG)
    ca_file = {"ca_file": str(given["ca_file"].absolute())} if given["ca_file"] else {}
    files.keep({"transport": "http", "url": url.rstrip("/"), "server_id": found.server_id, **ca_file})
    _tell(found, files, as_json)


def _token(token: str | None, token_file: TextIO | None) -> str:
    text = token_file.read().strip() if token_file is not None else (token or "").strip()
    if not text:
        raise click.UsageError("say which token: --token or --token-file")
    return text


def _settings(url: str, token: str, ca_file: Path | None) -> Any:
    from pulsemon_producers.http_settings import HttpSettings
    from pulsemon_schemas.runtime.secret import Secret

    try:
        return HttpSettings(url, Secret(token), ca_file)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _request(key: str, given: dict[str, Any]) -> "EnrolmentRequest":
    from pulsemon_producers.enrolment.machine import machine_fingerprint
    from pulsemon_schemas import keys
    from pulsemon_schemas.enrolment import ASK, OTHER, SAME, EnrolmentRequest

    seen = keys.shown(key)
    assert seen is not None, "it was made just now"
    host = socket.gethostname()
    if_known = SAME if given["again"] else OTHER if given["as_other"] else ASK
    return EnrolmentRequest(machine_fingerprint(), given["server_id"] or host, host, seen.key_id, seen.digest, if_known)


def _ask_person(found: "ToBeAsked", request: "EnrolmentRequest", as_json: bool) -> None:
    from pulsemon_producers.enrolment.request import TO_BE_ASKED

    if as_json:
        print_json({"outcome": found.kind, "detail": found.detail, "servers": list(found.servers)})
        return
    click.echo(f"pulsemon: {found.detail}\n", err=True)
    print_table([dict(one) for one in found.servers])
    if found.kind == TO_BE_ASKED[0]:
        click.echo(
            as_invoked(
                "\nIf this is that server, installed anew: `pulsemon agent enrol … --again` makes another key for it. "
                "If its machine id is only that of a copied disk: `--as-other --server-id NAME`."
            )
        )
    else:
        click.echo(f"\nChoose another name with --server-id; {request.server_id} is taken.")


def _tell(found: "Enrolled", files: "AgentFiles", as_json: bool) -> None:
    if as_json:
        print_json({"outcome": "enrolled", "id": found.server_id, "server": found.server, "config": files.config})
        return
    click.echo(f"this host is {found.server_id}; its key is in {files.key}, its settings are in {files.config}")
    click.echo(as_invoked(f"start the agent: {CONFIG_VARIABLE}={files.config} pulsemon run agent"))

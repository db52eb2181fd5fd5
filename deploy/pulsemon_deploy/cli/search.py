"""``pulsemon search``: servers, metrics, labels and alerts by any part of what names them."""

import click

from pulsemon_deploy.cli.lazy import FOUND_WRONG
from pulsemon_deploy.cli.output import json_option, print_json, print_rows

MOST = 20


@click.command()
@click.argument("text")
@click.option(
    "--limit", type=click.IntRange(min=1, max=1000), default=MOST, show_default=True, help="At most so many of a kind."
)
@json_option
def search(text: str, limit: int, as_json: bool) -> None:
    """Find servers (id, name, environment, region, role), metrics, labels (k=v) and alerts; exit code 1 if none.

    Any part will do, in any case. Metrics and labels are those of the last seven days; of an alert also the beginning
    of its id.

    \b
    pulsemon search web
    pulsemon search mountpoint=/srv
    """
    from pulsemon_sinks.reader.search import search as find

    from pulsemon_deploy.cli.store import asking

    if not text.strip():
        raise click.BadParameter("write what to look for", param_hint="TEXT")
    with asking() as ask:
        found = find(ask, text, limit)
    if as_json:
        print_json(list(found))
    else:
        print_rows(
            [{"kind": one.kind, "id": one.id, "about": one.about} for one in found], False, "nothing is called so"
        )
    if not found:
        raise click.exceptions.Exit(FOUND_WRONG)

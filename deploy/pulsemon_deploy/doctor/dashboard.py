"""Check of the page."""

import urllib.error
import urllib.request

from pulsemon_deploy.doctor.finding import Finding, ok, problem
from pulsemon_deploy.installation import Installation

ANSWER_SECONDS = 5.0
HEALTH_PATH = "/healthz"


def page(own: Installation) -> Finding:
    """Whether the dashboard answers."""
    address = own.ui().origin
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address + HEALTH_PATH, timeout=ANSWER_SECONDS) as answer:
            status = answer.status
    except (OSError, urllib.error.URLError) as error:
        return problem(f"{address} does not answer ({error})", "start it: pulsemon up")
    return ok(f"{address} answers {status}; `pulsemon status` makes a link")

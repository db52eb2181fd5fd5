"""Check of the gateway, and of the token with which this home uses its control API."""

import ssl
import urllib.error
import urllib.request

from pulsemon_producers.gateway.settings import GatewaySettings

from pulsemon_deploy.doctor.finding import Finding, ok, problem
from pulsemon_deploy.installation import Installation

ANSWER_SECONDS = 5.0
REFUSED = (401, 403)


def control_api(own: Installation) -> Finding:
    """Whether the gateway answers, and takes the token of this home."""
    settings = own.gateway()
    if not own.home.operator_token.exists():
        return problem("this home has no token for the control API yet", "start it: pulsemon up")
    # the scheme is ours
    request = urllib.request.Request(f"{settings.url}/api/v1/servers?limit=1")  # noqa: S310
    request.add_header("Authorization", f"Bearer {own.operator_token().reveal()}")
    try:
        with _opener(settings).open(request, timeout=ANSWER_SECONDS):
            return ok(f"{settings.url} answers, and takes the token of this home")
    except urllib.error.HTTPError as error:
        if error.code in REFUSED:
            advice = f"start pulsemon up again, which registers it; if it was revoked, remove {own.home.operator_token}"
            return problem(f"{settings.url} does not take the token of this home ({error.code})", advice)
        return problem(f"{settings.url} answers {error.code}", "see its log: logs/gateway.log of the home")
    except OSError as error:
        return problem(f"{settings.url} does not answer ({error})", "start it: pulsemon up")


def _opener(settings: GatewaySettings) -> urllib.request.OpenerDirector:
    """Past proxies; a certificate of one's own is held against itself, whatever name it is for."""
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if settings.certificate_file is not None:
        context = ssl.create_default_context(cafile=str(settings.certificate_file))
        context.check_hostname = False
        handlers.append(urllib.request.HTTPSHandler(context=context))
    return urllib.request.build_opener(*handlers)

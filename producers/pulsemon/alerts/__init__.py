"""Alerts for programs that tell somebody: bridges to chats, tickets and pagers.

    from pulsemon import alerts

    for alert in alerts.read(group="pulsemon-bridge-mine"):
        if alert.state == "firing" and not alert.is_quiet:
            print(alert.level, alert.server, alert.rule, alert.value)

Every transition of every alert comes at least once, in the order of its server; ``read`` says what that means.
"""

from pulsemon.alerts.alert import Alert, Provenance, decode
from pulsemon.alerts.reader import read

__all__ = ["Alert", "Provenance", "decode", "read"]

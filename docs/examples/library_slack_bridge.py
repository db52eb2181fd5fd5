"""Posts alerts to Slack, one when an environment falls silent. Addresses: SLACK_WEBHOOK, PULSEMON_KAFKA_…."""

import json
import os
import urllib.request

from pulsemon import alerts

for alert in alerts.read(group="pulsemon-notifier-slack", inhibit=True):
    if alert.state in ("firing", "resolved") and not alert.is_quiet:
        text = f"{alert.state} {alert.level}: {alert.rule} on {alert.server}"
        body = json.dumps({"text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")})
        urllib.request.urlopen(os.environ["SLACK_WEBHOOK"], body.encode(), timeout=10).close()

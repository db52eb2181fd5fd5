"""Prints what is wrong, as it happens. Address and login come from PULSEMON_KAFKA_… variables."""

from pulsemon import alerts

for alert in alerts.read(group="pulsemon-bridge-print"):
    if alert.state in ("firing", "resolved") and not alert.is_quiet:
        text = f"{alert.state} {alert.level}: {alert.rule} on {alert.server}"
        print(f"{text}, {alert.value} against {alert.limit}", flush=True)

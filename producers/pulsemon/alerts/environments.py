"""Which environment each server is of, and which alerts about environments there are: what inhibition rests on."""

from collections import OrderedDict

from pulsemon_schemas.control import SERVER, Fold
from pulsemon_schemas.records import AlertEvent, ControlRecord
from pulsemon_schemas.rules.environments import environment_of
from pulsemon_schemas.rules.inhibition import Inhibitor, inhibitor_of, is_silence
from pulsemon_schemas.rules.scope import parse_profile

from pulsemon.alerts.alert import Alert

MAX_ALERTS = 10_000


class Environments:
    """Grows with the servers and their changes in the control log; of alerts it keeps the newest ``max_alerts``."""

    def __init__(self, max_alerts: int = MAX_ALERTS) -> None:
        self._max_alerts = max_alerts
        self._control = Fold()
        self._alerts: OrderedDict[str, tuple[str, Inhibitor]] = OrderedDict()

    def configure(self, offset: int, record: ControlRecord) -> None:
        """Takes the next record of the control log; a smaller offset than before begins a new log."""
        if record.entity_type != SERVER:
            return
        if offset <= self._control.offset:
            self._control = Fold()
        self._control.apply(offset, record)

    def take(self, newest: AlertEvent) -> None:
        """Takes the newest transition of an alert; those about servers are of no interest."""
        environment = environment_of(newest.server_id)
        if environment is None:
            return
        self.forget(newest.alert_id)
        if (inhibitor := inhibitor_of(newest)) is not None:
            self._alerts[newest.alert_id] = environment, inhibitor
            if len(self._alerts) > self._max_alerts:
                self._alerts.popitem(last=False)

    def forget(self, alert_id: str) -> None:
        """Takes the end of what is kept of an alert."""
        self._alerts.pop(alert_id, None)

    def inhibitor(self, alert: Alert) -> str:
        """The id of the alert that covered this one when it happened, "" for none."""
        if not is_silence(alert.server, alert.metric):
            return ""
        server = self._control.entities(SERVER).get(alert.server)
        environment = parse_profile(alert.server, server.body).environment if server else ""
        at_ms = round(alert.at.timestamp() * 1000)
        for name, inhibitor in self._alerts.values():
            if name == environment and inhibitor.holds_at(at_ms):
                return inhibitor.alert_id
        return ""

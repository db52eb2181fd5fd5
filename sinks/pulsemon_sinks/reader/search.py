"""Search over servers, metrics, labels and alerts: by any part of what names them, in any case."""

from dataclasses import dataclass
from typing import Literal

from pulsemon_sinks.reader.alerts import Ask

Kind = Literal["server", "metric", "label", "alert"]
MOST = 20
RECENT_DAYS = 7
"""Metrics and labels are looked for among the series of so many days, by the hour, and those that are newest now."""


@dataclass(frozen=True, slots=True)
class Found:
    """``id`` names one thing of its kind, as a label ``k=v``; ``about`` tells people more."""

    kind: Kind
    id: str
    about: str


_SERVERS = """
SELECT 'server', server_id, arrayStringConcat(arrayFilter(x -> x != '', [name, environment, region, role]), ', ')
FROM {database}.servers
WHERE positionCaseInsensitiveUTF8(arrayStringConcat([server_id, name, environment, region, role], '\\n'), %(text)s) > 0
ORDER BY positionCaseInsensitiveUTF8(server_id, %(text)s) != 1, server_id LIMIT %(most)s
"""
_SERIES = """(
  SELECT name, labels, server_id FROM {database}.samples_1h WHERE starts_at >= now() - INTERVAL %(days)s DAY
  UNION ALL SELECT name, labels, server_id FROM {database}.samples WHERE recorded_at >= now() - INTERVAL 5 MINUTE
  UNION ALL SELECT name, labels, server_id FROM {database}.latest
)"""
_METRICS = f"""
SELECT 'metric', toString(name), concat('sent by ', toString(uniqExact(server_id)), ' servers') FROM {_SERIES}
WHERE positionCaseInsensitiveUTF8(toString(name), %(text)s) > 0
GROUP BY name ORDER BY positionCaseInsensitiveUTF8(toString(name), %(text)s) != 1, name LIMIT %(most)s
"""
# A comma with a backslash before it is part of a value.
_LABELS = f"""
SELECT 'label', label,
  concat('on ', toString(uniqExact(name)), ' metrics of ', toString(uniqExact(server_id)), ' servers')
FROM (
  SELECT name, server_id, arrayJoin(extractAll(toString(labels), '(?:[^,\\\\\\\\]|\\\\\\\\.)+')) AS label FROM {_SERIES}
)
WHERE positionCaseInsensitiveUTF8(label, %(text)s) > 0
GROUP BY label ORDER BY label LIMIT %(most)s
"""
_ALERTS = """
SELECT 'alert', alert_id, arrayStringConcat(
  arrayFilter(x -> x != '', [
    server_id, rule_id, toString(metric), toString(labels), toString(level), toString(state)
  ]), ', ')
FROM {database}.alert_state FINAL
WHERE startsWith(alert_id, %(text)s) OR positionCaseInsensitiveUTF8(
  arrayStringConcat([server_id, rule_id, toString(metric), toString(labels), reason], '\\n'), %(text)s) > 0
ORDER BY state IN ('resolved', 'expired'), occurred_at DESC, alert_id LIMIT %(most)s
"""


def search(ask: Ask, text: str, most: int = MOST) -> tuple[Found, ...]:
    """Servers, metrics, labels, then alerts (open ones first), at most ``most`` of each; none for no text. As Store."""
    wanted = text.strip()
    if not wanted:
        return ()
    parameters = {"text": wanted, "most": most, "days": RECENT_DAYS}
    return tuple(Found(*row) for sql in (_SERVERS, _METRICS, _LABELS, _ALERTS) for row in ask(sql, parameters))

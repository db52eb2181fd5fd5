"""Questions about now: the servers, when they were seen, their newest values."""

from collections.abc import Sequence

from pulsemon_sinks.reader.choice import Choice, Clause, for_sums, numbered

# What the view ``servers`` says for people, without the states: planning all of the view takes four times as long as
# both of these together. Times of many rows come as numbers: the driver makes a datetime with a zone of each, which
# cost half of a refresh.
REGISTERED = """
SELECT entity_id, JSONExtract(argMax(body, offset),
  'Tuple(name String, environment String, region String, role String, labels Map(String, String))')
FROM {database}.control_log WHERE entity_type = 'server' AND void = 0
GROUP BY entity_id HAVING argMax(operation, offset) = 'put'
"""

SEEN = """
SELECT server_id, toUnixTimestamp64Milli(maxIf(last_seen_at, source IN ('agent', 'gateway', 'simulator')))
FROM {database}.sightings GROUP BY server_id
"""

AS_OF = "SELECT max(last_seen_at) FROM {database}.servers"

JUDGED = """
SELECT max(append_time) FROM {database}.ticks WHERE append_time >= fromUnixTimestamp64Milli(toInt64(%(since_ms)s))
"""


def readings(choices: Sequence[Choice]) -> Clause:
    """Rows of (server_id, number of the choice, value, labels of the largest, recorded_at in epoch milliseconds).

    ``latest`` has one row a series, so FINAL is cheap.
    """
    number = numbered(choices)
    sql = f"""
SELECT server_id, number, {for_sums(choices, "sum(value)", "max(value)")},
  {for_sums(choices, "''", "argMax(toString(labels), value)")}, toUnixTimestamp64Milli(max(recorded_at))
FROM (
  SELECT server_id, {number.number} AS number, value, labels, recorded_at
  FROM {{database}}.latest FINAL WHERE {number.condition}
)
WHERE number >= 0 GROUP BY server_id, number
"""
    return Clause(sql, number.parameters)

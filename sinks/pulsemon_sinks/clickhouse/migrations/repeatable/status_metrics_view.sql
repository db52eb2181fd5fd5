-- Raw samples with what was thought of them then: the worst level of the alerts about the series that were firing or acknowledged at
-- that time, so the limits that were in force then, and not those of today. Rendered again whenever the catalogue's groups change.
CREATE OR REPLACE VIEW ${database}.status_metrics ${on_cluster} AS
WITH
  steps AS (
    SELECT
      server_id, metric, labels, occurred_at AS since, state,
      indexOf(['info', 'warning', 'critical'], toString(level)) AS severity,
      leadInFrame(occurred_at, 1, toDateTime64('2100-01-01 00:00:00', 3, 'UTC')) OVER (
        PARTITION BY server_id, alert_id ORDER BY transition ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING
      ) AS until
    FROM ${database}.alerts FINAL
    WHERE metric != ''
  ),
  spans AS (
    SELECT toString(server_id) AS server_id, toString(metric) AS name, labels, groupArray((since, until, severity)) AS levels
    FROM steps
    WHERE state IN ('firing', 'acknowledged')
    GROUP BY server_id, name, labels
  )
SELECT
  samples.server_id AS server,
  samples.name AS name,
  transform(toString(samples.name), [${metric_names}], [${metric_groups}], 'custom') AS `group`,
  samples.labels AS labels,
  samples.value AS value,
  ['ok', 'info', 'warning', 'critical'][
    1 + arrayMax(arrayPushBack(arrayMap(one -> if(samples.recorded_at >= one.1 AND samples.recorded_at < one.2, one.3, 0), spans.levels), 0))
  ] AS status,
  samples.recorded_at AS recorded_at
FROM ${database}.samples AS samples FINAL
LEFT JOIN spans
  ON spans.server_id = toString(samples.server_id) AND spans.name = toString(samples.name) AND spans.labels = toString(samples.labels);

-- The rules in force, one row each, with their limits by level. A limit of a level that a rule lacks is NULL.
CREATE OR REPLACE VIEW ${database}.threshold_configurations ${on_cluster} AS
WITH
  rules AS (
    SELECT
      entity_id AS rule_id,
      argMax(body, offset) AS body,
      argMax(author, offset) AS author,
      max(offset) AS version,
      argMax(append_time, offset) AS changed_at
    FROM ${database}.control_log
    WHERE entity_type = 'rule' AND void = 0
    GROUP BY entity_id
    HAVING argMax(operation, offset) = 'put'
  )
SELECT
  rule_id,
  JSONExtractString(body, 'metric') AS metric_name,
  JSONExtract(body, 'match', 'Map(String, String)') AS match,
  if(JSONHas(body, 'operator'), JSONExtractString(body, 'operator'), '>=') AS operator,
  if(JSONHas(body, 'window'), JSONExtractString(body, 'window', 'function'), 'last') AS window_function,
  JSONExtractFloat(body, 'window', 'seconds') AS window_seconds,
  JSONExtract(body, 'levels', 'info', 'limit', 'Nullable(Float64)') AS info_threshold,
  JSONExtract(body, 'levels', 'warning', 'limit', 'Nullable(Float64)') AS warning_threshold,
  JSONExtract(body, 'levels', 'critical', 'limit', 'Nullable(Float64)') AS critical_threshold,
  multiIf(
    NOT JSONHas(body, 'scope'), 'global',
    JSONExtractString(body, 'scope', 'value') = '', JSONExtractString(body, 'scope', 'kind'),
    concat(JSONExtractString(body, 'scope', 'kind'), '=', JSONExtractString(body, 'scope', 'value'))
  ) AS scope,
  JSONExtract(body, 'scope', 'labels', 'Map(String, String)') AS scope_labels,
  NOT JSONHas(body, 'enabled') OR JSONExtractBool(body, 'enabled') AS is_enabled,
  JSONExtractString(body, 'summary') AS summary,
  author,
  version,
  changed_at
FROM rules;

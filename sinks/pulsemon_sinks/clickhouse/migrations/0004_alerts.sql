-- A record of pulsemon.alerts lands in alerts_in. It names a place in the metrics log itself, so its own place has log_ in front.
CREATE TABLE IF NOT EXISTS ${database}.alerts_in ${on_cluster} (
  log_topic_id String,
  log_partition Int32,
  log_offset Int64,
  log_append_time DateTime64(3, 'UTC'),
  event_id String,
  alert_id String,
  transition Int64,
  server_id String,
  rule_id String,
  rule_version Int64,
  rule_author String,
  metric String,
  labels String,
  previous_state String,
  state String,
  previous_level String,
  level String,
  reason String,
  actor String,
  started_at DateTime64(3, 'UTC'),
  occurred_at DateTime64(3, 'UTC'),
  late Bool,
  value Nullable(Float64),
  `limit` Nullable(Float64),
  calm_value Nullable(Float64),
  window_function String,
  window_seconds Float64,
  sample_count Int64,
  topic_id String,
  partition Int32,
  first_offset Int64,
  last_offset Int64,
  control_offset Int64,
  suppressed_by Array(String),
  CONSTRAINT named CHECK server_id != '' AND alert_id != '' AND transition >= 0,
  CONSTRAINT utf8 CHECK isValidUTF8(concat(server_id, alert_id, rule_id, labels, reason, actor)),
  CONSTRAINT sane_time CHECK started_at >= toDateTime64('2020-01-01 00:00:00', 3, 'UTC') AND started_at < toDateTime64('2100-01-01 00:00:00', 3, 'UTC')
    AND occurred_at >= toDateTime64('2020-01-01 00:00:00', 3, 'UTC') AND occurred_at < toDateTime64('2100-01-01 00:00:00', 3, 'UTC')
) ENGINE = Null;

CREATE TABLE IF NOT EXISTS ${database}.alerts_probe ${on_cluster} AS ${database}.alerts_in ENGINE = Null;

-- Every transition of every alert. A transition is known by its alert and its number, whatever log brings it and however often; the copy
-- that was written first stays: the engine keeps the largest precedence, which is the negated time of writing.
CREATE TABLE IF NOT EXISTS ${database}.alerts ${on_cluster} (
  server_id LowCardinality(String),
  alert_id String,
  transition Int64,
  event_id String,
  rule_id LowCardinality(String),
  rule_version Int64,
  rule_author LowCardinality(String),
  metric LowCardinality(String),
  labels String,
  previous_state LowCardinality(String),
  state LowCardinality(String),
  previous_level LowCardinality(String),
  level LowCardinality(String),
  reason String,
  actor LowCardinality(String),
  started_at DateTime64(3, 'UTC'),
  occurred_at DateTime64(3, 'UTC'),
  late Bool,
  value Nullable(Float64),
  `limit` Nullable(Float64),
  calm_value Nullable(Float64),
  window_function LowCardinality(String),
  window_seconds Float64,
  sample_count Int64,
  topic_id LowCardinality(String),
  partition Int32,
  first_offset Int64,
  last_offset Int64,
  control_offset Int64,
  suppressed_by Array(String),
  log_topic_id LowCardinality(String),
  log_partition Int32,
  log_offset Int64,
  precedence Int64,
  log_append_time DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(-precedence, 'UTC')
) ${engine:ReplacingMergeTree(precedence)}
PARTITION BY toYYYYMM(started_at)
ORDER BY (server_id, alert_id, transition)
TTL toDateTime(started_at) + INTERVAL 2 YEAR
SETTINGS ttl_only_drop_parts = 1, ${dedup};

-- The newest transition of each alert, for the question which are open: the largest number stays, so it never goes back.
CREATE TABLE IF NOT EXISTS ${database}.alert_state ${on_cluster} AS ${database}.alerts
${engine:ReplacingMergeTree(transition)}
PARTITION BY toYYYYMM(started_at)
ORDER BY (server_id, alert_id)
TTL toDateTime(started_at) + INTERVAL 2 YEAR
SETTINGS ttl_only_drop_parts = 1, ${dedup};

CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.alerts_mv ${on_cluster} TO ${database}.alerts AS
SELECT * EXCEPT (log_append_time), -toUnixTimestamp64Milli(log_append_time) AS precedence
FROM ${database}.alerts_in;

CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.alert_state_mv ${on_cluster} TO ${database}.alert_state AS
SELECT * EXCEPT (log_append_time), -toUnixTimestamp64Milli(log_append_time) AS precedence
FROM ${database}.alerts_in;

-- A record of pulsemon.server-state lands in server_state_in; the end of a key arrives as a state with the status purged.
CREATE TABLE IF NOT EXISTS ${database}.server_state_in ${on_cluster} (
  log_topic_id String,
  log_partition Int32,
  log_offset Int64,
  log_append_time DateTime64(3, 'UTC'),
  server_id String,
  status String,
  previous_status String,
  changed_at DateTime64(3, 'UTC'),
  last_seen_at DateTime64(3, 'UTC'),
  worst_level String,
  firing Map(String, Int64),
  topic_id String,
  partition Int32,
  offset Int64,
  control_offset Int64,
  CONSTRAINT named CHECK server_id != '' AND isValidUTF8(server_id) AND status != ''
) ENGINE = Null;

CREATE TABLE IF NOT EXISTS ${database}.server_state_probe ${on_cluster} AS ${database}.server_state_in ENGINE = Null;

-- The newest state of each server in one life of the topic: the largest offset stays. Of several lives the one written last counts.
CREATE TABLE IF NOT EXISTS ${database}.server_state ${on_cluster} (
  server_id LowCardinality(String),
  log_topic_id LowCardinality(String),
  log_partition Int32,
  log_offset Int64,
  log_append_time DateTime64(3, 'UTC'),
  status LowCardinality(String),
  previous_status LowCardinality(String),
  changed_at DateTime64(3, 'UTC'),
  last_seen_at DateTime64(3, 'UTC'),
  worst_level LowCardinality(String),
  firing Map(LowCardinality(String), Int64),
  topic_id LowCardinality(String),
  partition Int32,
  offset Int64,
  control_offset Int64
) ${engine:ReplacingMergeTree(log_offset)}
ORDER BY (server_id, log_topic_id)
SETTINGS ${dedup};

CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.server_state_mv ${on_cluster} TO ${database}.server_state AS
SELECT * FROM ${database}.server_state_in;

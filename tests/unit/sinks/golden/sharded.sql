-- 0001_metrics

CREATE TABLE IF NOT EXISTS pulsemon.metrics_in ON CLUSTER pulse (
  topic_id String,
  partition Int32,
  offset Int64,
  append_time DateTime64(3, 'UTC'),
  server_id String,
  source String,
  producer_id String,
  sequence Int64,
  previous_producer_id String,
  previous_sequence Int64,
  recorded_at DateTime64(3, 'UTC'),
  sent_at DateTime64(3, 'UTC'),
  names Array(String),
  labels Array(String),
  values Array(Float64),
  dropped Map(String, Int64),
  signature String,
  CONSTRAINT utf8 CHECK isValidUTF8(arrayStringConcat(names)) AND isValidUTF8(arrayStringConcat(labels)) AND isValidUTF8(producer_id),
  CONSTRAINT one_length CHECK length(names) = length(labels) AND length(names) = length(values),
  CONSTRAINT sane_batch CHECK server_id != '' AND isValidUTF8(server_id) AND sequence >= 0 AND length(names) <= 65536,
  CONSTRAINT sane_time CHECK recorded_at >= toDateTime64('2020-01-01 00:00:00', 3, 'UTC') AND recorded_at <= append_time + INTERVAL 10 MINUTE
) ENGINE = Null;

CREATE TABLE IF NOT EXISTS pulsemon.metrics_probe ON CLUSTER pulse AS pulsemon.metrics_in ENGINE = Null;

CREATE TABLE IF NOT EXISTS pulsemon.samples ON CLUSTER pulse (
  server_id LowCardinality(String),
  name LowCardinality(String),
  labels LowCardinality(String),
  recorded_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  value Float64 CODEC(Delta(8), ZSTD(1))
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
PARTITION BY toDate(recorded_at)
ORDER BY (name, toStartOfHour(recorded_at), server_id, labels, recorded_at)
TTL toDateTime(recorded_at) + INTERVAL 14 DAY
SETTINGS ttl_only_drop_parts = 1, replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 604800;

CREATE TABLE IF NOT EXISTS pulsemon_all.samples ON CLUSTER pulse AS pulsemon.samples ENGINE = Distributed(pulse, pulsemon, samples);

CREATE TABLE IF NOT EXISTS pulsemon.batches ON CLUSTER pulse (
  server_id LowCardinality(String),
  producer_id LowCardinality(String),
  sequence Int64 CODEC(Delta(8), ZSTD(1)),
  source LowCardinality(String),
  previous_producer_id LowCardinality(String),
  previous_sequence Int64 CODEC(ZSTD(1)),
  topic_id LowCardinality(String),
  partition Int32 CODEC(Delta(4), ZSTD(1)),
  offset Int64 CODEC(Delta(8), ZSTD(1)),
  precedence Int64 CODEC(Delta(8), ZSTD(1)),
  append_time DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(-precedence, 'UTC'),
  recorded_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  delay_ms Int64 CODEC(T64, ZSTD(1)),
  sent_at DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(toUnixTimestamp64Milli(recorded_at) + delay_ms, 'UTC'),
  samples UInt32 CODEC(T64, ZSTD(1)),
  non_finite UInt32 CODEC(T64, ZSTD(1)),
  dropped Map(LowCardinality(String), Int64) CODEC(ZSTD(1)),
  signature String CODEC(ZSTD(1)),
  inserted_at DateTime('UTC') DEFAULT now() CODEC(Delta(4), ZSTD(1))
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', precedence)
PARTITION BY toDate(recorded_at)
ORDER BY (server_id, producer_id, sequence)
TTL toDateTime(recorded_at) + INTERVAL 14 DAY
SETTINGS ttl_only_drop_parts = 1, replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 604800;

CREATE TABLE IF NOT EXISTS pulsemon_all.batches ON CLUSTER pulse AS pulsemon.batches ENGINE = Distributed(pulse, pulsemon, batches);

CREATE TABLE IF NOT EXISTS pulsemon.latest ON CLUSTER pulse (
  name LowCardinality(String),
  server_id LowCardinality(String),
  labels LowCardinality(String),
  recorded_at DateTime64(3, 'UTC'),
  value Float64
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', recorded_at)
ORDER BY (name, server_id, labels)
TTL toDateTime(recorded_at) + INTERVAL 14 DAY
SETTINGS replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 604800;

CREATE TABLE IF NOT EXISTS pulsemon_all.latest ON CLUSTER pulse AS pulsemon.latest ENGINE = Distributed(pulse, pulsemon, latest);

CREATE TABLE IF NOT EXISTS pulsemon.sightings ON CLUSTER pulse (
  server_id String,
  source LowCardinality(String),
  last_seen_at DateTime64(3, 'UTC')
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', last_seen_at)
ORDER BY (server_id, source)
SETTINGS replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 604800;

CREATE TABLE IF NOT EXISTS pulsemon_all.sightings ON CLUSTER pulse AS pulsemon.sightings ENGINE = Distributed(pulse, pulsemon, sightings);

CREATE TABLE IF NOT EXISTS pulsemon.ticks ON CLUSTER pulse (
  topic_id LowCardinality(String),
  partition Int32,
  offset Int64 CODEC(Delta(8), ZSTD(1)),
  append_time DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  source LowCardinality(String),
  producer_id LowCardinality(String),
  sequence Int64 CODEC(Delta(8), ZSTD(1)),
  previous_producer_id LowCardinality(String),
  previous_sequence Int64 CODEC(ZSTD(1)),
  recorded_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  sent_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  names Array(LowCardinality(String)),
  labels Array(LowCardinality(String)),
  values Array(Float64),
  control_offset Int64 ALIAS toInt64(values[1]),
  signature String CODEC(ZSTD(1))
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
PARTITION BY toDate(append_time)
ORDER BY (topic_id, partition, offset)
TTL toDateTime(append_time) + INTERVAL 14 DAY
SETTINGS ttl_only_drop_parts = 1, replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 604800;

CREATE TABLE IF NOT EXISTS pulsemon_all.ticks ON CLUSTER pulse AS pulsemon.ticks ENGINE = Distributed(pulse, pulsemon, ticks);

CREATE MATERIALIZED VIEW IF NOT EXISTS pulsemon.samples_mv ON CLUSTER pulse TO pulsemon.samples AS
SELECT server_id, n AS name, l AS labels, recorded_at, v AS value
FROM pulsemon.metrics_in
ARRAY JOIN names AS n, labels AS l, values AS v
WHERE server_id != '_tick' AND isFinite(v);

CREATE MATERIALIZED VIEW IF NOT EXISTS pulsemon.batches_mv ON CLUSTER pulse TO pulsemon.batches AS
SELECT
  server_id, producer_id, sequence, source, previous_producer_id, previous_sequence, topic_id, partition, offset,
  -toUnixTimestamp64Milli(append_time) AS precedence,
  recorded_at,
  toUnixTimestamp64Milli(sent_at) - toUnixTimestamp64Milli(recorded_at) AS delay_ms,
  length(values) AS samples,
  arrayCount(x -> NOT isFinite(x), values) AS non_finite,
  dropped, signature
FROM pulsemon.metrics_in
WHERE server_id != '_tick';

CREATE MATERIALIZED VIEW IF NOT EXISTS pulsemon.sightings_mv ON CLUSTER pulse TO pulsemon.sightings AS
SELECT server_id, source, max(recorded_at) AS last_seen_at
FROM pulsemon.metrics_in
WHERE server_id != '_tick'
GROUP BY server_id, source;

CREATE MATERIALIZED VIEW IF NOT EXISTS pulsemon.ticks_mv ON CLUSTER pulse TO pulsemon.ticks AS
SELECT
  topic_id, partition, offset, append_time, source, producer_id, sequence, previous_producer_id, previous_sequence,
  recorded_at, sent_at, names, labels, values, signature
FROM pulsemon.metrics_in
WHERE server_id = '_tick';

-- 0002_sink

CREATE TABLE IF NOT EXISTS pulsemon.sink_ledger ON CLUSTER pulse (
  topic LowCardinality(String),
  topic_id LowCardinality(String),
  partition Int32,
  first_offset Int64,
  last_offset Int64,
  kind LowCardinality(String),
  records UInt32,
  windows Array(UInt32),
  inserted_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
ORDER BY (topic, topic_id, partition, first_offset)
SETTINGS replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 604800;

CREATE TABLE IF NOT EXISTS pulsemon_all.sink_ledger ON CLUSTER pulse AS pulsemon.sink_ledger ENGINE = Distributed(pulse, pulsemon, sink_ledger);

CREATE TABLE IF NOT EXISTS pulsemon.sink_skips ON CLUSTER pulse (
  topic LowCardinality(String),
  topic_id LowCardinality(String),
  partition Int32,
  first_offset Int64,
  round UInt32,
  skipped Array(Int64),
  reasons Array(String),
  details Array(String),
  inserted_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
ORDER BY (topic, topic_id, partition, first_offset, round)
SETTINGS replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 604800;

CREATE TABLE IF NOT EXISTS pulsemon_all.sink_skips ON CLUSTER pulse AS pulsemon.sink_skips ENGINE = Distributed(pulse, pulsemon, sink_skips);

-- 0003_control

CREATE TABLE IF NOT EXISTS pulsemon.control ON CLUSTER pulse (
  topic_id String,
  offset Int64,
  append_time DateTime64(3, 'UTC'),
  entity_type LowCardinality(String),
  entity_id String,
  operation LowCardinality(String),
  expected_version Int64,
  change_id String,
  author String,
  on_behalf_of String,
  reason String,
  body String CODEC(ZSTD(3)),
  version Int64,
  void UInt8
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
ORDER BY (topic_id, offset)
SETTINGS replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 604800;

CREATE TABLE IF NOT EXISTS pulsemon_all.control ON CLUSTER pulse AS pulsemon.control ENGINE = Distributed(pulse, pulsemon, control);

-- 0004_alerts

CREATE TABLE IF NOT EXISTS pulsemon.alerts_in ON CLUSTER pulse (
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

CREATE TABLE IF NOT EXISTS pulsemon.alerts_probe ON CLUSTER pulse AS pulsemon.alerts_in ENGINE = Null;

CREATE TABLE IF NOT EXISTS pulsemon.alerts ON CLUSTER pulse (
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
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', precedence)
PARTITION BY toYYYYMM(started_at)
ORDER BY (server_id, alert_id, transition)
TTL toDateTime(started_at) + INTERVAL 2 YEAR
SETTINGS ttl_only_drop_parts = 1, replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 604800;

CREATE TABLE IF NOT EXISTS pulsemon_all.alerts ON CLUSTER pulse AS pulsemon.alerts ENGINE = Distributed(pulse, pulsemon, alerts);

CREATE TABLE IF NOT EXISTS pulsemon.alert_state ON CLUSTER pulse AS pulsemon.alerts
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', transition)
PARTITION BY toYYYYMM(started_at)
ORDER BY (server_id, alert_id)
TTL toDateTime(started_at) + INTERVAL 2 YEAR
SETTINGS ttl_only_drop_parts = 1, replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 604800;

CREATE TABLE IF NOT EXISTS pulsemon_all.alert_state ON CLUSTER pulse AS pulsemon.alert_state ENGINE = Distributed(pulse, pulsemon, alert_state);

CREATE MATERIALIZED VIEW IF NOT EXISTS pulsemon.alerts_mv ON CLUSTER pulse TO pulsemon.alerts AS
SELECT * EXCEPT (log_append_time), -toUnixTimestamp64Milli(log_append_time) AS precedence
FROM pulsemon.alerts_in;

CREATE MATERIALIZED VIEW IF NOT EXISTS pulsemon.alert_state_mv ON CLUSTER pulse TO pulsemon.alert_state AS
SELECT * EXCEPT (log_append_time), -toUnixTimestamp64Milli(log_append_time) AS precedence
FROM pulsemon.alerts_in;

CREATE TABLE IF NOT EXISTS pulsemon.server_state_in ON CLUSTER pulse (
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

CREATE TABLE IF NOT EXISTS pulsemon.server_state_probe ON CLUSTER pulse AS pulsemon.server_state_in ENGINE = Null;

CREATE TABLE IF NOT EXISTS pulsemon.server_state ON CLUSTER pulse (
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
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', log_offset)
ORDER BY (server_id, log_topic_id)
SETTINGS replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 604800;

CREATE TABLE IF NOT EXISTS pulsemon_all.server_state ON CLUSTER pulse AS pulsemon.server_state ENGINE = Distributed(pulse, pulsemon, server_state);

CREATE MATERIALIZED VIEW IF NOT EXISTS pulsemon.server_state_mv ON CLUSTER pulse TO pulsemon.server_state AS
SELECT * FROM pulsemon.server_state_in;

-- 0005_lost_tails

ALTER TABLE pulsemon.sink_ledger ON CLUSTER pulse ADD COLUMN IF NOT EXISTS leader_epoch Int32 DEFAULT -1 AFTER kind;

ALTER TABLE pulsemon_all.sink_ledger ON CLUSTER pulse ADD COLUMN IF NOT EXISTS leader_epoch Int32 DEFAULT -1 AFTER kind;

CREATE TABLE IF NOT EXISTS pulsemon.sink_letters ON CLUSTER pulse (
  topic LowCardinality(String),
  topic_id LowCardinality(String),
  partition Int32,
  first_offset Int64,
  inserted_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
ORDER BY (topic, topic_id, partition, first_offset)
SETTINGS replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 604800;

CREATE TABLE IF NOT EXISTS pulsemon_all.sink_letters ON CLUSTER pulse AS pulsemon.sink_letters ENGINE = Distributed(pulse, pulsemon, sink_letters);

-- 0006_alerts_shadow

CREATE TABLE IF NOT EXISTS pulsemon.alerts_shadow_in ON CLUSTER pulse AS pulsemon.alerts_in ENGINE = Null;

CREATE TABLE IF NOT EXISTS pulsemon.alerts_shadow_probe ON CLUSTER pulse AS pulsemon.alerts_in ENGINE = Null;

CREATE TABLE IF NOT EXISTS pulsemon.alerts_shadow ON CLUSTER pulse AS pulsemon.alerts
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', precedence)
PARTITION BY toYYYYMM(started_at)
ORDER BY (server_id, alert_id, transition)
TTL toDateTime(started_at) + INTERVAL 90 DAY
SETTINGS ttl_only_drop_parts = 1, replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 604800;

CREATE TABLE IF NOT EXISTS pulsemon_all.alerts_shadow ON CLUSTER pulse AS pulsemon.alerts_shadow ENGINE = Distributed(pulse, pulsemon, alerts_shadow);

CREATE MATERIALIZED VIEW IF NOT EXISTS pulsemon.alerts_shadow_mv ON CLUSTER pulse TO pulsemon.alerts_shadow AS
SELECT * EXCEPT (log_append_time), -toUnixTimestamp64Milli(log_append_time) AS precedence
FROM pulsemon.alerts_shadow_in;

-- 0010_tiers

CREATE TABLE IF NOT EXISTS pulsemon.samples_1m ON CLUSTER pulse (
  name LowCardinality(String),
  server_id LowCardinality(String),
  labels LowCardinality(String),
  starts_at DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
  min_value Float32 CODEC(Delta(4), ZSTD(1)),
  max_value Float32 CODEC(Delta(4), ZSTD(1)),
  avg_value Float32 CODEC(Delta(4), ZSTD(1)),
  last_value Float64 CODEC(Delta(8), ZSTD(1)),
  samples UInt32 CODEC(T64, ZSTD(1))
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', samples)
PARTITION BY toDate(starts_at)
ORDER BY (name, server_id, labels, starts_at)
TTL starts_at + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS pulsemon_all.samples_1m ON CLUSTER pulse AS pulsemon.samples_1m ENGINE = Distributed(pulse, pulsemon, samples_1m);

CREATE TABLE IF NOT EXISTS pulsemon.samples_1h ON CLUSTER pulse (
  name LowCardinality(String),
  server_id LowCardinality(String),
  labels LowCardinality(String),
  starts_at DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
  min_value Float32 CODEC(Delta(4), ZSTD(1)),
  max_value Float32 CODEC(Delta(4), ZSTD(1)),
  avg_value Float64 CODEC(Delta(8), ZSTD(1)),
  last_value Float64 CODEC(Delta(8), ZSTD(1)),
  samples UInt32 CODEC(T64, ZSTD(1)),
  p50 Float32 CODEC(Delta(4), ZSTD(1)),
  p95 Float32 CODEC(Delta(4), ZSTD(1)),
  p99 Float32 CODEC(Delta(4), ZSTD(1))
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', samples)
PARTITION BY toYYYYMM(starts_at)
ORDER BY (name, server_id, labels, starts_at)
TTL starts_at + INTERVAL 2 YEAR
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS pulsemon_all.samples_1h ON CLUSTER pulse AS pulsemon.samples_1h ENGINE = Distributed(pulse, pulsemon, samples_1h);

CREATE TABLE IF NOT EXISTS pulsemon.samples_1d ON CLUSTER pulse (
  name LowCardinality(String),
  server_id LowCardinality(String),
  labels LowCardinality(String),
  starts_at DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
  min_value Float32 CODEC(Delta(4), ZSTD(1)),
  max_value Float32 CODEC(Delta(4), ZSTD(1)),
  avg_value Float64 CODEC(Delta(8), ZSTD(1)),
  last_value Float64 CODEC(Delta(8), ZSTD(1)),
  samples UInt32 CODEC(T64, ZSTD(1)),
  p50 Float32 CODEC(Delta(4), ZSTD(1)),
  p95 Float32 CODEC(Delta(4), ZSTD(1)),
  p99 Float32 CODEC(Delta(4), ZSTD(1))
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', samples)
PARTITION BY toYear(starts_at)
ORDER BY (name, server_id, labels, starts_at);

CREATE TABLE IF NOT EXISTS pulsemon_all.samples_1d ON CLUSTER pulse AS pulsemon.samples_1d ENGINE = Distributed(pulse, pulsemon, samples_1d);

CREATE TABLE IF NOT EXISTS pulsemon.rollup_cursors ON CLUSTER pulse (
  topic LowCardinality(String),
  topic_id String,
  partition Int32,
  done_before Int64
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', done_before)
ORDER BY (topic, topic_id, partition);

CREATE TABLE IF NOT EXISTS pulsemon_all.rollup_cursors ON CLUSTER pulse AS pulsemon.rollup_cursors ENGINE = Distributed(pulse, pulsemon, rollup_cursors);

CREATE TABLE IF NOT EXISTS pulsemon.rollup_requests ON CLUSTER pulse (
  id String,
  hours Array(UInt32),
  requested_at DateTime('UTC') DEFAULT now()
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
ORDER BY id
TTL requested_at + INTERVAL 30 DAY;

CREATE TABLE IF NOT EXISTS pulsemon_all.rollup_requests ON CLUSTER pulse AS pulsemon.rollup_requests ENGINE = Distributed(pulse, pulsemon, rollup_requests);

CREATE TABLE IF NOT EXISTS pulsemon.rollup_turns ON CLUSTER pulse (
  turn UInt64,
  holder String,
  is_over UInt8,
  at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
ORDER BY (turn, is_over)
TTL toDateTime(at) + INTERVAL 7 DAY
SETTINGS replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 604800;

CREATE TABLE IF NOT EXISTS pulsemon_all.rollup_turns ON CLUSTER pulse AS pulsemon.rollup_turns ENGINE = Distributed(pulse, pulsemon, rollup_turns);

-- 0011_last_at

ALTER TABLE pulsemon.samples_1m ON CLUSTER pulse ADD COLUMN IF NOT EXISTS last_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)) AFTER last_value;

ALTER TABLE pulsemon_all.samples_1m ON CLUSTER pulse ADD COLUMN IF NOT EXISTS last_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)) AFTER last_value;

ALTER TABLE pulsemon.samples_1h ON CLUSTER pulse ADD COLUMN IF NOT EXISTS last_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)) AFTER last_value;

ALTER TABLE pulsemon_all.samples_1h ON CLUSTER pulse ADD COLUMN IF NOT EXISTS last_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)) AFTER last_value;

ALTER TABLE pulsemon.samples_1d ON CLUSTER pulse ADD COLUMN IF NOT EXISTS last_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)) AFTER last_value;

ALTER TABLE pulsemon_all.samples_1d ON CLUSTER pulse ADD COLUMN IF NOT EXISTS last_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)) AFTER last_value;

-- 0012_values

ALTER TABLE pulsemon.samples ON CLUSTER pulse MODIFY COLUMN value Float64 CODEC(Delta(8), ZSTD(3));

ALTER TABLE pulsemon.samples ON CLUSTER pulse MODIFY SETTING min_compress_block_size = 262144;

-- 0020_restored_logs

CREATE TABLE IF NOT EXISTS pulsemon.restored_logs ON CLUSTER pulse (
  topic LowCardinality(String),
  topic_id_before String,
  topic_id String,
  backup_id String,
  restored_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', restored_at)
ORDER BY (topic, topic_id)
SETTINGS replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 604800;

CREATE TABLE IF NOT EXISTS pulsemon_all.restored_logs ON CLUSTER pulse AS pulsemon.restored_logs ENGINE = Distributed(pulse, pulsemon, restored_logs);

-- 0030_state_snapshots

CREATE TABLE IF NOT EXISTS pulsemon.state_snapshots ON CLUSTER pulse (
  topic_id LowCardinality(String),
  partition Int32,
  taken_at DateTime64(3, 'UTC'),
  key String,
  state String CODEC(ZSTD(3))
) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
PARTITION BY toDate(taken_at)
ORDER BY (topic_id, partition, taken_at, key)
TTL toDateTime(taken_at) + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1, replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 604800;

CREATE TABLE IF NOT EXISTS pulsemon_all.state_snapshots ON CLUSTER pulse AS pulsemon.state_snapshots ENGINE = Distributed(pulse, pulsemon, state_snapshots);

-- control_log_view

CREATE OR REPLACE VIEW pulsemon.control_log ON CLUSTER pulse AS
SELECT *
FROM pulsemon.control FINAL
WHERE topic_id = (
  SELECT argMax(topic_id, (began, restored_at, life))
  FROM (
    SELECT
      topic_id,
      splitByChar('/', topic_id)[1] AS log,
      min(append_time) AS began,
      toUInt32OrZero(splitByChar('/', topic_id)[2]) AS life
    FROM pulsemon.control
    GROUP BY topic_id
  ) AS logs
  LEFT JOIN (
    SELECT topic_id AS log, max(restored_at) AS restored_at FROM pulsemon.restored_logs GROUP BY topic_id
  ) AS restored USING (log)
);

CREATE OR REPLACE VIEW pulsemon_all.control_log ON CLUSTER pulse AS
SELECT *
FROM pulsemon_all.control FINAL
WHERE topic_id = (
  SELECT argMax(topic_id, (began, restored_at, life))
  FROM (
    SELECT
      topic_id,
      splitByChar('/', topic_id)[1] AS log,
      min(append_time) AS began,
      toUInt32OrZero(splitByChar('/', topic_id)[2]) AS life
    FROM pulsemon_all.control
    GROUP BY topic_id
  ) AS logs
  LEFT JOIN (
    SELECT topic_id AS log, max(restored_at) AS restored_at FROM pulsemon_all.restored_logs GROUP BY topic_id
  ) AS restored USING (log)
);

-- latest_view

DROP VIEW IF EXISTS pulsemon.latest_mv ON CLUSTER pulse;

CREATE MATERIALIZED VIEW IF NOT EXISTS pulsemon.latest_mv ON CLUSTER pulse TO pulsemon.latest AS
SELECT n AS name, server_id, l AS labels, recorded_at, v AS value
FROM pulsemon.metrics_in
ARRAY JOIN names AS n, labels AS l, values AS v
WHERE server_id != '_tick' AND n IN ('system.cpu.busy') AND isFinite(v);

-- servers_view

CREATE OR REPLACE VIEW pulsemon.servers ON CLUSTER pulse AS
WITH
  registered AS (
    SELECT
      entity_id AS server_id,
      argMax(operation, offset) AS last_operation,
      argMax(body, offset) AS body,
      max(offset) AS version
    FROM pulsemon.control_log
    WHERE entity_type = 'server' AND void = 0
    GROUP BY entity_id
    HAVING last_operation = 'put'
  ),
  seen AS (
    SELECT
      server_id,
      maxIf(last_seen_at, source IN ('agent', 'gateway', 'simulator')) AS last_seen_at,
      arraySort(groupUniqArray(toString(source))) AS sources
    FROM pulsemon.sightings
    GROUP BY server_id
  ),
  said AS (
    SELECT
      server_id,
      argMax(toString(status), (log_append_time, log_offset)) AS status,
      argMax(toString(worst_level), (log_append_time, log_offset)) AS worst_level
    FROM pulsemon.server_state FINAL
    GROUP BY server_id
    HAVING status != 'purged'
  )
SELECT
  server_id,
  if(JSONExtractString(registered.body, 'name') = '', server_id, JSONExtractString(registered.body, 'name')) AS name,
  JSONExtractString(registered.body, 'environment') AS environment,
  JSONExtractString(registered.body, 'region') AS region,
  JSONExtractString(registered.body, 'role') AS role,
  JSONExtract(registered.body, 'labels', 'Map(String, String)') AS labels,
  if(said.status = '', 'new', said.status) AS status,
  said.worst_level AS worst_level,
  seen.last_seen_at AS last_seen_at,
  seen.sources AS sources,
  registered.body != '' AS is_registered,
  if(registered.body != '', registered.version, -1) AS version
FROM registered
FULL OUTER JOIN seen USING (server_id)
LEFT JOIN said USING (server_id);

CREATE OR REPLACE VIEW pulsemon_all.servers ON CLUSTER pulse AS
WITH
  registered AS (
    SELECT
      entity_id AS server_id,
      argMax(operation, offset) AS last_operation,
      argMax(body, offset) AS body,
      max(offset) AS version
    FROM pulsemon_all.control_log
    WHERE entity_type = 'server' AND void = 0
    GROUP BY entity_id
    HAVING last_operation = 'put'
  ),
  seen AS (
    SELECT
      server_id,
      maxIf(last_seen_at, source IN ('agent', 'gateway', 'simulator')) AS last_seen_at,
      arraySort(groupUniqArray(toString(source))) AS sources
    FROM pulsemon_all.sightings
    GROUP BY server_id
  ),
  said AS (
    SELECT
      server_id,
      argMax(toString(status), (log_append_time, log_offset)) AS status,
      argMax(toString(worst_level), (log_append_time, log_offset)) AS worst_level
    FROM pulsemon_all.server_state FINAL
    GROUP BY server_id
    HAVING status != 'purged'
  )
SELECT
  server_id,
  if(JSONExtractString(registered.body, 'name') = '', server_id, JSONExtractString(registered.body, 'name')) AS name,
  JSONExtractString(registered.body, 'environment') AS environment,
  JSONExtractString(registered.body, 'region') AS region,
  JSONExtractString(registered.body, 'role') AS role,
  JSONExtract(registered.body, 'labels', 'Map(String, String)') AS labels,
  if(said.status = '', 'new', said.status) AS status,
  said.worst_level AS worst_level,
  seen.last_seen_at AS last_seen_at,
  seen.sources AS sources,
  registered.body != '' AS is_registered,
  if(registered.body != '', registered.version, -1) AS version
FROM registered
FULL OUTER JOIN seen USING (server_id)
LEFT JOIN said USING (server_id);

-- status_metrics_view

CREATE OR REPLACE VIEW pulsemon.status_metrics ON CLUSTER pulse AS
WITH
  steps AS (
    SELECT
      server_id, metric, labels, occurred_at AS since, state,
      indexOf(['info', 'warning', 'critical'], toString(level)) AS severity,
      leadInFrame(occurred_at, 1, toDateTime64('2100-01-01 00:00:00', 3, 'UTC')) OVER (
        PARTITION BY server_id, alert_id ORDER BY transition ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING
      ) AS until
    FROM pulsemon.alerts FINAL
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
  transform(toString(samples.name), ['system.cpu.busy'], ['cpu'], 'custom') AS `group`,
  samples.labels AS labels,
  samples.value AS value,
  ['ok', 'info', 'warning', 'critical'][
    1 + arrayMax(arrayPushBack(arrayMap(one -> if(samples.recorded_at >= one.1 AND samples.recorded_at < one.2, one.3, 0), spans.levels), 0))
  ] AS status,
  samples.recorded_at AS recorded_at
FROM pulsemon.samples AS samples FINAL
LEFT JOIN spans
  ON spans.server_id = toString(samples.server_id) AND spans.name = toString(samples.name) AND spans.labels = toString(samples.labels);

CREATE OR REPLACE VIEW pulsemon_all.status_metrics ON CLUSTER pulse AS
WITH
  steps AS (
    SELECT
      server_id, metric, labels, occurred_at AS since, state,
      indexOf(['info', 'warning', 'critical'], toString(level)) AS severity,
      leadInFrame(occurred_at, 1, toDateTime64('2100-01-01 00:00:00', 3, 'UTC')) OVER (
        PARTITION BY server_id, alert_id ORDER BY transition ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING
      ) AS until
    FROM pulsemon_all.alerts FINAL
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
  transform(toString(samples.name), ['system.cpu.busy'], ['cpu'], 'custom') AS `group`,
  samples.labels AS labels,
  samples.value AS value,
  ['ok', 'info', 'warning', 'critical'][
    1 + arrayMax(arrayPushBack(arrayMap(one -> if(samples.recorded_at >= one.1 AND samples.recorded_at < one.2, one.3, 0), spans.levels), 0))
  ] AS status,
  samples.recorded_at AS recorded_at
FROM pulsemon_all.samples AS samples FINAL
LEFT JOIN spans
  ON spans.server_id = toString(samples.server_id) AND spans.name = toString(samples.name) AND spans.labels = toString(samples.labels);

-- threshold_configurations_view

CREATE OR REPLACE VIEW pulsemon.threshold_configurations ON CLUSTER pulse AS
WITH
  rules AS (
    SELECT
      entity_id AS rule_id,
      argMax(body, offset) AS body,
      argMax(author, offset) AS author,
      max(offset) AS version,
      argMax(append_time, offset) AS changed_at
    FROM pulsemon.control_log
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

CREATE OR REPLACE VIEW pulsemon_all.threshold_configurations ON CLUSTER pulse AS
WITH
  rules AS (
    SELECT
      entity_id AS rule_id,
      argMax(body, offset) AS body,
      argMax(author, offset) AS author,
      max(offset) AS version,
      argMax(append_time, offset) AS changed_at
    FROM pulsemon_all.control_log
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

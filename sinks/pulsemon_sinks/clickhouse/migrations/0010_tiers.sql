-- The tiers of history. A row is one series in one minute, hour or day, of which there are ever more samples until it is whole: of
-- several rows the engine keeps the one with the most, whatever the clocks of those who wrote them. Hence no token and no order.
-- Rates of counters come from last_value, which is why it alone is a Float64 in the minutes.
CREATE TABLE IF NOT EXISTS ${database}.samples_1m ${on_cluster} (
  name LowCardinality(String),
  server_id LowCardinality(String),
  labels LowCardinality(String),
  starts_at DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
  min_value Float32 CODEC(Delta(4), ZSTD(1)),
  max_value Float32 CODEC(Delta(4), ZSTD(1)),
  avg_value Float32 CODEC(Delta(4), ZSTD(1)),
  last_value Float64 CODEC(Delta(8), ZSTD(1)),
  samples UInt32 CODEC(T64, ZSTD(1))
) ${engine:ReplacingMergeTree(samples)}
PARTITION BY toDate(starts_at)
ORDER BY (name, server_id, labels, starts_at)
TTL starts_at + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1;

-- Averages are Float64 from here on: kept for years, and average times samples is the sum.
CREATE TABLE IF NOT EXISTS ${database}.samples_1h ${on_cluster} (
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
) ${engine:ReplacingMergeTree(samples)}
PARTITION BY toYYYYMM(starts_at)
ORDER BY (name, server_id, labels, starts_at)
TTL starts_at + INTERVAL 2 YEAR
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS ${database}.samples_1d ${on_cluster} (
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
) ${engine:ReplacingMergeTree(samples)}
PARTITION BY toYear(starts_at)
ORDER BY (name, server_id, labels, starts_at);

-- How far the rollups have followed the ledger: blocks that begin before done_before need no look any more. The id of the topic is
-- part of the key: a topic made anew begins anew. done_before only grows, so a slower job of two takes nothing back.
-- Two more things stand here under names that no topic has: 'request' (topic_id: its id) and 'days' (done_before: a day since 1970).
CREATE TABLE IF NOT EXISTS ${database}.rollup_cursors ${on_cluster} (
  topic LowCardinality(String),
  topic_id String,
  partition Int32,
  done_before Int64
) ${engine:ReplacingMergeTree(done_before)}
ORDER BY (topic, topic_id, partition);

-- Hours (since 1970) whose samples came by another way than the log, written once those samples are stored.
CREATE TABLE IF NOT EXISTS ${database}.rollup_requests ${on_cluster} (
  id String,
  hours Array(UInt32),
  requested_at DateTime('UTC') DEFAULT now()
) ${engine:ReplacingMergeTree()}
ORDER BY id
TTL requested_at + INTERVAL 30 DAY;

-- One sink at a time makes rollups; two would do no harm, only double work.
CREATE TABLE IF NOT EXISTS ${database}.rollup_turns ${on_cluster} (
  turn UInt64,
  holder String,
  is_over UInt8,
  at DateTime64(3, 'UTC') DEFAULT now64(3)
) ${engine:MergeTree()}
ORDER BY (turn, is_over)
TTL toDateTime(at) + INTERVAL 7 DAY
SETTINGS ${dedup};

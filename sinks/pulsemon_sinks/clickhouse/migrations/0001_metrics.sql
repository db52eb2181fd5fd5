-- A record of pulsemon.metrics lands in metrics_in in the shape it has on the wire, with its place in the log in front;
-- nothing is kept there, views spread it over the tables. Plain String columns: LowCardinality would double the cost here.
CREATE TABLE IF NOT EXISTS ${database}.metrics_in ${on_cluster} (
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

-- The same shape and constraints with no view behind it: bad records are found here without side effects.
CREATE TABLE IF NOT EXISTS ${database}.metrics_probe ${on_cluster} AS ${database}.metrics_in ENGINE = Null;

CREATE TABLE IF NOT EXISTS ${database}.samples ${on_cluster} (
  server_id LowCardinality(String),
  name LowCardinality(String),
  labels LowCardinality(String),
  recorded_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  value Float64 CODEC(Delta(8), ZSTD(1))
) ${engine:ReplacingMergeTree()}
PARTITION BY toDate(recorded_at)
ORDER BY (name, toStartOfHour(recorded_at), server_id, labels, recorded_at)
TTL toDateTime(recorded_at) + INTERVAL 14 DAY
SETTINGS ttl_only_drop_parts = 1, ${dedup};

-- One row a batch, the order of the log beside the data. Of a batch that was sent twice the copy that was appended first stays:
-- the engine keeps the largest precedence, which is the negated append time.
CREATE TABLE IF NOT EXISTS ${database}.batches ${on_cluster} (
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
) ${engine:ReplacingMergeTree(precedence)}
PARTITION BY toDate(recorded_at)
ORDER BY (server_id, producer_id, sequence)
TTL toDateTime(recorded_at) + INTERVAL 14 DAY
SETTINGS ttl_only_drop_parts = 1, ${dedup};

-- The newest value of each series of a headline metric: the largest recorded_at stays, so it never goes back in time.
CREATE TABLE IF NOT EXISTS ${database}.latest ${on_cluster} (
  name LowCardinality(String),
  server_id LowCardinality(String),
  labels LowCardinality(String),
  recorded_at DateTime64(3, 'UTC'),
  value Float64
) ${engine:ReplacingMergeTree(recorded_at)}
ORDER BY (name, server_id, labels)
TTL toDateTime(recorded_at) + INTERVAL 14 DAY
SETTINGS ${dedup};

-- The newest batch of each server and source.
CREATE TABLE IF NOT EXISTS ${database}.sightings ${on_cluster} (
  server_id String,
  source LowCardinality(String),
  last_seen_at DateTime64(3, 'UTC')
) ${engine:ReplacingMergeTree(last_seen_at)}
ORDER BY (server_id, source)
SETTINGS ${dedup};

-- Ticks: batches of the reserved server _tick, one sample each. A record's place in the log is its identity.
CREATE TABLE IF NOT EXISTS ${database}.ticks ${on_cluster} (
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
) ${engine:ReplacingMergeTree()}
PARTITION BY toDate(append_time)
ORDER BY (topic_id, partition, offset)
TTL toDateTime(append_time) + INTERVAL 14 DAY
SETTINGS ttl_only_drop_parts = 1, ${dedup};

CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.samples_mv ${on_cluster} TO ${database}.samples AS
SELECT server_id, n AS name, l AS labels, recorded_at, v AS value
FROM ${database}.metrics_in
ARRAY JOIN names AS n, labels AS l, values AS v
WHERE server_id != '_tick' AND isFinite(v);

CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.batches_mv ${on_cluster} TO ${database}.batches AS
SELECT
  server_id, producer_id, sequence, source, previous_producer_id, previous_sequence, topic_id, partition, offset,
  -toUnixTimestamp64Milli(append_time) AS precedence,
  recorded_at,
  toUnixTimestamp64Milli(sent_at) - toUnixTimestamp64Milli(recorded_at) AS delay_ms,
  length(values) AS samples,
  arrayCount(x -> NOT isFinite(x), values) AS non_finite,
  dropped, signature
FROM ${database}.metrics_in
WHERE server_id != '_tick';

CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.sightings_mv ${on_cluster} TO ${database}.sightings AS
SELECT server_id, source, max(recorded_at) AS last_seen_at
FROM ${database}.metrics_in
WHERE server_id != '_tick'
GROUP BY server_id, source;

CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.ticks_mv ${on_cluster} TO ${database}.ticks AS
SELECT
  topic_id, partition, offset, append_time, source, producer_id, sequence, previous_producer_id, previous_sequence,
  recorded_at, sent_at, names, labels, values, signature
FROM ${database}.metrics_in
WHERE server_id = '_tick';

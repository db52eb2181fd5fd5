-- The blocks that all sinks agreed on, one row a block; kind 'lost' names a range that retention removed before it was stored.
-- windows: the 5-minute windows (recorded_at in seconds, divided by 300) that the block touches.
CREATE TABLE IF NOT EXISTS ${database}.sink_ledger ${on_cluster} (
  topic LowCardinality(String),
  topic_id LowCardinality(String),
  partition Int32,
  first_offset Int64,
  last_offset Int64,
  kind LowCardinality(String),
  records UInt32,
  windows Array(UInt32),
  inserted_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ${engine:MergeTree()}
ORDER BY (topic, topic_id, partition, first_offset)
SETTINGS ${dedup};

-- The records of a block that all sinks agreed to leave out, one row a round, with the reason of each.
CREATE TABLE IF NOT EXISTS ${database}.sink_skips ${on_cluster} (
  topic LowCardinality(String),
  topic_id LowCardinality(String),
  partition Int32,
  first_offset Int64,
  round UInt32,
  skipped Array(Int64),
  reasons Array(String),
  details Array(String),
  inserted_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ${engine:MergeTree()}
ORDER BY (topic, topic_id, partition, first_offset, round)
SETTINGS ${dedup};

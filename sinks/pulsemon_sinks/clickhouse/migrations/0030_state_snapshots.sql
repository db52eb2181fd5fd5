-- What the processor knew once a day, so that a replay can begin there: the newest state of each key of a partition of
-- pulsemon.processor-state, all read to one end. Partition -1 has what the engine across servers knew, taken once it had heard all that
-- the partitions had said by then.
CREATE TABLE IF NOT EXISTS ${database}.state_snapshots ${on_cluster} (
  topic_id LowCardinality(String),
  partition Int32,
  taken_at DateTime64(3, 'UTC'),
  key String,
  state String CODEC(ZSTD(3))
) ${engine:ReplacingMergeTree()}
PARTITION BY toDate(taken_at)
ORDER BY (topic_id, partition, taken_at, key)
TTL toDateTime(taken_at) + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1, ${dedup};

-- The control log as history: every record at its offset, with what the fold said about it. Void records are kept.
CREATE TABLE IF NOT EXISTS ${database}.control ${on_cluster} (
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
) ${engine:ReplacingMergeTree()}
ORDER BY (topic_id, offset)
SETTINGS ${dedup};

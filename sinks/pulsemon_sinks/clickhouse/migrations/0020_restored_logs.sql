-- The control logs that were restored from a backup into a new topic: the same records at the same offsets, under another topic id.
CREATE TABLE IF NOT EXISTS ${database}.restored_logs ${on_cluster} (
  topic LowCardinality(String),
  topic_id_before String,
  topic_id String,
  backup_id String,
  restored_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ${engine:ReplacingMergeTree(restored_at)}
ORDER BY (topic, topic_id)
SETTINGS ${dedup};

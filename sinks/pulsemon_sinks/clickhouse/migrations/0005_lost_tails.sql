-- Kafka can lose the tail of a log and use its offsets again. The leader epoch of a block's last record tells the two apart; -1: not known.
-- Ledger and skips of such a log go on under the topic id with /1, /2 … behind it, from a row of kind 'truncated' on.
ALTER TABLE ${database}.sink_ledger ${on_cluster} ADD COLUMN IF NOT EXISTS leader_epoch Int32 DEFAULT -1 AFTER kind;

-- The blocks whose dead letters have arrived: a replay of the block does not send them again.
CREATE TABLE IF NOT EXISTS ${database}.sink_letters ${on_cluster} (
  topic LowCardinality(String),
  topic_id LowCardinality(String),
  partition Int32,
  first_offset Int64,
  inserted_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ${engine:MergeTree()}
ORDER BY (topic, topic_id, partition, first_offset)
SETTINGS ${dedup};

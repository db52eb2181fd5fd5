-- Transitions of rules in shadow, which page nobody: the same records, known in the same way, in tables of their own.
CREATE TABLE IF NOT EXISTS ${database}.alerts_shadow_in ${on_cluster} AS ${database}.alerts_in ENGINE = Null;

CREATE TABLE IF NOT EXISTS ${database}.alerts_shadow_probe ${on_cluster} AS ${database}.alerts_in ENGINE = Null;

-- A rule is in shadow to be compared with what is in force, over weeks and not over years.
CREATE TABLE IF NOT EXISTS ${database}.alerts_shadow ${on_cluster} AS ${database}.alerts
${engine:ReplacingMergeTree(precedence)}
PARTITION BY toYYYYMM(started_at)
ORDER BY (server_id, alert_id, transition)
TTL toDateTime(started_at) + INTERVAL 90 DAY
SETTINGS ttl_only_drop_parts = 1, ${dedup};

CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.alerts_shadow_mv ${on_cluster} TO ${database}.alerts_shadow AS
SELECT * EXCEPT (log_append_time), -toUnixTimestamp64Milli(log_append_time) AS precedence
FROM ${database}.alerts_shadow_in;

-- The control log as it is now: the newest life of the newest log. Lives of one log begin with the same record, unless all was lost;
-- so does a log that was restored from a backup, which is newer than the one that it is a copy of.
CREATE OR REPLACE VIEW ${database}.control_log ${on_cluster} AS
SELECT *
FROM ${database}.control FINAL
WHERE topic_id = (
  SELECT argMax(topic_id, (began, restored_at, life))
  FROM (
    SELECT
      topic_id,
      splitByChar('/', topic_id)[1] AS log,
      min(append_time) AS began,
      toUInt32OrZero(splitByChar('/', topic_id)[2]) AS life
    FROM ${database}.control
    GROUP BY topic_id
  ) AS logs
  LEFT JOIN (
    SELECT topic_id AS log, max(restored_at) AS restored_at FROM ${database}.restored_logs GROUP BY topic_id
  ) AS restored USING (log)
);

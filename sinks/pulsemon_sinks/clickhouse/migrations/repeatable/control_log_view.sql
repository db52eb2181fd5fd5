-- The control log as it is now: the newest life of the newest log. Lives of one log begin with the same record, unless all was lost.
CREATE OR REPLACE VIEW ${database}.control_log ${on_cluster} AS
SELECT *
FROM ${database}.control FINAL
WHERE topic_id = (
  SELECT argMax(topic_id, (began, life))
  FROM (
    SELECT topic_id, min(append_time) AS began, toUInt32OrZero(splitByChar('/', topic_id)[2]) AS life
    FROM ${database}.control
    GROUP BY topic_id
  )
);

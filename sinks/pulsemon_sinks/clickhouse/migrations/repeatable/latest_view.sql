-- Rendered again whenever the catalogue's headline metrics change. A block inserted between the two statements
-- is missing from latest until the next tick of its series; samples has it.
DROP VIEW IF EXISTS ${database}.latest_mv ${on_cluster};

CREATE MATERIALIZED VIEW IF NOT EXISTS ${database}.latest_mv ${on_cluster} TO ${database}.latest AS
SELECT n AS name, server_id, l AS labels, recorded_at, v AS value
FROM ${database}.metrics_in
ARRAY JOIN names AS n, labels AS l, values AS v
WHERE server_id != '_tick' AND n IN (${headline}) AND isFinite(v);

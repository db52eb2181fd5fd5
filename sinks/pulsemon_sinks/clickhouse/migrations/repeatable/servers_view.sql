-- Every server: the registered ones (newest valid record of the newest control log), and those known from their data alone,
-- whose environment, region and role are ''. Only what speaks for the host counts for last_seen_at; sources names all that sent.
-- status is the processor's newest word, 'new' for a server of which it has said nothing yet.
CREATE OR REPLACE VIEW ${database}.servers ${on_cluster} AS
WITH
  registered AS (
    SELECT
      entity_id AS server_id,
      argMax(operation, offset) AS last_operation,
      argMax(body, offset) AS body,
      max(offset) AS version
    FROM ${database}.control_log
    WHERE entity_type = 'server' AND void = 0
    GROUP BY entity_id
    HAVING last_operation = 'put'
  ),
  seen AS (
    SELECT
      server_id,
      maxIf(last_seen_at, source IN ('agent', 'gateway', 'simulator')) AS last_seen_at,
      arraySort(groupUniqArray(toString(source))) AS sources
    FROM ${database}.sightings
    GROUP BY server_id
  ),
  said AS (
    SELECT
      server_id,
      argMax(toString(status), (log_append_time, log_offset)) AS status,
      argMax(toString(worst_level), (log_append_time, log_offset)) AS worst_level
    FROM ${database}.server_state FINAL
    GROUP BY server_id
    HAVING status != 'purged'
  )
SELECT
  server_id,
  if(JSONExtractString(registered.body, 'name') = '', server_id, JSONExtractString(registered.body, 'name')) AS name,
  JSONExtractString(registered.body, 'environment') AS environment,
  JSONExtractString(registered.body, 'region') AS region,
  JSONExtractString(registered.body, 'role') AS role,
  JSONExtract(registered.body, 'labels', 'Map(String, String)') AS labels,
  if(said.status = '', 'new', said.status) AS status,
  said.worst_level AS worst_level,
  seen.last_seen_at AS last_seen_at,
  seen.sources AS sources,
  registered.body != '' AS is_registered,
  if(registered.body != '', registered.version, -1) AS version
FROM registered
FULL OUTER JOIN seen USING (server_id)
LEFT JOIN said USING (server_id);

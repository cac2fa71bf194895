-- A connector's key says what it is for. Those made before could do everything that a connector may.

ALTER TABLE api_key ADD COLUMN scopes text[] NOT NULL DEFAULT '{}';
UPDATE api_key SET scopes = '{erp,intake,invoices}' WHERE role = 'connector';
ALTER TABLE api_key
  ADD CONSTRAINT only_connectors_have_scopes CHECK ((role = 'connector') = (scopes <> '{}'));
GRANT SELECT (scopes) ON api_key TO recours_reader;

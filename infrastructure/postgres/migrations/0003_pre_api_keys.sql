-- Who may come in through the API. A secret is shown once and kept as its SHA-256 only.

CREATE TABLE api_key (
    key_id     uuid PRIMARY KEY
  , opening    text NOT NULL         -- the secret's second part: finds the row, opens nothing
  , digest     bytea NOT NULL        -- SHA-256 of the whole secret
  , subject_id text NOT NULL
  , role       text NOT NULL
  , created_at timestamptz NOT NULL DEFAULT clock_timestamp()
  , revoked_at timestamptz
  , CHECK (role IN ('agent', 'manager', 'finance', 'auditor', 'connector', 'admin'))
);
CREATE INDEX api_key_opening ON api_key (opening);

-- A key is made and revoked; everything else about it stays as it was issued.
GRANT SELECT, INSERT, UPDATE (revoked_at) ON api_key TO recours_application;
GRANT SELECT (key_id, subject_id, role, created_at, revoked_at) ON api_key TO recours_reader;

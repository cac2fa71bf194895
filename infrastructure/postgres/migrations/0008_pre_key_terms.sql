-- A key has a reach, may end by itself, is replaced by another one, and tells when it was last used.

ALTER TABLE api_key
  ADD COLUMN companies    text[]       -- the legal entities that it reaches; null: every one
, ADD COLUMN teams        text[]       -- the same for teams
, ADD COLUMN expires_at   timestamptz  -- said when it was issued
, ADD COLUMN retires_at   timestamptz  -- said when another one replaced it
, ADD COLUMN replaces     uuid UNIQUE REFERENCES api_key
, ADD COLUMN last_used_at timestamptz; -- to the minute

GRANT UPDATE (retires_at, last_used_at) ON api_key TO recours_application;
GRANT SELECT (companies, teams, expires_at, retires_at, replaces, last_used_at)
  ON api_key TO recours_reader;

-- Whoever holds the application's login may end a key, and nobody brings one back.
CREATE FUNCTION api_key_only_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.revoked_at IS DISTINCT FROM OLD.revoked_at AND OLD.revoked_at IS NOT NULL
     OR NEW.retires_at IS DISTINCT FROM OLD.retires_at AND OLD.retires_at IS NOT NULL
  THEN
    RAISE EXCEPTION 'the end of a key, once said, stays' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER api_key_only_ends BEFORE UPDATE OF revoked_at, retires_at ON api_key
  FOR EACH ROW EXECUTE FUNCTION api_key_only_ends();

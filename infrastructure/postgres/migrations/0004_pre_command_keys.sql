-- The idempotency keys under which commands were recorded, in the transaction of their events. No
-- text of a request and no answer is kept: a command that is sent again is answered from the
-- history, with the case as it was then.

CREATE TABLE command_key (
    key_digest     bytea PRIMARY KEY  -- SHA-256 of whose key it is, and of the key
  , fingerprint    bytea NOT NULL     -- SHA-256 of what the command said
  , recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp()
  , case_id        uuid NOT NULL      -- what the command was answered with: this case,
  , version        integer NOT NULL   -- in this version
  , last_stream_id uuid NOT NULL      -- the last event that it recorded,
  , last_version   integer NOT NULL   -- which may be another case's
  , events         smallint NOT NULL  -- how many it recorded; they follow one another
);

-- For forgetting the old ones: rows come in the order of time, so that a coarse index will do.
CREATE INDEX command_key_by_age ON command_key USING brin (recorded_at) WITH (pages_per_range = 16);

-- Append events and the keys of the commands that recorded them, all or none.
--
-- keys: [{"k": digest, "f": fingerprint, "c": case, "v": version, "s": last stream, "w": its
--         version, "n": events}], digests in hexadecimal
-- A key that is there already is a violation of command_key_pkey. Under the lock nobody waits for
-- somebody else's key: whoever comes second finds it committed.
CREATE PROCEDURE append_once(
    entries json
  , reads json
  , keys json
  , INOUT last_position bigint DEFAULT NULL
  , INOUT stamp timestamptz DEFAULT NULL
)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7265636);
    INSERT INTO command_key
         ( key_digest, fingerprint, case_id, version, last_stream_id, last_version, events)
    SELECT decode(k, 'hex'), decode(f, 'hex'), c, v, s, w, n
      FROM json_to_recordset(keys)
        AS e(k text, f text, c uuid, v integer, s uuid, w integer, n smallint);
    CALL append(entries, reads, NULL, NULL, last_position, stamp);
END $$;

GRANT SELECT, INSERT (key_digest, fingerprint, case_id, version, last_stream_id, last_version, events)
    , DELETE
    ON command_key TO recours_application;

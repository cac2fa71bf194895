-- The history: one row an event, in one strict global order, never changed and never deleted.

CREATE TABLE event (
    position       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY
  , recorded_at    timestamptz NOT NULL  -- when we learnt it; never decreases with position
  , stream_id      uuid NOT NULL         -- the case
  , version        integer NOT NULL      -- dense within the stream; the optimistic lock
  , schema_version smallint NOT NULL     -- the shape of state
  , type           text NOT NULL         -- the stored name, for ever
  , state          json NOT NULL         -- the fact; json keeps the bytes as they were written
  , metadata       json NOT NULL         -- the envelope: actor, channel, occurred_at, …
  , UNIQUE (stream_id, version)
);

CREATE FUNCTION refuse_change_of_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only: record a correction instead'
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER event_is_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();

-- How far each follower of the history has come.
CREATE TABLE tracking (
    application_name text PRIMARY KEY
  , notification_id  bigint NOT NULL
);

-- Ordered group commit. The first transaction holds the lock for memory work only, because its
-- commit does not wait for the disk; the second one's ordinary commit flushes the log up to there,
-- together with everybody else's. Only then does the CALL return. Whoever saw an event and acted
-- on it has its own record later in the log.
--
-- entries: [{"s": stream, "v": version, "w": schema version, "t": type, "d": state, "m": metadata}]
-- reads:   [{"s": stream, "v": version}], streams that were read for the decision but not written
-- A conflict is a unique_violation. A procedure that commits may carry no SET clause.
CREATE PROCEDURE append(
    entries json
  , reads json DEFAULT NULL
  , tracked_name text DEFAULT NULL
  , tracked_position bigint DEFAULT NULL
  , INOUT last_position bigint DEFAULT NULL
  , INOUT stamp timestamptz DEFAULT NULL
)
LANGUAGE plpgsql AS $$
DECLARE
    leaves_hole boolean;
BEGIN
    -- Few statements: each costs a client that waits, and everybody behind the lock, about 15 µs.
    PERFORM set_config('synchronous_commit', 'off', true)
          , pg_advisory_xact_lock(7265636)
          , pg_notify('event', '');
    IF reads IS NOT NULL THEN
        IF EXISTS (
            SELECT FROM json_to_recordset(reads) AS r(s uuid, v integer)
              JOIN event ON event.stream_id = r.s AND event.version = r.v + 1
        ) THEN
            RAISE unique_violation USING MESSAGE = 'a case changed that the decision had read';
        END IF;
    END IF;
    WITH moment AS MATERIALIZED (
        SELECT greatest(
            clock_timestamp()
          , (SELECT event.recorded_at FROM event ORDER BY event.position DESC LIMIT 1)
        ) AS now
    ), appended AS (
        INSERT INTO event (recorded_at, stream_id, version, schema_version, type, state, metadata)
        SELECT moment.now, s, v, w, t, d, m
          FROM moment
             , json_to_recordset(entries)
               AS e(s uuid, v integer, w smallint, t text, d json, m json)
        RETURNING position, recorded_at, stream_id, version
    )
    SELECT max(position), max(recorded_at), EXISTS (
        SELECT FROM appended AS later
         WHERE version > 1
           AND NOT EXISTS (
                SELECT FROM event
                 WHERE event.stream_id = later.stream_id AND event.version = later.version - 1)
           AND NOT EXISTS (
                SELECT FROM appended AS earlier
                 WHERE earlier.stream_id = later.stream_id AND earlier.version = later.version - 1)
    ) INTO last_position, stamp, leaves_hole FROM appended;
    IF leaves_hole THEN  -- a process remembers more than a restored database holds
        RAISE unique_violation USING MESSAGE = 'a stream would have a hole';
    END IF;
    IF tracked_name IS NOT NULL THEN
        INSERT INTO tracking AS known VALUES (tracked_name, tracked_position)
            ON CONFLICT (application_name) DO UPDATE SET notification_id = tracked_position
            WHERE known.notification_id < tracked_position;
        IF NOT FOUND THEN
            RAISE unique_violation USING MESSAGE = 'this notification was processed before';
        END IF;
    END IF;
    COMMIT;
    PERFORM pg_logical_emit_message(true, 'durable', '');
END $$;

-- Not the position: nobody chooses where in the order an event stands.
GRANT SELECT, INSERT (recorded_at, stream_id, version, schema_version, type, state, metadata)
    ON event TO recours_application;
GRANT SELECT, INSERT, UPDATE ON tracking TO recours_application;
GRANT SELECT ON event, tracking TO recours_reader;

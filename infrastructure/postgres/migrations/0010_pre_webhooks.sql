-- Webhooks: where events are sent, and one row for each event on its way to one of them.

CREATE TABLE webhook (
    webhook_id       uuid PRIMARY KEY
  , url              text NOT NULL
  , description      text NOT NULL
  , types            text[] NOT NULL  -- names of events or KIND.*; none means all
  , enabled          boolean NOT NULL
  , disabled_at      timestamptz
  , disabled_because text
  , failing_since    timestamptz      -- since when nothing got through
  , begins_after     bigint NOT NULL  -- only what was recorded behind this position is sent
  , secret           text NOT NULL    -- signs, so that no hash would do
  , previous_secret  text
  , previous_until   timestamptz      -- until then it signs, too
  , created_at       timestamptz NOT NULL DEFAULT clock_timestamp()
  , created_by       text NOT NULL
);

CREATE TABLE webhook_delivery (
    webhook_id      uuid NOT NULL REFERENCES webhook ON DELETE CASCADE
  , position        bigint NOT NULL  -- the event
  , case_id         uuid NOT NULL
  , state           text NOT NULL DEFAULT 'pending'
  , attempts        integer NOT NULL DEFAULT 0
  , due_at          timestamptz NOT NULL DEFAULT clock_timestamp()
  , leased_until    timestamptz      -- a worker is at it, and has so long
  , last_attempt_at timestamptz
  , last_status     integer
  , last_fault      text
  , last_answer     text             -- the receiver's words, shortened
  , delivered_at    timestamptz
  , PRIMARY KEY (webhook_id, position)
  , CHECK (state IN ('pending', 'delivered', 'dead'))
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, due_at, position)
    WHERE state = 'pending';
CREATE INDEX webhook_delivery_order ON webhook_delivery (webhook_id, case_id, position)
    WHERE state = 'pending';
CREATE INDEX webhook_delivery_done ON webhook_delivery (last_attempt_at)
    WHERE state <> 'pending';

GRANT SELECT, INSERT, UPDATE, DELETE ON webhook, webhook_delivery TO recours_application;
-- Not the secrets: who reads them signs in our name.
GRANT SELECT (webhook_id, url, description, types, enabled, disabled_at, disabled_because
            , failing_since, begins_after, previous_until, created_at, created_by)
    ON webhook TO recours_reader;
GRANT SELECT ON webhook_delivery TO recours_reader;

-- Blocked money at any two times. The tables of the same read model before this were never released;
-- its rows come back from the events.

DROP TABLE blocked_payment_day, blocked_payment, blocked_line, blocked_dispute;
DELETE FROM tracking WHERE application_name = 'blocked_payments';
DELETE FROM projection_failure WHERE name = 'blocked_payments';

CREATE TABLE blocked_invoice (
    invoice_id  uuid PRIMARY KEY
  , invoiced_on date
);
CREATE TABLE blocked_dispute (
    dispute_id  uuid PRIMARY KEY
  , customer_id text NOT NULL
  , opened_at   timestamptz NOT NULL
  , ending      text  -- how the dispute ended, while its blocks are being released
);
CREATE TABLE blocked_line (
    dispute_id    uuid NOT NULL
  , line_id       uuid NOT NULL
  , customer_id   text NOT NULL
  , company_code  text NOT NULL
  , document      text NOT NULL
  , document_line integer NOT NULL
  , reason_code   text NOT NULL
  , currency      text NOT NULL
  , opened_at     timestamptz NOT NULL
  , invoiced_on   date
  , ordered       numeric NOT NULL  -- what the ERP was last asked to hold
  , requested     numeric NOT NULL  -- what it has not answered yet
  , confirmed     numeric NOT NULL  -- what it holds
  , failed        numeric NOT NULL  -- what it refused, left unanswered or lost
  , was_held      boolean NOT NULL  -- whether it ever held anything of the line
  , valid_at      timestamptz NOT NULL  -- no later fact about the line counts before this
  , PRIMARY KEY (dispute_id, line_id)
);
-- What was so (valid), and from when until when we believed it (known). At any two times the rows
-- that contain them are the truth: no sum over the ledger, however long it is.
CREATE TABLE blocked_period (
    dispute_id    uuid NOT NULL
  , line_id       uuid NOT NULL
  , state         text NOT NULL
  , position      bigint NOT NULL  -- the event that set the amount
  , learnt        bigint NOT NULL  -- the event by which we knew the period as it stands here
  , customer_id   text NOT NULL
  , company_code  text NOT NULL
  , document      text NOT NULL
  , document_line integer NOT NULL
  , reason_code   text NOT NULL
  , currency      text NOT NULL
  , opened_at     timestamptz NOT NULL
  , invoiced_on   date
  , amount        numeric NOT NULL
  , since         timestamptz NOT NULL  -- from when on there was something, without a break
  , valid         tstzrange NOT NULL
  , known         tstzrange NOT NULL
  , PRIMARY KEY (dispute_id, line_id, state, position, learnt)
);
CREATE INDEX blocked_period_times ON blocked_period USING gist (valid, known)
    INCLUDE (company_code, currency, state, amount);
-- One signed row a change.
CREATE TABLE blocked_payment (
    position      bigint NOT NULL
  , entry         integer NOT NULL
  , dispute_id    uuid NOT NULL
  , line_id       uuid NOT NULL
  , state         text NOT NULL
  , movement      text NOT NULL
  , customer_id   text NOT NULL
  , company_code  text NOT NULL
  , document      text NOT NULL
  , document_line integer NOT NULL
  , reason_code   text NOT NULL
  , currency      text NOT NULL
  , opened_at     timestamptz NOT NULL
  , invoiced_on   date
  , amount        numeric NOT NULL  -- positive when more is in this state, negative when less
  , valid_at      timestamptz NOT NULL
  , recorded_at   timestamptz NOT NULL
  , PRIMARY KEY (position, entry)
);
CREATE INDEX blocked_payment_valid ON blocked_payment (valid_at)
    INCLUDE (recorded_at, state, movement, company_code, currency, amount);
CREATE INDEX blocked_payment_known ON blocked_payment (recorded_at);
CREATE INDEX blocked_payment_dispute ON blocked_payment (dispute_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON
    blocked_invoice, blocked_dispute, blocked_line, blocked_period, blocked_payment
  TO recours_application;
GRANT SELECT ON
    blocked_invoice, blocked_dispute, blocked_line, blocked_period, blocked_payment
  TO recours_reader;

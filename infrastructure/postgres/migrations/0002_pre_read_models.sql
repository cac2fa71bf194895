-- The read models. Each is a function of the history: it can be dropped and rebuilt, and gives the
-- same rows. No row holds a sentence made for a reader.

CREATE TABLE projection_failure (
    name      text PRIMARY KEY
  , position  bigint NOT NULL
  , failure   text NOT NULL
  , failed_at timestamptz NOT NULL
);

-- case_timeline: what belongs to which case
CREATE TABLE case_family (
    case_id   uuid PRIMARY KEY
  , family_id uuid NOT NULL  -- the complaint, or the dispute that no complaint preceded
);
CREATE INDEX case_family_members ON case_family (family_id);
CREATE TABLE case_timeline (
    position  bigint PRIMARY KEY  -- the event, which tells the rest
  , family_id uuid NOT NULL
  , case_id   uuid NOT NULL
  , case_kind text NOT NULL
);
CREATE INDEX case_timeline_family ON case_timeline (family_id, position);

-- audit_trail: the status before and after each event
CREATE TABLE audited_case (
    case_id uuid PRIMARY KEY
  , status  text NOT NULL
  , resume  text[] NOT NULL
);
CREATE TABLE audit_trail (
    position      bigint PRIMARY KEY  -- the event, which tells the rest
  , case_id       uuid NOT NULL
  , case_kind     text NOT NULL
  , status_before text
  , status_after  text NOT NULL
);
CREATE INDEX audit_trail_case ON audit_trail (case_id, position);

-- customer_contacts
CREATE TABLE contact_case (
    case_id     uuid PRIMARY KEY
  , family_id   uuid NOT NULL
  , customer_id text NOT NULL
);
CREATE TABLE customer_waiting (
    family_id             uuid PRIMARY KEY
  , customer_id           text NOT NULL
  , waiting_since         timestamptz
  , last_reached_at       timestamptz
  , promised_next_contact timestamptz
);
CREATE INDEX customer_waiting_customer ON customer_waiting (customer_id);
CREATE INDEX customer_waiting_longest
    ON customer_waiting (coalesce(waiting_since, 'infinity'), family_id);
CREATE TABLE customer_contact (
    position              bigint PRIMARY KEY
  , case_id               uuid NOT NULL
  , family_id             uuid NOT NULL
  , customer_id           text NOT NULL
  , direction             text NOT NULL
  , channel               text NOT NULL
  , reached               text NOT NULL
  , summary               text
  , occurred_at           timestamptz NOT NULL
  , recorded_at           timestamptz NOT NULL
  , promised_next_contact timestamptz
  , waiting_since         timestamptz  -- since when the customer had been waiting
  , actor_id              text NOT NULL
);
CREATE INDEX customer_contact_case ON customer_contact (family_id, position);
CREATE INDEX customer_contact_customer ON customer_contact (customer_id, position);

-- worklist
CREATE TABLE worklist (
    case_id       uuid PRIMARY KEY
  , family_id     uuid NOT NULL
  , case_kind     text NOT NULL
  , version       integer NOT NULL
  , status        text NOT NULL
  , resume        text[] NOT NULL
  , is_open       boolean NOT NULL
  , customer_id   text NOT NULL
  , category      text NOT NULL
  , language      text
  , complaint_id  uuid
  , dispute_id    uuid
  , queue         text
  , claimed_by    text
  , opened_at     timestamptz NOT NULL
  , last_event_at timestamptz NOT NULL
  , amount        numeric
  , currency      text
);
CREATE INDEX worklist_family ON worklist (family_id);
CREATE INDEX worklist_opened ON worklist (opened_at, case_id);
CREATE INDEX worklist_customer ON worklist (customer_id);

-- case_words: what a case is found by
CREATE TABLE case_words (
    case_id uuid PRIMARY KEY
  , words   tsvector NOT NULL
);
CREATE INDEX case_words_found ON case_words USING gin (words);

-- blocked_payments: a ledger, one signed row a change
CREATE TABLE blocked_dispute (
    dispute_id  uuid PRIMARY KEY
  , customer_id text NOT NULL
  , opened_at   timestamptz NOT NULL
);
CREATE TABLE blocked_line (
    dispute_id   uuid NOT NULL
  , line_id      uuid NOT NULL
  , customer_id  text NOT NULL
  , company_code text NOT NULL
  , document     text NOT NULL
  , reason_code  text NOT NULL
  , currency     text NOT NULL
  , opened_at    timestamptz NOT NULL
  , ordered      numeric NOT NULL  -- what the ERP was last asked to hold
  , blocked      numeric NOT NULL  -- what the ERP holds
  , PRIMARY KEY (dispute_id, line_id)
);
CREATE TABLE blocked_payment (
    position     bigint NOT NULL
  , dispute_id   uuid NOT NULL
  , line_id      uuid NOT NULL
  , customer_id  text NOT NULL
  , company_code text NOT NULL
  , document     text NOT NULL
  , reason_code  text NOT NULL
  , currency     text NOT NULL
  , opened_at    timestamptz NOT NULL
  , amount       numeric NOT NULL  -- positive when money is held back, negative when let go
  , occurred_at  timestamptz NOT NULL
  , recorded_at  timestamptz NOT NULL
  , PRIMARY KEY (position, line_id)
);
CREATE INDEX blocked_payment_valid ON blocked_payment (occurred_at)
    INCLUDE (recorded_at, currency, amount);
CREATE INDEX blocked_payment_known ON blocked_payment (recorded_at)
    INCLUDE (occurred_at, currency, amount);
CREATE INDEX blocked_payment_customer ON blocked_payment (customer_id, occurred_at);
-- Sums by day, so that a total at any date adds up days and reads rows of two days at most.
CREATE TABLE blocked_payment_day (
    valid_on date NOT NULL
  , known_on date NOT NULL
  , currency text NOT NULL
  , amount   numeric NOT NULL
  , PRIMARY KEY (valid_on, known_on, currency)
);

-- payment_blocks
CREATE TABLE payment_block (
    block_id      uuid PRIMARY KEY
  , dispute_id    uuid NOT NULL
  , line_id       uuid NOT NULL
  , status        text NOT NULL
  , resume        text[] NOT NULL
  , is_unfinished boolean NOT NULL  -- the ERP must be asked something
  , system        text NOT NULL
  , company_code  text NOT NULL
  , document      text NOT NULL
  , document_line integer NOT NULL
  , scope         text NOT NULL
  , amount        numeric NOT NULL
  , currency      text NOT NULL
  , reason_code   text NOT NULL
  , review_by     date NOT NULL
  , attempts      integer NOT NULL
  , version       integer NOT NULL
  , changed_at    timestamptz NOT NULL
);
CREATE INDEX payment_block_dispute ON payment_block (dispute_id);
CREATE INDEX payment_block_unfinished ON payment_block (changed_at) WHERE is_unfinished;

GRANT SELECT, INSERT, UPDATE, DELETE ON
    projection_failure, case_family, case_timeline, audited_case, audit_trail, contact_case
  , customer_waiting, customer_contact, worklist, case_words, blocked_dispute, blocked_line, blocked_payment, blocked_payment_day
  , payment_block
  TO recours_application;
GRANT SELECT ON
    projection_failure, case_family, case_timeline, audited_case, audit_trail, contact_case
  , customer_waiting, customer_contact, worklist, case_words, blocked_dispute, blocked_line, blocked_payment, blocked_payment_day
  , payment_block
  TO recours_reader;

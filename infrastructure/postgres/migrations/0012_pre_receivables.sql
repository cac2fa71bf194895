-- receivables: the mirrored invoices, and one signed row for each change of what is open or disputed
CREATE TABLE receivable (
    invoice_id    uuid PRIMARY KEY
  , customer_id   text NOT NULL
  , company_code  text NOT NULL
  , document      text NOT NULL
  , document_line integer NOT NULL
  , currency      text NOT NULL
  , amount        numeric NOT NULL  -- what was open when we first heard of it
  , invoiced_on   date
  , due_on        date
  , recorded_at   timestamptz NOT NULL
  , valid_at      timestamptz NOT NULL  -- no later fact about the invoice counts before this
);
CREATE TABLE receivable_claim (
    invoice_id uuid NOT NULL
  , dispute_id uuid NOT NULL
  , amount     numeric NOT NULL
  , PRIMARY KEY (invoice_id, dispute_id)
);
CREATE TABLE receivable_entry (
    position    bigint PRIMARY KEY
  , invoice_id  uuid NOT NULL
  , kind        text NOT NULL  -- open or disputed
  , amount      numeric NOT NULL
  , valid_at    timestamptz NOT NULL
  , recorded_at timestamptz NOT NULL
);
CREATE INDEX receivable_entry_invoice ON receivable_entry (invoice_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON receivable, receivable_claim, receivable_entry
  TO recours_application;
GRANT SELECT ON receivable, receivable_claim, receivable_entry TO recours_reader;

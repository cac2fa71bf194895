-- Plain views for reporting tools, under the read-only role. Their columns are a promise: a new one
-- may come, none goes or changes its meaning.

CREATE VIEW bi_blocked_now AS
SELECT dispute_id, line_id, state, customer_id, company_code, document, document_line, reason_code
     , currency, amount, opened_at, invoiced_on, since
  FROM blocked_period
 WHERE upper_inf(valid) AND upper_inf(known);

CREATE VIEW bi_blocked_period AS
SELECT dispute_id, line_id, state, customer_id, company_code, document, document_line, reason_code
     , currency, amount, opened_at, invoiced_on, since
     , lower(valid) AS valid_from, upper(valid) AS valid_to
     , lower(known) AS known_from, upper(known) AS known_to
  FROM blocked_period;

CREATE VIEW bi_blocked_entry AS
SELECT position, entry, dispute_id, line_id, state, movement, customer_id, company_code, document
     , document_line, reason_code, currency, amount, opened_at, invoiced_on, valid_at, recorded_at
  FROM blocked_payment;

COMMENT ON VIEW bi_blocked_now IS
    'What is blocked, requested or failed now, as far as is known now: one row a line and state';
COMMENT ON VIEW bi_blocked_period IS
    'Every amount with the time for which it was so (valid) and was believed (known). At two times:'
    ' valid_from <= v AND (valid_to IS NULL OR v < valid_to) AND known_from <= k AND (known_to IS'
    ' NULL OR k < known_to). Filter by state: states are never added up. Nor are currencies';
COMMENT ON VIEW bi_blocked_entry IS
    'The ledger: one signed row a change. Summed over valid_at <= v AND recorded_at <= k, by state'
    ' and currency, it gives the same figures as bi_blocked_period';

DO $$
DECLARE
    told record;
BEGIN
    FOR told IN
        SELECT shown.relname AS view, words.name, words.meaning
          FROM (VALUES
                   ('dispute_id', 'The dispute')
                 , ('line_id', 'The disputed line')
                 , ('state', 'confirmed: the ERP holds it, it is blocked; requested: not answered yet; failed: refused, unanswered or lost')
                 , ('movement', 'Why the amount changed: new, reduced, paid ...')
                 , ('customer_id', 'The customer, as the ERP names it')
                 , ('company_code', 'The legal entity, as the ERP names it')
                 , ('document', 'The invoice''s number in the ERP')
                 , ('document_line', 'Its line')
                 , ('reason_code', 'Why it is disputed, as corrected')
                 , ('currency', 'ISO 4217')
                 , ('amount', 'In the currency''s major unit; signed in the ledger')
                 , ('opened_at', 'When the dispute was opened')
                 , ('invoiced_on', 'The invoice''s date; null where the dispute told us of the invoice first')
                 , ('since', 'From when on there was an amount in this state, without a break')
                 , ('valid_from', 'From when on it was so, inclusive')
                 , ('valid_to', 'Until when it was so, exclusive; null while it goes on')
                 , ('known_from', 'From when on we believed it, inclusive')
                 , ('known_to', 'Until when we believed it, exclusive; null while we do')
                 , ('valid_at', 'From when on the change counts')
                 , ('recorded_at', 'When we learnt it')
                 , ('position', 'The event behind it')
                 , ('entry', 'The row''s number among those of its event')
               ) AS words (name, meaning)
          JOIN pg_attribute AS kept ON kept.attname = words.name
          JOIN pg_class AS shown ON shown.oid = kept.attrelid
         WHERE shown.oid IN (
                   'bi_blocked_now'::regclass, 'bi_blocked_period'::regclass
                 , 'bi_blocked_entry'::regclass
               )
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', told.view, told.name, told.meaning);
    END LOOP;
END
$$;

GRANT SELECT ON bi_blocked_now, bi_blocked_period, bi_blocked_entry TO recours_reader;

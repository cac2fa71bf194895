-- The few blocks that wait for a person are counted every few seconds, whatever their total.
CREATE INDEX payment_block_troubled ON payment_block (status)
    WHERE status IN ('unconfirmed', 'release_unconfirmed', 'drifted') AND NOT is_unfinished;

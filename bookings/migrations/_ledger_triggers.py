"""The triggers that guard the books, for the two histories that lead to them."""

# Append-only: no row of the books changes or goes. TRUNCATE is not caught: whoever may do that owns the tables.
APPEND_ONLY = """
CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The ledger is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_append_only';
END $$;
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON bookings_posting
    FOR EACH ROW EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON bookings_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON bookings_account
    FOR EACH ROW EXECUTE FUNCTION ledger_append_only();
"""
# Checked at the commit, when all entries are there; for entries too, so that none joins an old posting.
BALANCED = """
CREATE FUNCTION ledger_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    which bigint;
    entries integer;
    total numeric;
BEGIN
    IF TG_TABLE_NAME = 'bookings_posting' THEN which := NEW.id; ELSE which := NEW.posting_id; END IF;
    SELECT COUNT(*), COALESCE(SUM(amount), 0) INTO entries, total FROM bookings_entry WHERE posting_id = which;
    IF entries < 2 OR total <> 0 THEN
        RAISE EXCEPTION 'Posting % has % entries that add up to %.', which, entries, total
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_balanced';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_balanced AFTER INSERT ON bookings_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_balanced();
CREATE CONSTRAINT TRIGGER ledger_balanced AFTER INSERT ON bookings_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_balanced();
"""
UNDO = """
DROP FUNCTION ledger_balanced() CASCADE;
DROP FUNCTION ledger_append_only() CASCADE;
"""

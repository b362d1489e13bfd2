#!/usr/bin/env bash
# What moves while it is sent, what was refused, and what is gone: nothing is sent twice, waited for in
# vain or left behind (docs/merge.md, P-5, P-12).
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

# fresh LINES...: new remotes, a new store, everything loaded.
fresh() {
    start_sim --count 60 --page 20
    configure 'guard_count = 1000' 'retries = 0' "$@"
    sed -i '/^connector = salesforce/a key_field = Deal_Key__c' "$T/dealsync.conf"
    rm -f "$T"/deals.db*
    clock 2026-08-21T06:00:00Z
    run 0 sync sf
    id=$(some salesforce open 3)
    deal=$(deal_of "$id")
}

# --- a lost race --------------------------------------------------------------------------------------

fresh 'direction = both'
sql "UPDATE deals SET value = '77' WHERE id = $deal"
clock 2026-08-21T06:10:00Z
sim fault '{"crm":"salesforce","kind":"latency","ms":400}' >/dev/null
"$BUILD/dealsync" sync sf >"$T/out" 2>"$T/err" &
for _ in $(seq 500); do
    [ "$(sql 'SELECT count(*) FROM outbox')" = 1 ] && break
    sleep 0.02
done
edit salesforce "$id" Name 'Changed in between'
wait $!
is 'a lost race ends well' 0 $?
is 'it was merged again and sent by the same run (P-5)' '77 Changed in between' "$(field salesforce "$id" Amount) $(field salesforce "$id" Name)"
is 'and theirs was taken' 'Changed in between' "$(sql "SELECT name FROM deals WHERE id = $deal")"
is 'nothing is left' 0 "$(sql 'SELECT count(*) FROM outbox')"

# --- what the CRM refused -----------------------------------------------------------------------------

fresh 'direction = both'
sql "UPDATE deals SET notes = 'ours' WHERE id = $deal"
edit salesforce "$id" NextStep 'theirs'
sim set '{"validation_rule":"No."}' >/dev/null
clock 2026-08-21T06:20:00Z
run 3 sync sf
is 'both notes as one, and the CRM refused it' '35|ours\ntheirs' \
    "$(sql "SELECT case_number, replace(ours, char(10), '\n') FROM conflicts WHERE closed_ms IS NULL")"
n=$(writes)
run 3 backfill sf
is 'it is not sent again (M-35)' "$n" "$(writes)"
is 'nor logged again' 1 "$(sql 'SELECT count(*) FROM conflicts')"

# --- the newer value ----------------------------------------------------------------------------------

fresh 'direction = pull' 'conflict = newest'
sql "UPDATE deals SET value = '77' WHERE id = $deal"
sql "UPDATE history SET at_ms = unixepoch('2026-08-21T06:05:00Z') * 1000 WHERE kind = 'edited'"
edit salesforce "$id" Name 'Another name'
clock 2026-08-21T06:10:00Z
run 0 sync sf
edit salesforce "$id" Amount 99
clock 2026-08-21T06:30:00Z
run 0 sync sf
is 'theirs is newer, though a run has seen ours before (M-18)' 99 \
    "$(sql "SELECT value FROM deals WHERE id = $deal")"

# --- what is gone -------------------------------------------------------------------------------------

fresh 'direction = both'
sim delete "{\"crm\":\"salesforce\",\"id\":\"$id\"}" >/dev/null
clock 2026-08-21T07:00:00Z
run 0 sync sf
sql "UPDATE deals SET value = '78' WHERE id = $deal"
run 0 sync sf
is 'a deal whose record was deleted is not looked at for ever (P-12)' 0 "$(sql 'SELECT count(*) FROM touched')"

# --- won there while the stage moved here ----------------------------------------------------------------

fresh 'direction = both'
sql "UPDATE deals SET stage = 60 WHERE id = $deal"
edit salesforce "$id" StageName Won
clock 2026-08-21T06:20:00Z
run 3 sync sf
is 'a disputed stage does not close' 'stage|60|100' \
    "$(sql "SELECT field, ours, theirs FROM conflicts WHERE closed_ms IS NULL")"
run 0 resolve --connection sf --take crm
run 0 sync sf
is 'to take it is to win (R-67)' 'won|100' "$(sql "SELECT status, stage FROM deals WHERE id = $deal")"
is 'and settled' 0 "$(sql 'SELECT count(*) FROM conflicts WHERE closed_ms IS NULL')"

# --- closed here while the stage moved there --------------------------------------------------------------

for end in "won', stage = '100" "lost', reason = 'budget"; do
    fresh 'direction = both'
    sql "UPDATE deals SET status = '$end' WHERE id = $deal"
    status=${end%%\'*}
    other=Engaging
    [ "$(field salesforce "$id" StageName)" = Engaging ] && other=Prospecting
    edit salesforce "$id" StageName $other
    n=$(writes)
    clock 2026-08-21T06:20:00Z
    run 3 sync sf
    is "$status: a closing is not sent over another stage (M-14)" "$n $other stage" \
        "$(writes) $(field salesforce "$id" StageName) $(sql "SELECT field FROM conflicts WHERE closed_ms IS NULL")"
    run 0 resolve --connection sf --take store
    run 0 sync sf
    is "$status: until a person says so" "$status" "$(field salesforce "$id" StageName | tr '[:upper:]' '[:lower:]')"
    is "$status: and nothing is left" 0 "$(sql 'SELECT (SELECT count(*) FROM conflicts WHERE closed_ms IS NULL) + (SELECT count(*) FROM outbox)')"
done

# --- many deals, few of them touched -------------------------------------------------------------------

fresh 'direction = both' 'create = yes'
sql "DROP TRIGGER deals_numbered;
    WITH RECURSIVE n(i) AS (SELECT 61 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
    INSERT INTO deals(id, name, value, currency, close_date, location, customer_name, customer_country)
    SELECT i, 'D' || i, '1', 'USD', '2029-09-09', '4711', 'C' || i, 'US' FROM n;
    INSERT INTO links(connection, remote_id, deal, version, seen_version, base)
    SELECT 1, printf('006%012dAAA', id), id, 'x', 1, '{}' FROM deals WHERE id > 60;
    INSERT INTO touched SELECT 1, id FROM deals WHERE id <= 1000"
timeout 20 "$BUILD/dealsync" sync sf >"$T/out" 2>"$T/err"
is 'touched deals cost what they are, not what the store has (P-12)' 0 $?
run 0 backfill sf
has 'of many that did not come it is told that not all were asked for' \
    '99940 linked records did not come, and 10000 of them were asked for' "$T/out"

#!/usr/bin/env bash
# Two-way: what was changed in the store goes to the CRM under its precondition, comes back as nothing new,
# and is not lost when both sides move (docs/merge.md, P-3, P-5).
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 60 --page 20
configure 'direction = both' 'guard_count = 1000'
clock 2026-08-21T06:00:00Z

# The same story told to both CRMs; the words that differ are its arguments.
story() { # connection crm value-field date-field name-field
    local c=$1 crm=$2 value=$3 date=$4 name=$5 id deal n

    run 0 sync "$c"
    id=$(some "$crm" open 1)
    deal=$(deal_of "$id")

    sql "UPDATE deals SET close_date = '2029-05-06', value = '4711.5' WHERE id = $deal"
    n=$(writes)
    run 0 diff "$c"
    has "$c: a dry run shows what would be sent" '2029-05-06' "$T/out"
    is "$c: and sends nothing" "$n" "$(writes)"
    run 0 sync "$c"
    is "$c: the date arrives" 2029-05-06 "$(field "$crm" "$id" "$date" | cut -c1-10)"
    is "$c: the value arrives" 4711.5 "$(field "$crm" "$id" "$value" | sed 's/0*$//')"
    is "$c: the outbox is empty" 0 "$(sql 'SELECT count(*) FROM outbox')"
    is "$c: and nothing is left to look at" 0 "$(sql 'SELECT count(*) FROM touched')"
    is "$c: the history knows it" 'value,close_date' \
        "$(sql "SELECT group_concat(c.value ->> 'field') FROM history h, json_each(h.changes) c WHERE h.kind = 'pushed' AND deal = $deal")"
    state >"$T/before"
    n=$(writes)
    clock 2026-08-21T06:20:00Z
    run 0 sync "$c"
    is "$c: our own write comes back as nothing (P-3)" "$n" "$(writes)"
    state >"$T/after"
    ok "$c: and changes nothing" cmp "$T/before" "$T/after"

    # both sides, different fields: no conflict
    edit "$crm" "$id" "$name" 'Renamed over there'
    sql "UPDATE deals SET close_date = '2029-06-07' WHERE id = $deal"
    run 0 sync "$c"
    is "$c: theirs is taken" 'Renamed over there' "$(sql "SELECT name FROM deals WHERE id = $deal")"
    is "$c: ours is sent" 2029-06-07 "$(field "$crm" "$id" "$date" | cut -c1-10)"

    # both sides, one field: a conflict, once
    edit "$crm" "$id" "$name" 'Their name'
    sql "UPDATE deals SET name = 'Our name' WHERE id = $deal"
    n=$(writes)
    run 3 sync "$c"
    is "$c: nobody is overwritten" "$n" "$(writes)"
    is "$c: one conflict" 'name|Renamed over there|Our name|Their name' \
        "$(sql "SELECT field, base, ours, theirs FROM conflicts WHERE closed_ms IS NULL")"
    run 3 sync "$c"
    is "$c: logged once" 1 "$(sql 'SELECT count(*) FROM conflicts')"
    run 0 resolve "$(sql 'SELECT id FROM conflicts WHERE closed_ms IS NULL')" --take store
    run 0 sync "$c"
    is "$c: settled for the store" 'Our name' "$(field "$crm" "$id" "$name")"
    run 0 sync "$c"
    is "$c: and gone" 0 "$(sql 'SELECT count(*) FROM conflicts WHERE closed_ms IS NULL')"

    # both sides come to the same value: the conflict closes itself
    edit "$crm" "$id" "$name" 'One'
    sql "UPDATE deals SET name = 'Two' WHERE id = $deal"
    run 3 sync "$c"
    sql "UPDATE deals SET name = 'One' WHERE id = $deal"
    run 0 sync "$c"
    is "$c: a conflict that both have settled closes itself" 0 \
        "$(sql 'SELECT count(*) FROM conflicts WHERE closed_ms IS NULL')"
    sql "DELETE FROM conflicts"
}

story sf salesforce Amount CloseDate Name
rm -f "$T"/deals.db*
clock 2026-08-21T06:00:00Z
story dv dynamics estimatedvalue estimatedclosedate name

# --- closing, refusals, races ---------------------------------------------------------------------

# closing CONNECTION CRM: status, stage and reason go as one, in the CRM's words; the CRM's own stage stays
# if it says the same (R-72).
closing() {
    local c=$1 crm=$2

    start_sim --count 60 --page 20
    configure 'direction = both' 'guard_count = 1000'
    won=$(some "$crm" open 5) lost=$(some "$crm" open 6) on=$(some "$crm" open 7)

    rm -f "$T"/deals.db*
    clock 2026-08-21T06:00:00Z
    run 0 sync "$c"
    sql "UPDATE deals SET status = 'won', stage = 100 WHERE id = $(deal_of "$won")"
    sql "UPDATE deals SET status = 'lost', reason = 'budget' WHERE id = $(deal_of "$lost")"
    sql "UPDATE deals SET stage = 20 WHERE id = $(deal_of "$on")"
    run 0 sync "$c"
    state >"$T/before"
    clock 2026-08-21T07:00:00Z
    run 0 sync "$c"
    state >"$T/after"
    ok "$c: closing settles" diff "$T/before" "$T/after"
}

closing sf salesforce
is 'won in Salesforce' Won "$(field salesforce "$won" StageName)"
is 'lost in Salesforce' 'Lost Budget' "$(field salesforce "$lost" StageName) $(field salesforce "$lost" Loss_Reason__c)"
is 'a stage in Salesforce, in its words' Engaging "$(field salesforce "$on" StageName)"
closing dv dynamics
is 'won in Dynamics' 1 "$(field dynamics "$won" statecode)"
is 'lost in Dynamics' '2 1' "$(field dynamics "$lost" statecode) $(field dynamics "$lost" new_lossreason)"
is 'a stage in Dynamics, in its words' 2-Engaging "$(field dynamics "$on" stepname)"

# --- refusals, races, creations --------------------------------------------------------------------

# fresh LINES...: new remotes, a new store, everything loaded.
fresh() {
    start_sim --count 60 --page 20
    configure 'guard_count = 1000' "$@"
    sed -i '/^connector = salesforce/a key_field = Deal_Key__c' "$T/dealsync.conf"
    rm -f "$T"/deals.db*
    clock 2026-08-21T06:00:00Z
    run 0 sync sf
}

fresh 'direction = both' 'retries = 0'
id=$(some salesforce open 3)
deal=$(deal_of "$id")
sim set '{"validation_rule":"Closing dates are frozen."}' >/dev/null
sql "UPDATE deals SET close_date = '2029-01-02' WHERE id = $deal"
run 3 sync sf
is 'with its own words' 1 "$(sql "SELECT count(*) FROM conflicts WHERE closed_ms IS NULL AND case_number = 35 AND why LIKE '%Closing dates are frozen%'")"
n=$(writes)
run 3 sync sf
run 3 sync sf
is 'and is not sent again' "$n" "$(writes)"
is 'nor logged again' 1 "$(sql 'SELECT count(*) FROM conflicts')"
sim set '{"validation_rule":""}' >/dev/null
sql "UPDATE deals SET close_date = '2029-01-03' WHERE id = $deal"
run 0 sync sf
is 'another value is tried' 2029-01-03 "$(field salesforce "$id" CloseDate)"
is 'and settles it' 0 "$(sql 'SELECT count(*) FROM conflicts WHERE closed_ms IS NULL')"

# the answer is lost after the write: it is found, and not sent again
sql "UPDATE deals SET close_date = '2029-02-03' WHERE id = $deal"
sim fault '{"crm":"salesforce","match":"PATCH ","kind":"cut_after","times":1}' >/dev/null
"$BUILD/dealsync" sync sf >"$T/out" 2>"$T/err"
is 'a lost answer ends the run' 69 $?
is 'the intent is kept' 1 "$(sql 'SELECT count(*) FROM outbox')"
n=$(writes)
run 0 sync sf
is 'the CRM is asked, and nothing is sent again (P-4)' "$n" "$(writes)"
is 'the outbox is empty' 0 "$(sql 'SELECT count(*) FROM outbox')"
is 'the base has moved' 2029-02-03 "$(sql "SELECT base ->> 'close_date' FROM links WHERE deal = $deal")"

# --- terms -----------------------------------------------------------------------------------------

fresh 'direction = both' 'conflict = crm' 'conflict.close_date = store' 'conflict.value = newest' 'owner.notes = crm'
edit salesforce "$id" Name 'By the CRM'
edit salesforce "$id" CloseDate 2029-03-03
edit salesforce "$id" Amount 3
sql "UPDATE deals SET name = 'By us', close_date = '2029-04-04', value = '4', notes = 'ours' WHERE id = $(deal_of "$id")"
run 0 sync sf
is 'each by its policy' 'By the CRM|2029-04-04' "$(sql "SELECT name, close_date FROM deals WHERE id = $(deal_of "$id")")"
is 'both sides' 2029-04-04 "$(field salesforce "$id" CloseDate)"
is 'what the CRM owns is not sent' false "$(sim_get "record?crm=salesforce&id=$id" | jq '.NextStep == "ours"')"
is 'every decision is logged' 'close_date|store;name|crm;value|newest' \
    "$(sql "SELECT group_concat(x, ';') FROM (SELECT field || '|' || decision AS x FROM conflicts ORDER BY field)")"

# --- creations ---------------------------------------------------------------------------------------

# A deal that only the store has becomes a record, once.
new_deal="INSERT INTO deals(name, value, currency, close_date, location, customer_name, customer_country, team, solutions)
    VALUES ('Only here', '12.5', 'USD', '2029-09-09', '4711', 'Contoso', 'US', NULL, '[\"SOL-GTK-500\"]')"
for way in straight cut_after; do
    fresh 'direction = both' 'create = yes' 'retries = 0'
    sql "$new_deal"
    [ $way = straight ] || sim fault '{"crm":"salesforce","match":"PATCH ","kind":"cut_after","times":1}' >/dev/null
    "$BUILD/dealsync" sync sf >"$T/out" 2>"$T/err"
    clock 2026-08-21T08:00:00Z
    "$BUILD/dealsync" sync sf >"$T/out" 2>"$T/err"
    id=$(sql "SELECT l.remote_id FROM links l JOIN deals d ON d.id = l.deal WHERE d.name = 'Only here'")
    is "$way: linked" 'Only here' "$(field salesforce "$id" Name)"
    is "$way: once" 1 "$(sim_get 'state?crm=salesforce' | grep -c 'Only here')"
    is "$way: nothing left" '0 0' "$(sql 'SELECT count(*) FROM outbox') $(sql 'SELECT count(*) FROM touched')"
    n=$(writes)
    run 0 sync sf
    is "$way: silent" "$n" "$(writes)"
done

# text that is none, as another program may leave it in the store
fresh 'direction = both'
id=$(some salesforce open 1)
before=$(field salesforce "$id" Name)
sql "UPDATE deals SET name = CAST(x'636166e9' AS TEXT) WHERE id = $(deal_of "$id")"
n=$(writes)
run 3 sync sf
is 'bytes that are not UTF-8 are not sent' "$n $before" "$(writes) $(field salesforce "$id" Name)"
is 'and a person is told' 'M-34' "$(sql "SELECT \"case\" FROM v_open_conflicts")"
run 0 conflicts show "$(sql 'SELECT id FROM v_open_conflicts')"
has 'and why' 'M-34: .*UTF-8' "$T/out"

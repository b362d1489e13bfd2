#!/usr/bin/env bash
# Two-way: what was changed in the store goes to the CRM under its precondition, comes back as nothing new,
# and is not lost when both sides move (docs/merge.md, P-3, P-5).
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 60 --page 20
configure 'direction = both' 'guard_count = 1000'
clock 2026-08-21T06:00:00Z

# field CRM ID NAME: what the CRM holds.
field() { sim_get "record?crm=$1&id=$2" | jq -r --arg name "$3" '.[$name] // "null"'; }
writes() { sim_get stats | jq .mutating; }

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

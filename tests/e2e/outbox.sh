#!/usr/bin/env bash
# What a run does with its outbox: how often it tries, what it leaves for the next one, what it says of it
# (docs/merge.md, P-4, P-5).
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

open_case() { sql "SELECT group_concat(\"case\" || ' ' || field) FROM v_open_conflicts"; }
waiting() { sql 'SELECT count(*) FROM outbox'; }

# fresh COUNT LINES...: new remotes with so many records, a store that is loaded.
fresh() {
    anew "$1" 'direction = both' 'retries = 0' "${@:2}"
    sed -i '/^connector = salesforce/a key_field = Deal_Key__c' "$T/dealsync.conf"
    run 0 sync sf
    id=$(some salesforce open 1)
    deal=$(deal_of "$id")
}

# born ID NAME NOTES: a deal that only the store has.
born() {
    sql "DROP TRIGGER IF EXISTS deals_numbered;
        INSERT INTO deals(id, name, value, currency, close_date, location, customer_name, customer_country, solutions, notes)
            VALUES ($1, '$2', '12.5', 'USD', '2029-09-09', '4711', 'Contoso', 'US', '[\"SOL-GTK-500\"]', $3)"
}

# answers STATUS CODE TIMES: what the org says to a change, without carrying it out.
answers() {
    sim fault "{\"crm\":\"salesforce\",\"match\":\"PATCH \",\"kind\":\"status\",\"status\":$1,\"times\":$3,
        \"content_type\":\"application/json\",\"body\":\"[{\\\"errorCode\\\":\\\"$2\\\",\\\"message\\\":\\\"no\\\"}]\"}" >/dev/null
}

# --- records that move while they are sent -----------------------------------------------------------------

# meanwhile WORD N MORE: what is said of the N-th record to the remote, with all else at once: there is little time.
meanwhile() {
    local json="{\"crm\":\"salesforce\",\"id\":\"${ids[$2]}\"$3}"
    printf 'url = "%s/sim/%s"\ncacert = "%s"\noutput = /dev/null\nfail\n' "$SALESFORCE" "$1" "$T/tls/ca.pem"
    printf 'data = "%s"\n' "${json//\"/\\\"}"
}

fresh 20 'conflict.value = newest' 'create = yes'
mapfile -t ids < <(sim_get 'find?crm=salesforce&where=open&n=5' | jq -r '.ids[]')
mapfile -t deals < <(for n in "${ids[@]}"; do deal_of "$n"; done)
was=$(field salesforce "${ids[3]}" Amount)
sql "UPDATE deals SET name = 'Ours' WHERE id = ${deals[0]};
    UPDATE deals SET value = '77' WHERE id IN (${deals[1]}, ${deals[2]}, ${deals[3]}, ${deals[4]});
    UPDATE history SET at_ms = 1 WHERE kind = 'edited'" # long ago
born 900 'Born here' NULL
{
    meanwhile edit 0 ',"set":{"Name":"Theirs"}' && echo next
    meanwhile edit 1 ',"set":{"Amount":88}' && echo next
    meanwhile edit 2 ',"set":{"Name":"By somebody"}' && echo next
    meanwhile delete 3 ''
} >"$T/meanwhile"
sim fault '{"crm":"salesforce","match":"Id%20IN","kind":"latency","ms":800}' >/dev/null
later
"$BUILD/dealsync" sync sf --all >"$T/out" 2>"$T/err" &
for _ in $(seq 500); do
    [ "$(waiting)" = 6 ] && break
    sleep 0.02
done
curl --silent --show-error --config "$T/meanwhile"
sql "UPDATE deals SET close_date = '2029-05-06' WHERE id IN (${deals[4]}, 900)"
sim reset '{}' >/dev/null
wait $!
is 'the same field: a person is asked' '3 Theirs M-5 name' "$? $(field salesforce "${ids[0]}" Name) $(open_case)"
is 'which the sum tells' '5 fetched: 4 updated, 1 conflict' "$(sum | sed 's/;.*//')"
has 'and the list' 'M-5' "$T/out"
is 'or the newer value counts' '88 88' "$(ours "${ids[1]}" value) $(field salesforce "${ids[1]}" Amount)"
is 'another field: both are kept' 'By somebody|77 77' "$(ours "${ids[2]}" name,value) $(field salesforce "${ids[2]}" Amount)"
is 'with the name of who it was' 1 "$(sql "SELECT source <> '' FROM history WHERE kind = 'updated' AND deal = ${deals[2]}")"
is 'deleted: nothing is sent' "0 $was" "$(waiting) $(field salesforce "${ids[3]}" Amount)"
is 'it and deals that were changed meanwhile are looked at again' "$(printf '%s\n' "${deals[@]:3}" 900 | sort -n)" \
    "$(sql 'SELECT deal FROM touched ORDER BY 1')"
sync_later sf 3
is 'which sends the changes' '2029-05-06 2029-05-06' \
    "$(field salesforce "${ids[4]}" CloseDate) $(field salesforce "$(sql 'SELECT remote_id FROM links WHERE deal = 900')" CloseDate)"
is 'and finds out what was deleted' '0 1' "$(sql 'SELECT count(*) FROM touched') $(sql "SELECT deleted FROM links WHERE deal = ${deals[3]}")"

# --- a record that moves faster than it can be written (M-37) ----------------------------------------------

fresh 6
sql "UPDATE deals SET close_date = '2029-05-06' WHERE id = $deal"
answers 412 PRECONDITION_FAILED -1
seen=$(sim_get log | jq .next)
sync_later sf 3
is 'it is tried three times' 3 "$(sim_get "log?since=$seen" | jq '[.requests[] | select(.method == "PATCH")] | length')"
is 'and a conflict is left of it' 'M-37 close_date 0' "$(open_case) $(waiting)"
is 'which the sum tells' '1 conflict' "$(sum | grep -oE '[0-9]+ (updated|conflict)')"
sim reset '{}' >/dev/null
run 0 resolve --connection sf --take store
sync_later sf 0
is 'a person says so: it is sent' 2029-05-06 "$(field salesforce "$id" CloseDate)"

# --- what the CRM keeps otherwise (M-36), or refuses (M-35) ------------------------------------------------

fresh 12
mapfile -t ids < <(sim_get 'find?crm=salesforce&where=open&n=4' | jq -r '.ids[]')
sim set '{"flow_field":"NextStep","flow_value":"by a flow"}' >/dev/null
sql "UPDATE deals SET close_date = '2029-05-06', notes = 'ours' WHERE id = $deal"
sync_later sf 3
is 'another value was kept' 'M-36 notes by a flow 2029-05-06' \
    "$(open_case) $(sql 'SELECT theirs FROM v_open_conflicts') $(field salesforce "$id" CloseDate)"
run 0 conflicts show "$(sql 'SELECT id FROM v_open_conflicts')"
is 'and said once' 1 "$(grep -o 'kept another value' "$T/out" | wc -l)"
is 'the history has what arrived' close_date \
    "$(sql "SELECT group_concat(c.value ->> 'field') FROM history h, json_each(h.changes) c WHERE h.kind = 'pushed'")"
n=$(writes)
sync_later sf 3
is 'it is not sent again' "$n" "$(writes)"
sql "UPDATE deals SET notes = 'ours' WHERE id = $(deal_of "${ids[1]}")"
sync_later sf 3
is 'a write of which nothing arrived is no history' "$((n + 1)) 1" "$(writes) $(sql "SELECT count(*) FROM history WHERE kind = 'pushed'")"
sql "UPDATE deals SET close_date = '2029-05-06' WHERE id = $(deal_of "${ids[2]}")"
sync_later sf 3
sync_later sf 3
is 'what the CRM has set beside is taken' 'by a flow' "$(ours "${ids[2]}" notes)"

sim set '{"flow_field":"","validation_rule":"Frozen.","validation_field":"CloseDate"}' >/dev/null
edit salesforce "${ids[0]}" Name 'Theirs'
sql "UPDATE deals SET close_date = '2029-06-07', name = 'Ours' WHERE id = $deal"
edit salesforce "${ids[3]}" Name 'Renamed'
sync_later sf 3
is 'a record in conflict is counted once' '1 updated, 1 conflict' "$(sum | grep -o '[0-9]* updated, [0-9]* conflict')"

# --- what the CRM puts off ---------------------------------------------------------------------------------

fresh 6
sql "UPDATE deals SET close_date = '2029-05-06' WHERE id = $deal"
answers 400 STORAGE_LIMIT_EXCEEDED 1
sync_later sf 0
is 'what was put off stays in the outbox' 1 "$(waiting)"
has 'and the report tells' '1 record could not be written in the CRM yet; the next run sends it' "$T/out"
sync_later sf 0
is 'the next run sends it' '2029-05-06 0' "$(field salesforce "$id" CloseDate) $(waiting)"

# --- a call that breaks off --------------------------------------------------------------------------------

fresh 12 'batch = 1'
mapfile -t ids < <(sim_get 'find?crm=salesforce&where=open&n=3' | jq -r '.ids[]')
for n in 0 1 2; do sql "UPDATE deals SET close_date = '2029-05-06' WHERE id = $(deal_of "${ids[n]}")"; done
sim fault '{"crm":"salesforce","match":"PATCH ","kind":"cut_before","after":1,"times":1}' >/dev/null
sync_later sf 69
is 'what is known of its writes counts' '2 1' "$(waiting) $(sql "SELECT count(*) FROM history WHERE kind = 'pushed'")"
edit salesforce "${ids[1]}" Name 'Theirs'
sql "UPDATE deals SET close_date = '2029-05-07' WHERE id = $(deal_of "${ids[2]}")"
sync_later sf 0
is 'the next run takes what has changed there since' 'Theirs|2029-05-06 2029-05-06' \
    "$(ours "${ids[1]}" name,close_date) $(field salesforce "${ids[1]}" CloseDate)"
is 'and sends what has changed here' '2029-05-07 0' "$(field salesforce "${ids[2]}" CloseDate) $(waiting)"

# --- more than goes into one call --------------------------------------------------------------------------

fresh 420
sql "UPDATE deals SET close_date = '2029-05-06' WHERE status = 'accepted'"
many=$(sql "SELECT count(*) FROM deals WHERE close_date = '2029-05-06'")
ok "$many writes are more than one call takes" test "$many" -gt 200
sync_later sf 0
has 'the sum tells how many' "; $many written in the CRM" "$T/out"
is 'all of them are sent' "$many 0" "$(sim_get 'state?crm=salesforce&stamps=no' | grep -c 2029-05-06) $(waiting)"

# --- creations ---------------------------------------------------------------------------------------------

keys() { sim_get 'state?crm=salesforce&stamps=no' | jq -r 'select(.Deal_Key__c) | .Deal_Key__c' | sort -u | wc -l; }

born 900 'Stays here' NULL
n=$(writes)
sync_later sf 0
is 'nothing is created before the setting says so' "$n" "$(writes)"

fresh 6 'create = yes'
born 901 'One' NULL
born 902 'Another' "'ours'"
edit salesforce "$id" Name 'Renamed'
sim set '{"flow_field":"NextStep","flow_value":"by a flow"}' >/dev/null
sync_later sf 3
is 'each deal has a key of its own' 2 "$(keys)"
is 'what a new record keeps otherwise is a conflict of that record' "M-36 notes $(sql 'SELECT remote_id FROM links WHERE deal = 902')" \
    "$(open_case) $(sql 'SELECT remote_id FROM v_open_conflicts')"
is 'which is beside the sum' '1 fetched: 1 updated' "$(sum | sed 's/;.*//')"
rm -f "$T"/deals.db*
run 0 sync sf
born 901 'Of another store' NULL
sync_later sf 3 # for the others lack much
is 'a deal of the same number in another store has another key' 3 "$(keys)"

#!/usr/bin/env bash
# A creation that the CRM refuses waits like any write that it refuses (M-35): told with its words, and not sent
# again before the deal, the mapping or a setting has changed, or a person says so.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

conflicts() { sql 'SELECT count(*) FROM v_open_conflicts'; }
there() { sim_get 'state?crm=salesforce&stamps=no' | grep -c 'Only here'; }

later() {
    now=$((now + 900))
    clock "$(date -u -d "@$now" +%Y-%m-%dT%H:%M:%SZ)"
}

# fresh: a deal whose record the CRM has refused.
fresh() {
    start_sim --count 6 --page 20
    configure 'guard_count = 1000' 'direction = both' 'create = yes' 'retries = 0'
    sed -i '/^connector = salesforce/a key_field = Deal_Key__c' "$T/dealsync.conf"
    rm -f "$T"/deals.db*
    now=1787290000
    later
    run 0 sync sf
    sim set '{"validation_rule":"No new ones."}' >/dev/null
    sql "INSERT INTO deals(name, value, currency, close_date, location, customer_name, customer_country, solutions)
        VALUES ('Only here', '12.5', 'USD', '2029-09-09', '4711', 'Contoso', 'US', '[\"SOL-GTK-500\"]')"
    deal=$(sql 'SELECT max(id) FROM deals')
    later
    n=$(mutations)
    run 3 sync sf --all
    ok 'it was sent' test "$(mutations)" -gt "$n"
}

mutations() { sim_get stats | jq .salesforce.mutating; }

# quiet TEXT: three runs send nothing, and the conflict stays as it is.
quiet() {
    local n

    n=$(mutations)
    state >"$T/before"
    for _ in 1 2 3; do
        later
        run 3 sync sf
    done
    state >"$T/after"
    is "$1: nothing is sent" "$n" "$(mutations)"
    ok "$1: nothing is written" cmp "$T/before" "$T/after"
    is "$1: one conflict" 1 "$(conflicts)"
}

# again TEXT: the next run sends it, once, and the CRM refuses it once more.
again() {
    local n

    n=$(mutations)
    later
    run 3 sync sf
    is "$1: it is sent once" $((n + 1)) "$(mutations)"
    quiet "$1, and refused"
}

fresh
has 'the report tells, with the words of the CRM' 'M-35.*No new ones' "$T/out"
quiet 'refused'
run 3 status sf --format json
is 'status counts it' '1 0' "$(jq -r '.connections[] | "\(.conflicts) \(.rejected)"' "$T/out")"
run 0 conflicts sf --format json
is 'conflicts lists it' "$deal 35 name Only here" "$(jq -r '.conflicts[] | "\(.deal) \(.case) \(.field) \(.ours)"' "$T/out")"
ok 'with the words of the CRM' jq -e '.conflicts[0].why | contains("No new ones")' "$T/out"
id=$(jq .conflicts[0].id "$T/out")
run 0 conflicts show "$id"
has 'and says what to do' "dealsync resolve $id --take store" "$T/out"
hasnt 'and no more' 'take crm' "$T/out"
run 0 diff sf
hasnt 'a dry run does not want to send it' 'Only here' "$T/out"

sql "UPDATE deals SET notes = 'more of it' WHERE id = $deal"
again 'the deal has changed'
sed -i '/^create = yes/a owner.notes = crm' "$T/dealsync.conf"
again 'a setting has changed'
for take in crm base 'value --value x'; do
    # shellcheck disable=SC2086 # it is one word, or three
    run 64 resolve "$(sql 'SELECT id FROM v_open_conflicts')" --take $take
done
quiet 'what cannot be taken'
run 0 resolve "$(sql 'SELECT id FROM v_open_conflicts')" --take store
again 'a person said so'

sim set '{"validation_rule":""}' >/dev/null
quiet 'the CRM would take it now'
run 0 resolve --connection sf --take store
later
run 0 sync sf
is 'a person said so: it is created' '1 0' "$(there) $(conflicts)"
n=$(mutations)
later
run 0 sync sf
is 'once' "1 $n" "$(there) $(mutations)"
run 0 explain "$deal"
has 'the story tells of the decision' 'resolved by a person' "$T/out"

# --- what else ends it -------------------------------------------------------------------------------------

fresh
sql "UPDATE deals SET status = 'lost', reason = 'budget' WHERE id = $deal"
n=$(mutations)
later
run 0 sync sf
is 'a deal that was closed needs no record' "$n 0" "$(mutations) $(conflicts)"
is 'and is not looked at again' 0 "$(sql 'SELECT count(*) FROM touched')"

fresh
sql "DELETE FROM links WHERE remote_id = '$(some salesforce open 1)'"
sim set '{"validation_rule":""}' >/dev/null
run 0 link sf "$(some salesforce open 1)" "$deal"
is 'nor does one that a person has linked' 0 "$(conflicts)"

fresh
sed -i 's/^create = yes/create = no/' "$T/dealsync.conf"
later
run 0 diff sf
is 'a dry run forgets nothing' 1 "$(conflicts)"
run 0 sync sf
is 'nor one of a connection that creates nothing any more' 0 "$(conflicts)"
sed -i 's/^create = no/create = yes/' "$T/dealsync.conf"
sim set '{"validation_rule":""}' >/dev/null
later
run 0 sync sf
is 'and creates it when it does so again' 1 "$(there)"

fresh
sed -i 's/^crm_id .*/crm_id = External_Id__c/' "$T/salesforce.mapping.conf"
sql "UPDATE deals SET crm_id = 'OURS' WHERE id = $deal"
later
run 3 sync sf
sim set '{"validation_rule":""}' >/dev/null
edit salesforce "$(sim create '{"crm":"salesforce","set":{"Name":"Only here"}}' | jq -r .id)" External_Id__c OURS
later
"$BUILD/dealsync" sync sf >"$T/out" 2>"$T/err"
is 'one that a record adopts needs none' 0 "$(sql "SELECT count(*) FROM v_open_conflicts WHERE remote_id LIKE '(deal%'")"
is 'and gets none' 1 "$(sql "SELECT count(*) FROM links WHERE deal = $deal")"

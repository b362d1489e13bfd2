#!/usr/bin/env bash
# Which record is which deal: adopted by its CRM id, offered as a match, claimed twice, parted and tied again, and
# in two CRMs at once (M-22, M-55 to M-57, R-35).
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

# same CONNECTION EXIT: the dry run says what the run then does; but it does not know the number of a new deal.
same() {
    local shown='(.items | map(del(.deal)) | sort_by(.record)), (.summary | {fetched, unchanged, created, updated,
        held, conflict, rejected, ignored, released})'

    later
    run 0 diff "$1" --format json
    jq -S "$shown" "$T/out" >"$T/planned"
    run "$2" sync "$1" --format json
    jq -S "$shown" "$T/out" >"$T/done"
    ok "$1: the dry run has shown what the run did" diff "$T/planned" "$T/done"
}

# deal_like ID CRM_ID NAME VALUE: a deal as somebody else puts it into the store; its number.
deal_like() {
    local same='currency, close_date, location, customer_name, customer_duns, customer_street, customer_city,
        customer_postal_code, customer_country, solutions'
    sql "INSERT INTO deals(name, value, crm_id, $same) SELECT '$3', '$4', nullif('$2', ''), $same
        FROM deals WHERE id = $(deal_of "$1"); SELECT max(id) FROM deals"
}

story() { # connection crm name value
    local c=$1 crm=$2 name=$3 value=$4 one new deal match other

    anew 20 'direction = both'
    run 0 sync "$c"
    one=$(some "$crm" open 1)

    # by its CRM id
    new=$(twin "$crm" "$one" "$name" 'By its id' "$value" 11)
    deal=$(deal_like "$one" "$new" 'Another name' 11)
    same "$c" 3
    is "$c: adopted by its CRM id" "$deal" "$(deal_of "$new")"
    is "$c: what differs is a conflict" 'name 9' "$(sql "SELECT field || ' ' || case_number FROM conflicts WHERE closed_ms IS NULL")"
    run 0 history "$deal" --format json
    ok "$c: the history tells" jq -e '[.events[].event] | index("adopted")' "$T/out"
    run 0 resolve --connection "$c" --take store
    sync_later "$c" 0
    is "$c: settled on both sides" 'Another name' "$(field "$crm" "$new" "$name")"

    # by what it says
    match=$(deal_like "$one" '' 'Looks alike' 22)
    new=$(twin "$crm" "$one" "$name" 'Looks alike' "$value" 22)
    other=$(twin "$crm" "$one" "$name" 'Looks alike' "$value" 23)
    same "$c" 3
    is "$c: a match waits" "match $match" "$(sql "SELECT kind || ' ' || deal FROM claims WHERE remote_id = '$new'")"
    is "$c: one of another value is another deal" 'Looks alike|23' "$(ours "$other" name,value)"
    run 0 conflicts "$c" --format json
    is "$c: it is listed" "match $new $match" "$(jq -r '.conflicts[] | "\(.kind) \(.record) \(.deal)"' "$T/out")"
    n=$(sql 'SELECT count(*) FROM deals')
    same "$c" 3
    is "$c: nothing before a person says" "$n" "$(sql 'SELECT count(*) FROM deals')"
    run 0 link "$c" "$new" "$match"
    sync_later "$c" 0
    is "$c: accepted" "$match" "$(deal_of "$new")"
    is "$c: no new deal" "$n" "$(sql 'SELECT count(*) FROM deals')"
    is "$c: and it has the CRM id" "$new" "$(sql "SELECT crm_id FROM deals WHERE id = $match")"

    match=$(deal_like "$one" '' 'Looks alike' 33)
    new=$(twin "$crm" "$one" "$name" 'Looks alike' "$value" 33)
    sync_later "$c" 3
    run 0 link "$c" "$new" --new
    same "$c" 0
    ok "$c: declined: a deal of its own" test "$(deal_of "$new")" -gt "$match"
    is "$c: the claim is gone" 0 "$(sql 'SELECT count(*) FROM claims')"
    same "$c" 0

    # a match that settles itself
    match=$(deal_like "$one" '' 'Looks alike' 44)
    new=$(twin "$crm" "$one" "$name" 'Looks alike' "$value" 44)
    sync_later "$c" 3
    sql "UPDATE deals SET name = 'Not any more' WHERE id = $match"
    same "$c" 0
    ok "$c: a match that is none any more becomes a deal" test -n "$(deal_of "$new")"

    # parted, and tied again
    deal=$(deal_of "$one")
    run 0 unlink "$c" "$one"
    edit "$crm" "$one" "$value" 55
    same "$c" 0
    same "$c" 0
    is "$c: apart" '' "$(deal_of "$one")"
    ok "$c: a deal that is apart is not moved" test "$(sql "SELECT value FROM deals WHERE id = $deal")" != 55
    run 0 link "$c" "$one" "$deal"
    same "$c" 3
    is "$c: tied again: what differs is a conflict" "$deal value 9" \
        "$(deal_of "$one") $(sql "SELECT field || ' ' || case_number FROM conflicts WHERE closed_ms IS NULL")"
    run 0 resolve --connection "$c" --take crm
    sync_later "$c" 0
    is "$c: and goes on" 55 "$(ours "$one" value)"
    sync_later "$c" 0
    is "$c: silent" '' "$(sum | grep -oE 'created|updated|conflict')"

    # a record that was deleted leaves its deal to another one
    sim delete "{\"crm\":\"$crm\",\"id\":\"$one\"}" >/dev/null
    sync_later "$c" 0
    new=$(twin "$crm" "$(some "$crm" open 2)" "$name" 'Its successor' "$value" 55)
    run 64 link "$c" "$new" 999
    run 0 link "$c" "$new" "$deal"
    sync_later "$c" 3
    is "$c: the deal of a deleted record is another record's" "$deal" "$(deal_of "$new")"
    sim undelete "{\"crm\":\"$crm\",\"id\":\"$one\"}" >/dev/null
    sync_later "$c" 3
    n=$(writes)
    sync_later "$c" 3
    sync_later "$c" 3
    is "$c: when it comes back nothing plays ping-pong" "$n" "$(writes)"
}

story sf salesforce Name Amount
story dv dynamics name estimatedvalue

# --- two records that claim one deal -------------------------------------------------------------------------

anew 20
sed -i 's/^crm_id .*/crm_id = External_Id__c/' "$T/salesforce.mapping.conf"
for n in 1 2; do edit salesforce "$(some salesforce open $n)" External_Id__c SAME; done
same sf 3
is 'in one fetch: the first one has it, the second waits' 'rival 1' \
    "$(sql "SELECT group_concat(kind) || ' ' || (SELECT count(*) FROM deals WHERE crm_id = 'SAME') FROM claims")"
same sf 3
edit salesforce "$(some salesforce open 2)" External_Id__c OTHER
same sf 0
is 'one that says something else becomes a deal' 0 "$(sql 'SELECT count(*) FROM claims')"
edit salesforce "$(some salesforce open 3)" External_Id__c OTHER
same sf 3
is 'a linked one that takes the id of another deal is a conflict (R-35)' 'crm_id' \
    "$(sql 'SELECT field FROM v_open_conflicts')"

# --- a new record that may be a deal which the CRM shall get ----------------------------------------------------

anew 20 'direction = both' 'create = yes'
sed -i '/^connector = salesforce/a key_field = Deal_Key__c' "$T/dealsync.conf"
run 0 sync sf
new=$(twin salesforce "$(some salesforce open 1)" Name '' Amount 22)
sync_later sf 3
deal_like "$(some salesforce open 1)" '' 'Looks alike' 22 >/dev/null
edit salesforce "$new" Name 'Looks alike'
sync_later sf 3
is 'one that was rejected, and is good now, may be the deal' 'match 0' \
    "$(sql 'SELECT kind FROM claims') $(sql 'SELECT count(*) FROM rejects')"
sync_later sf 3 # from now on no fetch brings the record
sql "UPDATE deals SET notes = 'more of it' WHERE name = 'Looks alike'"
later
run 0 diff sf --out "$T/plan.json"
sync_later sf 3
is 'before a person says the deal gets no record, even if it changes' '0 1' \
    "$(grep -c '"about":"deal ' "$T/plan.json") $(sim_get 'state?crm=salesforce&stamps=no' | grep -c 'Looks alike')"
run 0 link sf "$new" --new
sync_later sf 0
is 'a person says that it is another one: the deal gets a record' 2 \
    "$(sim_get 'state?crm=salesforce&stamps=no' | grep -c 'Looks alike')"

# --- two CRMs, one store ----------------------------------------------------------------------------------------

# The deals of Salesforce are known in Dynamics by an id of their own; both may change them.
anew 20 'direction = both'
sed -i '/^notes/d; s/^crm_id .*/crm_id = External_Id__c/' "$T/salesforce.mapping.conf"
sed -i '/^notes/d; s/^crm_id .*/crm_id = new_externalid/' "$T/dynamics.mapping.conf"
run 0 sync sf
run 0 sync dv
is 'each deal has a record in both' '20 40' "$(sql 'SELECT (SELECT count(*) FROM deals), (SELECT count(*) FROM links)' | tr '|' ' ')"
a=$(some salesforce open 1)
b=$(some dynamics open 1)
is 'the same deal' "$(deal_of "$a")" "$(deal_of "$b")"
sync_later sf 0
sync_later dv 0

# quiet TEXT: both connections, three times over: nothing is written, neither here nor there.
quiet() {
    local n

    n=$(writes)
    state | grep -vE '^connection' >"$T/before"
    for _ in 1 2 3; do
        sync_later sf 0
        is "$1: sf is silent" '' "$(sum | grep -oE 'created|updated|conflict|held')"
        sync_later dv 0
        is "$1: dv is silent" '' "$(sum | grep -oE 'created|updated|conflict|held')"
    done
    state | grep -vE '^connection' >"$T/after"
    ok "$1: the store is as it was" diff "$T/before" "$T/after"
    is "$1: nothing was sent" "$n" "$(writes)"
}
quiet 'both loaded'

edit salesforce "$a" Amount 1111
sync_later sf 0
sync_later dv 0
is 'from Salesforce to Dynamics' 1111 "$(field dynamics "$b" estimatedvalue)"
quiet 'from Salesforce'
edit dynamics "$b" estimatedclosedate 2029-03-04
sync_later dv 0
sync_later sf 0
is 'from Dynamics to Salesforce' 2029-03-04 "$(field salesforce "$a" CloseDate)"
quiet 'from Dynamics'
sql "UPDATE deals SET name = 'Ours' WHERE id = $(deal_of "$a")"
later
run 0 sync sf dv
is 'from the store to both' 'Ours Ours' "$(field salesforce "$a" Name) $(field dynamics "$b" name)"
quiet 'from the store'
edit salesforce "$a" Amount 1
edit dynamics "$b" estimatedvalue 2
sync_later sf 0
sync_later dv 3
is 'both, differently: the first one counts here, the other is a conflict' '1 dv M-5' \
    "$(ours "$a" value) $(sql "SELECT connection || ' ' || \"case\" FROM v_open_conflicts")"
run 0 resolve --connection dv --take crm
sync_later dv 0
sync_later sf 0
is 'settled in all three' '2 2 2' "$(ours "$a" value) $(field salesforce "$a" Amount) $(field dynamics "$b" estimatedvalue)"
quiet 'settled'

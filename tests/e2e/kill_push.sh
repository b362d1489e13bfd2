#!/usr/bin/env bash
# P-4 for runs that write on both sides: killed at every commit and on both sides of every request that
# changes the CRM, then run again. The end is that of a run that nobody killed: in the store, in the CRM,
# and in the number of writes that the CRM was sent.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/replay.sh
. "$HERE/replay.sh"
# shellcheck source=tests/kill.sh
. "$HERE/kill.sh"

# theirs N FIELD VALUE, ours N FIELD VALUE: an edit of the N-th open record, of its deal.
theirs() { tell edit "{\"crm\":\"$CRM\",\"id\":\"${id[$1]}\",\"set\":{\"$2\":\"$3\"}}" >/dev/null; }
ours() { sql "UPDATE deals SET $2 = '$3' WHERE id = $(deal_of "${id[$1]}")"; }

story() { # connection crm name-field
    CONNECTION=$1 CRM=$2 name=$3

    rm -f "$T"/deals.db*
    world --count 40 --page 20
    configure 'direction = both' 'create = yes' 'guard_count = 1000'
    sed -i '/^\[connection sf\]/a key_field = Deal_Key__c' "$T/dealsync.conf"
    export DEALSYNC_NOW=2026-08-21T06:00:00Z
    tell clock "{\"now\":\"$DEALSYNC_NOW\"}" >/dev/null
    run 0 sync "$CONNECTION"

    mapfile -t id < <(sim_get "find?crm=$CRM&where=open&n=9" | jq -r '.ids[]')
    ours 0 close_date 2029-05-06
    ours 0 value 4711.5
    theirs 1 "$name" 'Renamed over there'
    theirs 2 "$name" 'Renamed, too'
    ours 2 close_date 2029-06-07
    theirs 3 "$name" 'Their name'
    ours 3 name 'Our name'
    theirs 4 "$name" 'One name'
    ours 4 name 'One name'
    sql "UPDATE deals SET status = 'lost', reason = 'budget' WHERE id = $(deal_of "${id[5]}")"
    sql "INSERT INTO deals(name, value, currency, close_date, customer_name, customer_country)
        VALUES ('Born here', '99.5', 'USD', '2029-09-09', 'Somebody', 'US')"
    save edited
    everywhere "$CRM, sync" edited sync "$CONNECTION"
}

story sf salesforce Name
stop_sim
story dv dynamics name

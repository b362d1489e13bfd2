#!/usr/bin/env bash
# A saved plan: what it holds, that `apply` carries out exactly it, and what it refuses (docs/reports.md).
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

writes() { sim_get stats | jq .mutating; }
version_of() { sql "SELECT version FROM deals WHERE id = $(deal_of "$1")"; }

# twin CRM ID FIELD VALUE...: a copy of a record, as a sales person makes one; its id.
twin() {
    local crm=$1 id=$2 set
    shift 2
    set=$(sim_get "record?crm=$crm&id=$id" | jq -c 'with_entries(select(.value != null and
        (.key | IN("Name", "AccountId", "OwnerId", "StageName", "Amount", "CloseDate", "CurrencyIsoCode",
        "Product_Code__c", "MPN_Location__c", "NextStep", "name", "_customerid_value", "_ownerid_value",
        "_owninguser_value", "_transactioncurrencyid_value", "estimatedvalue", "estimatedclosedate", "stepname",
        "salesstage", "statecode", "statuscode", "new_product", "new_location", "description"))))')
    while [ $# -gt 1 ]; do
        set=$(jq -c --arg f "$1" --arg v "$2" '. + {($f): (if $v == "" then null else $v end)}' <<<"$set")
        shift 2
    done
    sim create "{\"crm\":\"$crm\",\"set\":$set}" | jq -r .id
}

# deal NAME VALUE: one that only the store has.
deal() {
    sql "INSERT INTO deals(name, value, currency, close_date, location, customer_name, customer_country, solutions)
        VALUES ('$1', '$2', 'USD', '2029-09-09', '4711', '${3:-Contoso}', 'US', '[\"SOL-GTK-500\"]')"
}

# fresh LINES...: new remotes, a new store.
fresh() {
    stop_sim
    start_sim --count 40 --page 20
    configure 'guard_count = 1000' "$@"
    sed -i '/^connector = salesforce/a key_field = Deal_Key__c' "$T/dealsync.conf"
    rm -f "$T"/deals.db*
    clock 2026-08-21T06:00:00Z
}

# Both sides, without the times and what a fetch alone moves.
sides() { # CRM
    state | grep -vE '^(connection|touched)' | sed 's/2026-08-21T0[67]:[0-9:]*Z/WHEN/g; s/W."[0-9]*"/WHEN/g'
    sim_get "state?crm=$1&stamps=no"
}

# --- what a sync would have done --------------------------------------------------------------------

# Something of everything. The words that differ between the CRMs are its arguments.
changes() { # crm name value date location stage won
    local crm=$1 name=$2 value=$3 date=$4 location=$5 stage=$6 won=$7 like

    edit "$crm" "$(some "$crm" open 1)" "$name" 'Theirs alone' "$date" 2029-01-01
    sql "UPDATE deals SET close_date = '2029-05-06' WHERE id = $(deal_of "$(some "$crm" open 2)")"
    edit "$crm" "$(some "$crm" open 3)" "$name" 'Theirs'
    sql "UPDATE deals SET value = '4711' WHERE id = $(deal_of "$(some "$crm" open 3)")"
    edit "$crm" "$(some "$crm" open 4)" "$value" 4
    sql "UPDATE deals SET value = '5' WHERE id = $(deal_of "$(some "$crm" open 4)")"
    edit "$crm" "$(some "$crm" open 5)" "$location" 666
    edit "$crm" "$(sql "SELECT remote_id FROM links JOIN deals d ON d.id = deal WHERE visibility = 'yes'
        AND status = 'accepted' ORDER BY d.id DESC LIMIT 1")" "$stage" "$won" # waits 72 hours
    sim delete "{\"crm\":\"$crm\",\"id\":\"$(some "$crm" open 7)\"}" >/dev/null
    like=$(some "$crm" open 8)
    twin "$crm" "$like" "$name" 'A new one' "$value" 77 >/dev/null
    twin "$crm" "$like" "$name" '' >/dev/null # cannot become a deal
    sql "UPDATE deals SET name = 'Known' WHERE id = $(deal_of "$like")"
    edit "$crm" "$like" "$name" Known # both the same
    deal 'Only here' 12.5
    deal 'Looks alike' 88 "$(sql "SELECT customer_name FROM deals WHERE id = $(deal_of "$like")")"
    twin "$crm" "$like" "$name" 'Looks alike' "$value" 88 >/dev/null
}

# told: both sides after a sync, or after the plan of one.
told() { # way connection crm name value date location stage won
    local way=$1 c=$2

    shift 2
    fresh 'direction = both' 'create = yes' 'deleted = close' 'deleted_reason = others'
    run 0 sync "$c"
    sql "UPDATE store SET name = 'one and the same'" # what is created has its id from it
    changes "$@"
    clock 2026-08-21T07:00:00Z
    if [ "$way" = sync ]; then
        run 3 sync "$c"
    else
        run 0 diff "$c" --out "$T/plan.json"
        run 3 apply "$T/plan.json"
    fi
    sum >"$T/$way.sum"
    sides "$1" >"$T/$way"
}

both() {
    local c=$1 crm=$2 n

    told sync "$@"
    told plan "$@"
    is "$c: the sum of the sync and of the plan" "$(sed 's/^[0-9]* fetched//' "$T/sync.sum")" \
        "$(sed 's/^[0-9]* fetched//' "$T/plan.sum")"
    ok "$c: a plan does what the sync would have done" diff "$T/sync" "$T/plan"
    is "$c: with something of everything" '1 1 1 1 1' "$(sql 'SELECT (SELECT count(*) > 1 FROM v_open_conflicts),
        (SELECT count(*) FROM holds), (SELECT count(*) FROM rejects), (SELECT count(*) FROM claims),
        (SELECT count(*) FROM history WHERE kind = "pushed" AND deal = (SELECT id FROM deals WHERE name = "Only here"))' | tr '|' ' ')"
    is "$c: what a new record may be is not created a second time" 1 \
        "$(sim_get "state?crm=$crm&stamps=no" | grep -c 'Looks alike')"
    n=$(writes)
    run 3 apply "$T/plan.json"
    sides "$crm" >"$T/again"
    ok "$c: a second time it changes nothing" diff "$T/plan" "$T/again"
    is "$c: nor sends anything" "$n" "$(writes)"
    run 3 sync "$c"
    is "$c: the sync that follows has nothing left to send" "$n" "$(writes)"
    run 3 sync "$c"
    is "$c: and the next one nothing at all" '' "$(sum | grep -oE 'created|updated|held|released')"
}

both sf salesforce Name Amount CloseDate MPN_Location__c StageName Won
both dv dynamics name estimatedvalue estimatedclosedate new_location statuscode 3

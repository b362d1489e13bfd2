#!/usr/bin/env bash
# What the Salesforce connector makes of answers to a write that are not what they should be: nothing is
# concluded from one that is not about the record (P-4, P-7).
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

PATHS=Name,StageName,Amount,CloseDate

start_sim --count 60
configure
sed -i '/^\[connection sf\]/a key_field = Deal_Key__c' "$T/dealsync.conf"
clock 2026-08-21T06:00:00Z
mapfile -t id < <(sim_get 'find?crm=salesforce&where=open&n=4' | jq -r '.ids[]')

# changes COUNT: of the first records, based on what they are now.
changes() {
    drive sf read --paths "$PATHS" < <(printf '%s\n' "${id[@]:0:$1}")
    jq -c --arg v "$((value += 1))" 'select(.record).record | {id, version, set: {Amount: $v}, before: {Amount: .values.Amount}}' \
        "$T/out" >"$T/in"
}
creations() { # COUNT
    for ((n = 1; n <= $1; n++)); do
        jq -nc --arg k "11111111-2222-4333-8444-$((value += 1))$n" \
            '{key: $k, set: {Name: "New", StageName: "Prospecting", CloseDate: "2027-01-31"}}'
    done >"$T/in"
}
value=1000

# answered TEXT MATCH STATUS BODY EXIT OUTCOMES: what the call ends with, and what it tells of its changes.
answered() {
    sim fault "$(jq -nc --arg m "$2" --argjson s "$3" --arg b "$4" \
        '{crm: "salesforce", match: $m, kind: "status", status: $s, body: $b, content_type: "application/json"}')" >/dev/null
    drive sf write --paths "$PATHS" <"$T/in"
    is "$1" "$5 $6" "$? $(jq -r 'select(.written) | .written | "\(.change) \(.status)"' "$T/out" | sort -n | paste -sd,)"
    sim reset '{}' >/dev/null
}

# --- one record --------------------------------------------------------------------------------------------

one='PATCH /services/data/v67.0/sobjects/Opportunity/'
changes 1
answered 'a user who may not change it' "$one" 403 \
    '[{"errorCode":"INSUFFICIENT_ACCESS_OR_READONLY","message":"no"}]' 0 '0 record'
answered 'a record that is gone' "$one" 404 '[{"errorCode":"NOT_FOUND","message":"no"}]' 0 '0 stale'
answered 'an org that puts it off' "$one" 400 '[{"errorCode":"SERVER_UNAVAILABLE","message":"later"}]' 0 '0 later'
answered 'a refusal without a word' "$one" 400 '' 1 ''
answered 'a gateway in between' "$one" 404 '<html>' 1 ''

# --- several -----------------------------------------------------------------------------------------------

many='PATCH /services/data/v67.0/composite/sobjects'
changes 2
answered 'fewer results than changes' "$many" 200 '[]' 1 ''
answered 'the result of another record' "$many" 200 \
    "[{\"id\":\"${id[1]}\",\"success\":true},{\"id\":\"${id[0]}\",\"success\":true}]" 1 ''
answered 'a result that says neither' "$many" 200 "[{\"id\":\"${id[0]}\"},{\"id\":\"${id[1]}\"}]" 0 '0 record,1 record'

# An org that does not create several at once makes none of them, and gets them one by one. Any other failure says
# nothing.
for status in 400 404 405; do
    creations 2
    answered "several creations, answered with $status" "$many/Opportunity/" $status \
        '[{"errorCode":"X","message":"no"}]' 0 '0 ok,1 ok'
done
creations 2
answered 'several creations, answered with 500' "$many/Opportunity/" 500 '[{"errorCode":"X","message":"no"}]' 1 ''

creations 3
sim fault "{\"crm\":\"salesforce\",\"match\":\"$one\",\"kind\":\"cut_before\",\"after\":1}" >/dev/null
answered 'what was done before an answer was lost is told' "$many/Opportunity/" 404 \
    '[{"errorCode":"X","message":"no"}]' 1 '0 ok'

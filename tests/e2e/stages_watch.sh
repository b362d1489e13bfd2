#!/usr/bin/env bash
# Stages that are added, renamed, switched off or taken away in the CRM are told once, by the first run of a day
# that sees them, and before a record holds one that the mapping does not know (R-72).
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 60
configure
sed -i '/^\[connection dv\]/,$d' "$T/dealsync.conf"

now=2026-08-21T06:00:00Z
clock $now
later() { # "N hours"
    now=$(date -u -d "$now + $1" +%Y-%m-%dT%H:%M:%SZ)
    clock "$now"
}

stage() { # WORD JSON
    jq -c '. + {crm: "salesforce", object: "OpportunityStage"}' <<<"$2" >"$T/json"
    sim "$1" "$(cat "$T/json")" | jq -r '.id // empty'
}

# The N-th of those that were there before: Prospecting, Engaging, Won, Lost, Value Proposition (switched off).
old() {
    echo "${new:0:14}$1"
}

# told TEXT PATTERN...: a run a day later tells these, one warning each and nothing else about stages; the next
# ones, within the day and after it, tell nothing.
told() {
    local text=$1 pattern
    shift
    later '25 hours'
    run 0 sync sf
    for pattern; do has "$text" "warning: (sf: )?stage $pattern" "$T/err"; done
    is "$text: nothing else" $# "$(grep -c "stage '" "$T/err")"
    later '1 hour'
    run 0 sync sf
    hasnt "$text: not again the same day" "stage '" "$T/err"
    later '25 hours'
    run 0 sync sf
    hasnt "$text: nor the next" "stage '" "$T/err"
}

asked() { # how often the stages were asked for so far
    sim_get log | jq '[.requests[] | select(.path | test("FROM%20OpportunityStage"))] | length'
}

run 0 sync sf
hasnt 'the first run has nothing to compare with' "stage '" "$T/err"
is 'it looks' 1 "$(asked)"
later '23 hours'
run 0 sync sf
is 'once a day' 1 "$(asked)"
later '2 hours'
run 0 diff sf
is 'a dry run does not look' 1 "$(asked)"
told 'nothing happened'

new=$(stage create '{"set":{"ApiName":"Negotiation","MasterLabel":"Negotiation","DefaultProbability":75,"IsActive":true}}')
told 'one is added' "'Negotiation' is new in the CRM, and no line of the mapping names it \(R-72\)"
stage edit "{\"id\":\"$new\",\"set\":{\"IsActive\":false}}" >/dev/null
told 'it is switched off' "'Negotiation' was deactivated in the CRM"
stage edit "{\"id\":\"$new\",\"set\":{\"IsActive\":true}}" >/dev/null
told 'and on' "'Negotiation' is in use again"
stage delete "{\"id\":\"$new\"}" >/dev/null
told 'it is taken away' "'Negotiation' is gone: nothing in the CRM has or offers it$"
stage undelete "{\"id\":\"$new\"}" >/dev/null
told 'it comes back' "'Negotiation' is new in the CRM, and no line"

# --- stages that the mapping names

stage edit "{\"id\":\"$(old 2)\",\"set\":{\"MasterLabel\":\"Talks\"}}" >/dev/null
told 'another label' "'Engaging' has another label in the CRM now: Talks"
stage edit "{\"id\":\"$(old 1)\",\"set\":{\"ApiName\":\"Prospects\",\"MasterLabel\":\"Prospects\"}}" >/dev/null
told 'another name, while records hold the old one' "'Prospecting' was deactivated in the CRM" \
    "'Prospects' is new in the CRM, and no line of the mapping names it"
run 0 check sf
has 'check says the same' "stages without a line.*'Prospects'" "$T/out"
stage edit "{\"id\":\"$(old 1)\",\"set\":{\"ApiName\":\"Prospecting\",\"MasterLabel\":\"Prospecting\"}}" >/dev/null
sed -i 's/^10 *= Prospecting/&\n10 = Prospects\n40 = Demo/' "$T/salesforce.mapping.conf"
told 'the old name again' "'Prospecting' is in use again" "'Prospects' is gone: nothing in the CRM has or offers it, and the mapping still names it"
stage edit "{\"id\":\"$new\",\"set\":{\"ApiName\":\"Demo\"}}" >/dev/null
told 'one that has its line already' "'Demo' is new in the CRM$" "'Negotiation' is gone: nothing in the CRM has or offers it$"
stage edit "{\"id\":\"$(old 5)\",\"set\":{\"IsActive\":true}}" >/dev/null
told 'an old one comes back into use' "'Value Proposition' is in use again"
stage edit "{\"id\":\"$(old 5)\",\"set\":{\"IsActive\":false}}" >/dev/null
told 'and out of it' "'Value Proposition' was deactivated in the CRM"

# A mapping by what people see knows stages by their labels.
cp "$T/salesforce.mapping.conf" "$T/by_name.conf"
sed -i 's/^from = StageName$/&.label/; s/= Engaging$/= Talks/' "$T/salesforce.mapping.conf"
run 0 sync sf
later '25 hours'
run 0 sync sf
stage edit "{\"id\":\"$(old 2)\",\"set\":{\"MasterLabel\":\"Evaluation\"}}" >/dev/null
told 'another label' "'Talks' is gone: nothing in the CRM has or offers it, and the mapping still names it" \
    "'Evaluation' is new in the CRM, and no line of the mapping names it"

# --- record types: which of their stages records hold changes every day, and is no news

sed 's/^\[stage\]/&\nprocess = RecordType.DeveloperName/' "$T/by_name.conf" >"$T/salesforce.mapping.conf"
printf '40 = Value Proposition\n\n[stages Partner]\n60 = Closing\n' >>"$T/salesforce.mapping.conf"
run 0 backfill sf
for n in 1 2 3 4 5 6; do
    edit salesforce "$(some salesforce open $n)" StageName Engaging
done
edit salesforce "$(some salesforce open 7)" StageName 'Value Proposition'
told 'records move on'
edit salesforce "$(some salesforce open 7)" StageName Prospecting
told 'and on'
stage edit "{\"id\":\"$new\",\"set\":{\"ApiName\":\"Closing\"}}" >/dev/null
told 'a line for one record type is a line' "'Closing' is new in the CRM$" "'Demo' is gone: nothing in the CRM has or offers it, and the mapping"

# --- what cannot be seen is no reason to stop

sim fault '{"crm":"salesforce","match":"OpportunityStage","kind":"status","status":403,"body":"[{\"errorCode\":\"INSUFFICIENT_ACCESS\",\"message\":\"no\"}]","content_type":"application/json"}' >/dev/null
later '25 hours'
run 0 sync sf
hasnt 'a list that is refused' "stage '" "$T/err"
stage delete "{\"id\":\"$new\"}" >/dev/null
later '1 hour'
run 0 sync sf
has 'it is asked for again by the next run' "stage 'Closing' is gone" "$T/err"

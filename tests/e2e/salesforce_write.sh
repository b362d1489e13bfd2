#!/usr/bin/env bash
# Opportunities are read by id and by key, changed under preconditions and created once, whatever the
# org answers.
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

PATHS=Name,StageName,Amount,CloseDate,NextStep,Customer_Consent__c,IsWon,Account.Name,CurrencyIsoCode

start_sim --count 1200
configure
sed -i '/^\[connection sf\]/a key_field = Deal_Key__c' "$T/dealsync.conf"
clock 2026-08-21T06:00:00Z

# read_ids ID...: what the connector says about records now; one JSON line each in $T/now
read_ids() {
    printf '%s\n' "$@" >"$T/ids"
    drive sf read --paths "$PATHS" <"$T/ids"
    jq -c 'select(.record) | .record' "$T/out" >"$T/now"
}

version() {
    read_ids "$1" && jq -r .version "$T/now"
}

# A change of one record as it is now: change ID PATH VALUE...
change() {
    local id=$1 set='{}' before='{}'
    shift
    read_ids "$id"
    while [ $# -gt 1 ]; do
        set=$(jq -c --arg f "$1" --arg v "$2" '. + {($f): (if $v == "" then null else $v end)}' <<<"$set")
        before=$(jq -c --slurpfile r "$T/now" --arg f "$1" '. + {($f): $r[0].values[$f]}' <<<"$before")
        shift 2
    done
    jq -c --argjson s "$set" --argjson b "$before" '{id, version, set: $s, before: $b}' "$T/now"
}

# What became of the changes in the file: one line each "N status text"
push() {
    drive sf write --paths "$PATHS" "${@:2}" <"$1"
}

fails() {
    ! "$@"
}

outcome() {
    jq -r 'select(.written) | .written | "\(.change) \(.status)"' "$T/out" | sort -n | tr '\n' ';'
}

now_of() { # N PATH
    jq -r --argjson n "$1" --arg p "$2" 'select(.written.change == $n) | .written.now.values[$p]' "$T/out" |
        sed -E 's/^([0-9]+)\.0$/\1/' # the org writes whole amounts either way
}

stamp() {
    sim_get "record?crm=salesforce&id=$1" | jq -r .SystemModstamp
}

mutations() {
    sim_get stats | jq .salesforce.mutating
}

mapfile -t id < <(sim_get 'find?crm=salesforce&where=open&n=300' | jq -r '.ids[]')

# --- reading

read_ids "${id[0]}" "${id[1]}" 0065e00000zzzzzAAA
is 'records are read by id, those that are not there are not' 2 "$(wc -l <"$T/now")"
sim delete "{\"crm\":\"salesforce\",\"id\":\"${id[299]}\"}" >/dev/null
read_ids "${id[299]}"
is 'a deleted one has its flag' true "$(jq .deleted "$T/now")"
drive sf read --paths "$PATHS" --quiet < <(printf '%s\n' "${id[@]}")
has 'many at once' '"records":300' "$T/out"

# --- one record

change "${id[0]}" Amount 4321.50 NextStep 'say "hi"' >"$T/c"
before=$(mutations)
ok 'one change is carried out' push "$T/c"
is 'and told' '0 ok;' "$(outcome)"
is 'what it holds is read back' '4321.5' "$(now_of 0 Amount)"
is 'one request changed something' 1 $(($(mutations) - before))
has 'under a precondition' 'PATCH /services/data/v67.0/sobjects/Opportunity/' <(sim_get log | jq -r '.requests[] | "\(.method) \(.path)"')
is 'texts arrive as they are' 'say "hi"' "$(now_of 0 NextStep)"
ok 'the same again is stale' push "$T/c"
is 'and says so with the record' '0 stale;' "$(outcome)"
is 'as it is now' '4321.5' "$(now_of 0 Amount)"

change "${id[0]}" Amount 4321.5 >"$T/c"
before=$(mutations)
push "$T/c"
is 'what it holds already is not sent' "0 ok; 0" "$(outcome) $(($(mutations) - before))"

change "${id[1]}" StageName Won Customer_Consent__c true CloseDate 2027-03-01 Amount '' >"$T/c"
push "$T/c"
is 'types: picklist, boolean, date, null' '0 ok;Won true 2027-03-01 null true' \
    "$(outcome)$(now_of 0 StageName) $(now_of 0 Customer_Consent__c) $(now_of 0 CloseDate) $(now_of 0 Amount) $(now_of 0 IsWon)"

change "${id[2]}" Amount 1 >"$T/c"
edit salesforce "${id[2]}" NextStep 'somebody else was here'
push "$T/c"
is 'SF-59: a record that moved on is stale' '0 stale;' "$(outcome)"
is 'and was left alone' 'somebody else was here' "$(now_of 0 NextStep)"
hasnt 'its amount too' '^1$' <(now_of 0 Amount)

# Between our look and our write: only the org can tell, by the second (SF-60).
for modstamp in false true; do
    sim set "{\"compare_modstamp\":$modstamp}" >/dev/null
    change "${id[3]}" Amount 11 >"$T/c"
    push "$T/c"
    is "the precondition holds for an unchanged record (compare_modstamp $modstamp)" '0 ok;' "$(outcome)"
    edit salesforce "${id[3]}" Amount 12
done
sim fault '{"crm":"salesforce","match":"PATCH","kind":"status","status":412,"body":"[{\"message\":\"changed\",\"errorCode\":\"PRECONDITION_FAILED\"}]","content_type":"application/json"}' >/dev/null
change "${id[4]}" Amount 13 >"$T/c"
push "$T/c"
is '412 is stale' '0 stale;' "$(outcome)"
has 'with the record' '"now":{"id"' "$T/out"

# For real: somebody writes while our change is on its way.
change "${id[6]}" Amount 14 >"$T/c"
seen=$(sim_get log | jq .next)
sim fault '{"crm":"salesforce","match":"","kind":"latency","ms":2000}' >/dev/null
push "$T/c" &
pushing=$!
for _ in $(seq 200); do
    sim_get "log?since=$seen" | jq -e '.requests[] | select(.path | test("queryAll"))' >/dev/null && break
    sleep 0.05
done
edit salesforce "${id[6]}" NextStep 'while it was on its way'
wait "$pushing"
is 'SF-60: the org itself refuses a change that came too late' '0 stale; 1' \
    "$(outcome) $(sim_get stats | jq .salesforce.kinds.precondition_failed)"
is 'and nothing was lost' 'while it was on its way' "$(now_of 0 NextStep)"
sim reset '{}' >/dev/null

# --- refused

refused() { # TEXT PATTERN PATH VALUE
    change "${id[5]}" "$3" "$4" >"$T/c"
    push "$T/c"
    is "$1 is refused" '0 record;' "$(outcome)"
    has "$1 in the org's own words" "$2" "$T/out"
}
refused 'a stage that is none' INVALID_OR_NULL StageName 'No such stage'
refused 'too long a text' STRING_TOO_LONG NextStep "$(printf 'x%.0s' $(seq 256))"
refused 'an emptied name' REQUIRED_FIELD_MISSING Name ''
sim set '{"validation_rule":"Erst den Betrag prüfen","validation_field":"Amount"}' >/dev/null
refused 'a validation rule' 'FIELD_CUSTOM_VALIDATION_EXCEPTION: Erst den Betrag prüfen' Amount 99
sim set '{"validation_rule":"","duplicate_rule":"block"}' >/dev/null
refused 'a duplicate' DUPLICATES_DETECTED Name 'Another name'
sim set '{"duplicate_rule":"","locked_fields":["Amount"]}' >/dev/null
refused 'a field the user may not set' 'may not be set by this user' Amount 5
sim set '{"locked_fields":[]}' >/dev/null
refused 'a parent' 'belongs to another object' Account.Name Other
refused 'no number' "'Amount' is not a number" Amount '12,5'

# --- many

for i in $(seq 10 24); do
    if [ "$i" = 14 ]; then change "${id[14]}" StageName 'None such'; else change "${id[$i]}" Amount "$((i * 100))"; fi
done >"$T/c"
edit salesforce "${id[12]}" NextStep 'in between'
sim delete "{\"crm\":\"salesforce\",\"id\":\"${id[13]}\"}" >/dev/null
before=$(mutations)
ok 'a batch is carried out' push "$T/c"
is 'each on its own' '0 ok;1 ok;2 stale;3 stale;4 record;5 ok;6 ok;7 ok;8 ok;9 ok;10 ok;11 ok;12 ok;13 ok;14 ok;' "$(outcome)"
is 'with one request' 1 $(($(mutations) - before))
is 'results belong to their changes' '2000 2400' "$(now_of 10 Amount) $(now_of 14 Amount)"
has 'the deleted one is known as such' '"deleted":true' <(jq -c 'select(.written.change == 3)' "$T/out")

for i in $(seq 30 289); do echo "${id[$i]}"; done >"$T/ids"
drive sf read --paths "$PATHS" <"$T/ids"
jq -c 'select(.record) | .record | {id, version, set: {Amount: "77"}, before: {Amount: .values.Amount}}' "$T/out" >"$T/c"
before=$(mutations)
push "$T/c"
is 'SF-61: 260 changes' 260 "$(jq -c 'select(.written.status == "ok")' "$T/out" | wc -l)"
is 'take two requests' 2 $(($(mutations) - before))

(change "${id[40]}" Amount 1 && change "${id[40]}" Amount 2) >"$T/c"
push "$T/c"
is 'the same record twice: the second is stale' '0 ok;1 stale;' "$(outcome)"

# Something on the way may take shorter addresses than the org.
printf '%s\n' "${id[@]:30:260}" >"$T/ids"
sim fault '{"crm":"salesforce","match":"IN%20%28%27006","kind":"headers_too_large","times":2}' >/dev/null
drive sf read --paths "$PATHS" --verbose <"$T/ids"
is 'records are asked for fewer at a time then' '260 50' \
    "$(jq -c 'select(.record)' "$T/out" | wc -l) $(sed -n 's/.*records are asked for \([0-9]*\) at a time.*/\1/p' "$T/err" | tail -n 1)"
sim fault '{"crm":"salesforce","match":"IN%20%28%27006","kind":"headers_too_large","times":-1}' >/dev/null
ok 'when no address is short enough that is an error' fails drive sf read --paths "$PATHS" <"$T/ids"
has 'of configuration' '"status":"config".*431' "$T/out"
sim reset '{}' >/dev/null

# One that the org cannot even read is no reason to refuse the others (P-8).
for i in $(seq 220 239); do echo "${id[$i]}"; done >"$T/ids"
drive sf read --paths "$PATHS" <"$T/ids"
jq -c 'select(.record) | .record | {id, version, set: {NextStep: "go on"}, before: {NextStep: .values.NextStep}}' \
    "$T/out" | sed '7s/go on/go wrong/' >"$T/c"
sim set '{"unreadable":"go wrong"}' >/dev/null
before=$(mutations)
ok 'a request that is refused as a whole' push "$T/c"
is 'is refused for one of its records' '6 record;' "$(outcome | tr ';' '\n' | grep -v ok | tr '\n' ';')"
has 'in the words of the org' 'JSON_PARSER_ERROR: Cannot deserialize' "$T/out"
is 'and the others are written' 'go on 19' "$(now_of 0 NextStep) $(grep -c '"ok"' "$T/out")"
ok 'with few requests' test $(($(mutations) - before)) -le 11
sim set '{"unreadable":""}' >/dev/null

# SF-55: an opportunity with products.
sim set '{"line_items":true}' >/dev/null
with=$(for one in "${id[@]}"; do
    sim_get "record?crm=salesforce&id=$one" | jq -r 'select(.HasOpportunityLineItem) | .Id'
done | head -n 1)
change "$with" Amount 987654 NextStep new >"$T/c"
push "$T/c"
is 'SF-55: what the org silently ignored is seen' '0 ok;new' "$(outcome)$(now_of 0 NextStep)"
hasnt 'the amount stayed' 987654 <(now_of 0 Amount)

sim set '{"line_items":false}' >/dev/null

# --- locked (SF-65)

sim fault '{"crm":"salesforce","match":"PATCH","kind":"lock_row","times":2}' >/dev/null
change "${id[7]}" Amount 70 >"$T/c"
push "$T/c"
is 'a locked row is tried again' '0 ok;70' "$(outcome)$(now_of 0 Amount)"
sim fault '{"crm":"salesforce","match":"PATCH","kind":"lock_row","times":-1}' >/dev/null
change "${id[7]}" Amount 71 >"$T/c"
push "$T/c"
is 'not for ever' '0 later;' "$(outcome)"
has 'with the reason' UNABLE_TO_LOCK_ROW "$T/out"
sim reset '{}' >/dev/null
(change "${id[7]}" Amount 72 && change "${id[8]}" Amount 80) >"$T/c"
sim fault '{"crm":"salesforce","match":"PATCH","kind":"lock_row","times":1}' >/dev/null
push "$T/c"
is 'nor does it hold up others' '0 ok;1 ok;' "$(outcome)"
sim reset '{}' >/dev/null

# --- triggers that cannot bear so many records in one request

for i in $(seq 100 219); do change "${id[i]}" Amount "$i"; done >"$T/c"
sim set '{"trigger_limit":25}' >/dev/null
before=$(mutations)
push "$T/c"
is 'all are written all the same' 120 "$(outcome | grep -o ' ok;' | wc -l)"
is '120, 60, 30, and then 15 at a time' 11 $(($(mutations) - before))
has 'the log tells the setting' "too many for the org's own code, 'batch'" "$T/err"
sim set '{"trigger_limit":1}' >/dev/null
for i in 100 101; do change "${id[i]}" Amount "9$i"; done >"$T/c"
push "$T/c"
is 'down to one' '0 ok;1 ok;' "$(outcome)"
sim set '{"trigger_limit":0}' >/dev/null
sim fault '{"crm":"salesforce","match":"PATCH","kind":"status","status":400,"times":-1,"content_type":"application/json","body":"[{\"errorCode\":\"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY\",\"message\":\"T: System.LimitException: Too many SOQL queries: 101\"}]"}' >/dev/null
change "${id[100]}" Amount 17 >"$T/c"
push "$T/c"
is 'what is too much even alone is refused' '0 record;' "$(outcome)"
sim reset '{}' >/dev/null

# --- lost answers

for kind in cut_before cut_after; do
    change "${id[9]}" Amount "$((${#kind} * 7))" >"$T/c"
    sim fault "{\"crm\":\"salesforce\",\"match\":\"PATCH\",\"kind\":\"$kind\"}" >/dev/null
    before=$(mutations)
    ok "a lost answer fails the call ($kind)" fails push "$T/c"
    is 'without a word about the change' '' "$(outcome)"
    ok 'and is not repeated' test $(($(mutations) - before)) -le 1
done
is 'the second one had happened' 63 "$(read_ids "${id[9]}" && jq -r '.values.Amount | tonumber' "$T/now")"
change "${id[9]}" Amount 64 >"$T/c"
sim fault '{"crm":"salesforce","match":"PATCH","kind":"status","status":503,"body":"<html>down</html>","content_type":"text/html"}' >/dev/null
ok 'so does a 503' fails push "$T/c"
is 'which says nothing either' '' "$(outcome)"
sim fault '{"crm":"salesforce","match":"PATCH","kind":"expire_token"}' >/dev/null
push "$T/c"
is 'a token that ends is renewed' '0 ok;' "$(outcome)"

# --- creating

create() { # KEY NAME
    jq -nc --arg k "$1" --arg n "$2" '{key: $k, set: {Name: $n, StageName: "Prospecting", CloseDate: "2027-01-31", Amount: "10.5"}}'
}
key=11111111-2222-4333-8444-5555555555
made() {
    sim_get 'state?crm=salesforce&stamps=no' | grep -c '"Deal_Key__c":"11111111'
}
for variant in false true; do
    sim set "{\"upsert_204\":$variant}" >/dev/null
    (create "${key}a$variant" 'One "more"' && create "${key}b$variant" Two) >"$T/c"
    ok "creations (upsert_204 $variant)" push "$T/c"
    is 'are told' '0 ok;1 ok;' "$(outcome)"
    has 'with their ids' '^006' <(jq -r 'select(.written) | .written.now.id' "$T/out")
    is 'and values' '10.5 One "more"' "$(now_of 0 Amount) $(now_of 0 Name)"
    count=$(made)
    before=$(mutations)
    push "$T/c"
    is 'twice is once (P-4)' "0 ok;1 ok; $count" "$(outcome) $(made)"
    is 'and changes nothing' 0 $(($(mutations) - before))
done
echo "${key}afalse" | drive sf read --paths "$PATHS" --by-key
is 'a creation is found by its key' 'One "more"' "$(jq -r 'select(.record) | .record.values.Name' "$T/out")"
echo "${key}none" | drive sf read --paths "$PATHS" --by-key
is 'one that did not happen is not' 0 "$(jq -c 'select(.record)' "$T/out" | wc -l)"

create "${key}c" Three >"$T/c"
sim fault '{"crm":"salesforce","match":"PATCH","kind":"cut_after"}' >/dev/null
ok 'a creation whose answer is lost fails the call' fails push "$T/c"
count=$(made)
push "$T/c"
is 'and is not made twice' "0 ok; $count" "$(outcome) $(made)"

for i in 1 2 3; do create "${key}m$i" "Many $i"; done >"$T/c"
sed -i '2s/Prospecting/None such/' "$T/c"
before=$(mutations)
push "$T/c"
is 'several creations: one request, each on its own' '0 ok;1 record;2 ok; 1' "$(outcome) $(($(mutations) - before))"
is 'each with its own values' 'Many 1 Many 3' "$(now_of 0 Name) $(now_of 2 Name)"
for i in 1 2 3; do create "${key}n$i" "One by one $i"; done >"$T/c"
sim fault '{"crm":"salesforce","match":"/composite/sobjects/Opportunity/","kind":"status","status":404,"body":"[{\"errorCode\":\"NOT_FOUND\",\"message\":\"no such resource\"}]","content_type":"application/json"}' >/dev/null
push "$T/c"
is 'an org that does not create several at once' '0 ok;1 ok;2 ok;One by one 3' "$(outcome)$(now_of 2 Name)"
for i in 1 2 3; do create "${key}o$i" "Lost $i"; done >"$T/c"
sim fault '{"crm":"salesforce","match":"/composite/sobjects/Opportunity/","kind":"cut_after"}' >/dev/null
ok 'a lost answer to several creations fails the call' fails push "$T/c"
count=$(made)
push "$T/c"
is 'and none is made twice' "0 ok;1 ok;2 ok; $count" "$(outcome) $(made)"

create "${key}d/../%27?#&" Four >"$T/c"
push "$T/c"
is 'SF-63: keys are escaped' '0 ok;Four' "$(outcome)$(now_of 0 Name)"
sim fault '{"crm":"salesforce","match":"PATCH","kind":"status","status":300,"body":"[\"/services/data/v67.0/sobjects/Opportunity/006\",\"/services/data/v67.0/sobjects/Opportunity/007\"]","content_type":"application/json"}' >/dev/null
create "${key}e" Five >"$T/c"
push "$T/c"
is 'SF-62: two holders of one key' '0 record;' "$(outcome)"
has 'are told' 'more than one opportunity' "$T/out"
sim reset '{}' >/dev/null
jq -nc --arg k "${key}f" '{key: $k, set: {Name: "Six"}}' >"$T/c"
push "$T/c"
is 'an incomplete creation is refused' '0 record;' "$(outcome)"
has 'by the org' REQUIRED_FIELD_MISSING "$T/out"
sed -i '/key_field/d' "$T/dealsync.conf"
ok 'without key_field nothing is created' fails push "$T/c"
has 'and the setting is named' key_field "$T/out"

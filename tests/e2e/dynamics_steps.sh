#!/usr/bin/env bash
# A change of Dynamics 365 that takes several requests: what one step leaves for the next, and what is told when
# one of them goes wrong.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

PATHS=name,estimatedvalue,statecode,statuscode,actualvalue,_customerid_value,transactioncurrencyid.isocurrencycode

start_sim --count 260
configure
clock 2026-08-21T06:00:00Z
mapfile -t id < <(sim_get 'find?crm=dynamics&where=open&n=16' | jq -r '.ids[]')

# change ID SET [BEFORE]: a change of that record based on what it is now, one JSON line.
change() {
    drive dv read --paths "$PATHS" <<<"$1"
    jq -c --arg id "$1" --argjson set "$2" --argjson lie "${3:-"{}"}" 'select(.record).record | . as $now | {$id, version, $set,
        before: (($set | with_entries(.value = $now.values[.key])) + $lie)}' "$T/out"
}

write() { drive dv write --paths "$PATHS" "$@" <"$T/in"; }
outcomes() { jq -r 'select(.written) | .written | "\(.change) \(.status)"' "$T/out" | sort -n | paste -sd,; }
now() { jq -r --argjson n "$1" --arg p "$2" 'select(.written.change == $n).written.now.values[$p]' "$T/out"; }
mutating() { sim_get stats | jq .dynamics.mutating; }
fault() { sim fault "{\"crm\":\"dynamics\",$1}" >/dev/null; }

# --- before anything is sent -------------------------------------------------------------------------------

change "${id[0]}" '{"name":"x"}' | jq -c '.version = "(unseen 1)"' >"$T/in"
n=$(mutating)
ok 'a version that is none' write
is 'is stale, with the record as it is, and nothing is sent' "0 stale $(field dynamics "${id[0]}" name) $n" \
    "$(outcomes) $(now 0 name) $(mutating)"
change "${id[0]}" '{}' >"$T/in"
ok 'a change of nothing' write
is 'is done, with the record as it is' "0 ok $(field dynamics "${id[0]}" name) $n" "$(outcomes) $(now 0 name) $(mutating)"

# --- fields, then closing ----------------------------------------------------------------------------------

change "${id[1]}" "{\"name\":\"$(printf 'x%.0s' {1..301})\",\"statecode\":\"1\"}" >"$T/in"
ok 'a field that is refused' write
is 'keeps it from being closed' '0 record 0' "$(outcomes) $(now 0 statecode)"
change "${id[2]}" '{"statecode":"1"}' >"$T/in"
sim delete "{\"crm\":\"dynamics\",\"id\":\"${id[2]}\"}" >/dev/null
ok 'closing what is gone' write
is 'is stale' '0 stale' "$(outcomes)"
{ change "${id[3]}" '{"name":"done"}' && change "${id[4]}" '{"name":"begun","statecode":"1"}'; } >"$T/in"
fault '"match":"batch","kind":"cut_before","after":1'
ok 'the connection breaks before the closing' test "$(write; echo $?)" = 1
is 'what was done is told all the same, and the other is left open' '0 ok' "$(outcomes)"
is 'as it is' 'begun 0' "$(field dynamics "${id[4]}" name) $(field dynamics "${id[4]}" statecode)"
change "${id[5]}" '{"statecode":"1","actualvalue":"12.5"}' >"$T/in"
fault '"match":"opportunityclose","kind":"status","status":403,"code":"0x80040220","message":"no"'
ok 'winning where the metadata of the activity is hidden' write
is 'says what it was won with all the same' '0 ok 12.5000' "$(outcomes) $(now 0 actualvalue)"

# --- reopening, then fields --------------------------------------------------------------------------------

change "${id[6]}" '{"statecode":"0","name":"open before"}' '{"statecode":"2"}' >"$T/in"
ok 'reopening what is open' write
is 'goes on with the fields' '0 ok open before' "$(outcomes) $(now 0 name)"
lost=$(some dynamics lost 1)
change "$lost" '{"statecode":"0","name":"open again"}' >"$T/in"
fault '"match":"PATCH /api","kind":"status","status":403,"code":"0x80040220","message":"no"'
n=$(mutating)
ok 'reopening that is refused' write
is 'does not go on' "0 record 2 $((n + 1))" "$(outcomes) $(now 0 statecode) $(mutating)"

# --- many closings -----------------------------------------------------------------------------------------

sim_get 'find?crm=dynamics&where=open&n=120' | jq -r '.ids[16:][]' >"$T/ids"
drive dv read --paths "$PATHS" <"$T/ids"
jq -c 'select(.record).record | {id, version, set: {statecode: "1"}, before: {statecode: "0"}}' "$T/out" >"$T/in"
ok 'more closings than one question asks for' write batch=200
is 'are all done' '104 ok' "$(jq -r 'select(.written).written.status' "$T/out" | sort | uniq -c | xargs)"

# --- made before -------------------------------------------------------------------------------------------

# creation NAME: of a key that is the same each time.
creation() {
    jq -cn --arg name "$1" --arg customer "$(field dynamics "${id[0]}" _customerid_value)" \
        '{key: "aaaaaaaa-1111-4222-8333-000000000001", set: {$name, _customerid_value: $customer,
        "transactioncurrencyid.isocurrencycode": "USD"}}' >"$T/in"
}

sim set '{"dynamics":{"code_style":2}}' >/dev/null
creation made
write
creation again
ok 'a creation that has happened before, where errors have no code' write
is 'is done, and changes nothing' '0 ok made' "$(outcomes) $(now 0 name)"

#!/usr/bin/env bash
# Writing to Dynamics 365: preconditions, types, closing and reopening, batches, lost answers.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

PATHS=name,estimatedvalue,closeprobability,new_customerconsent,estimatedclosedate,actualclosedate,actualvalue
PATHS+=,statecode,statuscode,statuscode.label,salesstage.label,description,stepname,_customerid_value
PATHS+=,_ownerid_value,_campaignid_value,transactioncurrencyid.isocurrencycode,customerid_account.name

start_sim --count 400
configure
clock 2026-08-21T06:00:00Z

# read_one ID: the record as the connector reads it, in $T/now.
read_one() {
    drive dv read --paths "$PATHS" <<<"$1"
    jq -c 'select(.record).record' "$T/out" >"$T/now"
}

# change ID SET: a change of that record based on what it is now, one JSON line.
change() {
    read_one "$1"
    jq -c --arg id "$1" --argjson set "$2" '. as $now | {$id, version, $set,
        before: ($set | with_entries(.value = $now.values[.key]))}' "$T/now"
}

# creation KEY SET
creation() {
    jq -cn --arg key "$1" --argjson set "$2" '{$key, $set}'
}

write() { drive dv write --paths "$PATHS" "$@"; }

# outcome N: status and text of a change; now N PATH: its value afterwards.
outcome() { jq -r --argjson n "$1" 'select(.written.change == $n).written.status' "$T/out"; }
why() { jq -r --argjson n "$1" 'select(.written.change == $n).written.text' "$T/out"; }
now() { jq -r --argjson n "$1" --arg p "$2" 'select(.written.change == $n).written.now.values[$p]' "$T/out"; }
field() { sim_get "record?crm=dynamics&id=$1" | jq -r --arg f "$2" '.[$f]'; }
mutating() { sim_get stats | jq .dynamics.mutating; }
asked() { sim_get 'log?since=0' | jq -r '.requests[] | select(.method != "GET") | .method + " " + .path'; }
sim_set() { sim set "{\"dynamics\":$1}" >/dev/null; }

# --- values -------------------------------------------------------------------------------------

id=$(some dynamics open 1)
change "$id" '{"name":"A \"new\" name, größer\n<b>","estimatedvalue":"999999999999.99","closeprobability":"42",
    "new_customerconsent":"false","estimatedclosedate":"2028-02-03","salesstage.label":"Propose",
    "description":null,"statuscode.label":"On Hold"}' >"$T/in"
ok 'a change of many types' write <"$T/in"
is 'is done' ok "$(outcome 0)"
is 'a text is as it was given' $'A "new" name, größer\n<b>' "$(now 0 name)"
is 'money keeps its digits (DV-58)' 999999999999.9900 "$(now 0 estimatedvalue)"
is 'a number' 42 "$(now 0 closeprobability)"
is 'a flag' false "$(now 0 new_customerconsent)"
is 'a day' 2028-02-03 "$(now 0 estimatedclosedate)"
is 'a choice, by its label' Propose "$(now 0 salesstage.label)"
is 'a text that was emptied' null "$(now 0 description)"
is 'on hold is a status of an open one' '2|0' "$(now 0 statuscode)|$(now 0 statecode)"
has 'in one PATCH, with the version (DV-68), that asks for nothing back' 'PATCH .*opportunities\([0-9a-f-]*\)$' <(asked)
version=$(jq -r 'select(.written).written.now.version' "$T/out")
read_one "$id"
is 'its new version is known when it comes back' "$version" "$(jq -r .version "$T/now")"

ok 'the same change again' write <"$T/in"
is 'is not based on what the record is now' stale "$(outcome 0)"
is 'and tells what it is now' "$version" "$(jq -r 'select(.written).written.now.version' "$T/out")"

change "$id" '{"estimatedvalue":"12x"}' >"$T/in"
before=$(mutating)
ok 'a value that is no number' write <"$T/in"
is 'is refused without asking' "record $before" "$(outcome 0) $(mutating)"

# --- lookups (DV-72, DV-73) ----------------------------------------------------------------------

other=$(some dynamics open 9)
customer=$(field "$other" _customerid_value)
change "$id" "{\"_customerid_value\":\"$customer\",\"transactioncurrencyid.isocurrencycode\":\"EUR\",
    \"_campaignid_value\":null}" >"$T/in"
ok 'lookups are bound' write <"$T/in"
is 'a customer, by id' "ok $customer" "$(outcome 0) $(now 0 _customerid_value)"
is 'a currency, by its code' EUR "$(now 0 transactioncurrencyid.isocurrencycode)"
change "$id" '{"transactioncurrencyid.isocurrencycode":"XXX"}' >"$T/in"
ok 'a currency that there is not' write <"$T/in"
is 'is refused for that record' "record transactioncurrencyid.isocurrencycode: 'XXX' is the isocurrencycode of no transactioncurrency" \
    "$(outcome 0) $(why 0)"

# --- gone, and refused ---------------------------------------------------------------------------

gone=$(some dynamics open 2)
change "$gone" '{"name":"too late"}' >"$T/in"
sim delete "{\"crm\":\"dynamics\",\"id\":\"$gone\"}" >/dev/null
for status in 404 412; do
    sim_set "{\"gone_status\":$status}"
    ok "a record that is gone, answered with $status (DV-69)" write <"$T/in"
    is 'is stale, without a record' 'stale null' "$(outcome 0) $(jq -c 'select(.written).written.now' "$T/out")"
done
hasnt 'and was not created again (DV-68)' . <(sim_get "find?crm=dynamics&where=open&n=400" | grep -o "$gone")
drive dv read --paths name <<<"$gone"
is 'reading tells that it is deleted' true "$(jq -c 'select(.record).record.deleted' "$T/out")"

for style in 0 1 2; do
    sim_set "{\"code_style\":$style}"
    change "$id" "{\"name\":\"$(printf 'x%.0s' {1..301})\"}" >"$T/in"
    ok "a text that is too long, code style $style (DV-93)" write <"$T/in"
    is 'is refused in words' record "$(outcome 0)"
    has 'of the environment' 'maximum' "$T/out"
    jq -c '.version = "W/\"1\""' "$T/in" >"$T/in2"
    ok 'a version of long ago' write <"$T/in2"
    is 'is stale' stale "$(outcome 0)"
done
sim_set '{"code_style":0}'

# --- closing (DV-77 to DV-83) --------------------------------------------------------------------

won=$(some dynamics open 3)
change "$won" '{"statuscode.label":"Won","estimatedvalue":"777","actualclosedate":"2026-08-20",
    "actualvalue":"800.5"}' >"$T/in"
ok 'winning, with other fields' write <"$T/in"
is 'is done' 'ok 3 1' "$(outcome 0) $(now 0 statuscode) $(now 0 statecode)"
is 'the fields too' 777.0000 "$(now 0 estimatedvalue)"
is 'and what it was won with (DV-80)' '2026-08-20 800.5000' "$(now 0 actualclosedate) $(now 0 actualvalue)"
has 'the version of which is asked for (DV-70)' 'PATCH .*opportunities\([0-9a-f-]*\)\?.select=opportunityid$' <(asked)
is 'field changes first, closing last (R-62)' 'PATCH POST' \
    "$(asked | grep -E 'PATCH|Opportunity$' | tail -n 2 | cut -d' ' -f1 | paste -sd' ')"
lost=$(some dynamics open 4)
change "$lost" '{"statecode":"2","statuscode":"5"}' >"$T/in"
ok 'losing' write <"$T/in"
is 'has the reason that was asked for' 'ok 5 2' "$(outcome 0) $(now 0 statuscode) $(now 0 statecode)"
ok 'losing it again, from the same state' write <"$T/in"
is 'is stale' stale "$(outcome 0)"
change "$lost" '{"name":"closed ones are read-only"}' >"$T/in"
ok 'a field of a closed one' write <"$T/in"
is 'is refused' record "$(outcome 0)"
change "$lost" '{"statuscode":"1","name":"open again"}' >"$T/in"
ok 'reopening, with a field' write <"$T/in"
is 'is done, the state first' 'ok 0 open again' "$(outcome 0) $(now 0 statecode) $(now 0 name)"

quoted=$(some dynamics open 5)
sim_set '{"quotes":1}'
change "$quoted" '{"statecode":"1"}' >"$T/in"
ok 'closing with draft quotes (DV-79)' write <"$T/in"
is 'is refused' record "$(outcome 0)"
has 'and says what to do' 'draft and active quotes' "$T/out"
change "$quoted" '{"name":"half of it","statecode":"1"}' >"$T/in"
ok 'the same with another field' write <"$T/in"
is 'is done but for the closing' 'ok half of it 0' "$(outcome 0) $(now 0 name) $(now 0 statecode)"
has 'and says why' 'draft and active quotes' <(why 0)
sim_set '{"quotes":0}'
change "$quoted" '{"name":"the other half","statecode":"1"}' >"$T/in"
sim fault '{"crm":"dynamics","match":"POST /api/data/v9.2/WinOpportunity","kind":"status","status":400,
    "code":"0x80044150","message":"Generic SQL error."}' >/dev/null
ok 'a closing that meets a deadlock, with another field' write <"$T/in"
is 'is for later, when it is read first' 'later the other half 0' "$(outcome 0) $(now 0 name) $(now 0 statecode)"
edited=$(some dynamics open 6)
change "$edited" '{"statecode":"1"}' >"$T/in"
edit dynamics "$edited" name 'meanwhile'
ok 'closing what somebody has changed (DV-81)' write <"$T/in"
is 'is stale, and it stays open' 'stale 0' "$(outcome 0) $(now 0 statecode)"
change "$edited" '{"statecode":"1","statuscode":"4"}' >"$T/in"
ok 'a reason of another state (DV-78)' write <"$T/in"
is 'is refused without asking' record "$(outcome 0)"

# --- creating ------------------------------------------------------------------------------------

key=aaaaaaaa-1111-4222-8333-000000000001
creation $key "{\"name\":\"made\",\"estimatedvalue\":\"5\",\"_customerid_value\":\"$customer\",
    \"transactioncurrencyid.isocurrencycode\":\"USD\"}" >"$T/in"
ok 'a creation' write <"$T/in"
is 'has the id that we chose' "ok $key" "$(outcome 0) $(jq -r 'select(.written).written.now.id' "$T/out")"
ok 'the same creation again' write <"$T/in"
is 'made nothing, and is done' "ok made" "$(outcome 0) $(now 0 name)"
drive dv read --by-key --paths name <<<"$key"
is 'it is found by its key' made "$(jq -r 'select(.record).record.values.name' "$T/out")"
drive dv read --by-key --paths name <<<aaaaaaaa-1111-4222-8333-000000000002
is 'one that was not made is not' '' "$(jq -r 'select(.record)' "$T/out")"
creation aaaaaaaa-1111-4222-8333-000000000003 "{\"name\":\"born won\",\"_customerid_value\":\"$customer\",
    \"statuscode\":\"3\",\"transactioncurrencyid.isocurrencycode\":\"USD\"}" >"$T/in"
ok 'a creation that is won' write <"$T/in"
is 'is made, then closed' 'ok 1' "$(outcome 0) $(now 0 statecode)"
creation aaaaaaaa-1111-4222-8333-000000000004 '{"name":"x","_customerid_value":"aaaaaaaa-1111-4222-8333-00000000ffff"}' >"$T/in"
ok 'a creation for a customer that there is not' write <"$T/in"
is 'is refused' record "$(outcome 0)"

# --- batches (DV-84 to DV-87) --------------------------------------------------------------------

: >"$T/in"
for n in $(seq 20 49); do
    change "$(some dynamics open "$n")" "{\"name\":\"batch $n\"}" >>"$T/in"
done
jq -c 'if input_line_number % 10 == 5 then .version = "W/\"1\"" else . end' "$T/in" >"$T/in2"
jq -c 'if input_line_number % 10 == 7 then .set.name = ("x" * 301) else . end' "$T/in2" >"$T/in"
since=$(sim_get 'log?since=99999999' | jq .next)
ok 'thirty changes, some stale, some refused' write batch=10 <"$T/in"
is 'each has its own outcome' '24 ok,3 record,3 stale' \
    "$(jq -r 'select(.written).written.status' "$T/out" | sort | uniq -c | awk '{print $1" "$2}' | paste -sd,)"
is 'in three requests' 3 "$(sim_get "log?since=$since" | jq '[.requests[] | select(.path | endswith("$batch"))] | length')"
is 'and not one more was changed' 24 "$(drive dv read --paths name < <(jq -r .id "$T/in") &&
    jq -r 'select(.record).record.values.name' "$T/out" | grep -c '^batch')"

id=$(some dynamics open 59)
change "$id" '{"name":"not today"}' >"$T/in"
part() { # status code text: what becomes of the change when Dynamics 365 answers so
    sim fault "{\"crm\":\"dynamics\",\"match\":\"PATCH\",\"kind\":\"status\",\"status\":$1,\"code\":\"$2\",\"message\":\"$3\"}" >/dev/null
    write <"$T/in"
}
ok 'a plug-in refuses it, with a status of its own' part 500 0x80040265 'Not without a margin.'
is 'it will again' "record Not without a margin. (500, 0x80040265); a plug-in or workflow of yours refuses it" "$(outcome 0) $(why 0)"
ok 'the server has a fault' part 500 0x80040216 'An unexpected error occurred.'
is 'which may pass' later "$(outcome 0)"
has 'but is told' "opportunity '$id' waits for a later run: An unexpected error occurred" "$T/err"
sim fault '{"crm":"dynamics","match":"batch","kind":"status","status":413,"body":"","content_type":"text/plain"}' >/dev/null
ok 'a batch that is too long' test "$(write <"$T/in"; echo $?)" = 1
has 'and what to do' "make 'batch' smaller" "$T/out"

# --- lost answers (DV-92) ------------------------------------------------------------------------

id=$(some dynamics open 60)
for kind in cut_before cut_after; do
    change "$id" "{\"name\":\"$kind\"}" >"$T/in"
    before=$(mutating)
    sim fault "{\"crm\":\"dynamics\",\"match\":\"batch\",\"kind\":\"$kind\"}" >/dev/null
    ok "the connection breaks: $kind" test "$(write <"$T/in"; echo $?)" = 1
    is 'nothing is concluded' '' "$(outcome 0)"
    is 'and nothing is sent twice' $((before + (${#kind} == 9))) "$(mutating)"
    sim reset '{}' >/dev/null
done
is 'reading tells what has happened' cut_after "$(read_one "$id"; jq -r .values.name "$T/now")"

# --- tokens that end on the way (DV-7), owners that are teams ---------------------------------------

two=$(some dynamics open 61)
{ change "$id" '{"name":"one"}' && change "$two" '{"name":"two"}'; } >"$T/in"
before=$(mutating)
sim fault '{"crm":"dynamics","match":"batch","kind":"expire_token"}' >/dev/null
ok 'a token ends before a batch' write <"$T/in"
is 'which is sent once more, for nothing was done' "ok ok $((before + 2))" "$(outcome 0) $(outcome 1) $(mutating)"
{ change "$id" '{"name":"three"}' && change "$two" '{"name":"four"}'; } >"$T/in"
sim fault '{"crm":"dynamics","match":"PATCH","kind":"expire_token","after":1}' >/dev/null
ok 'and within one' write <"$T/in"
is 'what was refused is for later' 'ok later three two' "$(outcome 0) $(outcome 1) $(now 0 name) $(now 1 name)"
sim reset '{}' >/dev/null
team=a100000e-5f2a-4d1c-8b00-000000000002
change "$two" "{\"_ownerid_value\":\"$team\",\"estimatedvalue\":\"1234.5678\"}" >"$T/in"
ok 'a team becomes the owner' write <"$T/in"
is 'and what the currency rounds is told' "ok $team 1234.5700" "$(outcome 0) $(now 0 _ownerid_value) $(now 0 estimatedvalue)"
change "$two" "{\"_ownerid_value\":\"${team%2}f\"}" >"$T/in"
ok 'a team that there is not' write <"$T/in"
is 'is refused' record "$(outcome 0)"

# --- without optimistic concurrency (DV-76) -------------------------------------------------------

change "$id" '{"name":"unguarded"}' >"$T/in"
sim_set '{"concurrency":0}'
before=$(mutating)
ok 'a table without optimistic concurrency' test "$(write <"$T/in"; echo $?)" = 1
has 'is not written' 'optimistic concurrency' "$T/out"
is 'at all' "$before" "$(mutating)"

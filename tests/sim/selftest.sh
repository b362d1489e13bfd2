#!/usr/bin/env bash
# selftest.sh - the simulated Salesforce org is what its README says: BUILD=build bash tests/sim/selftest.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 5000
login() {
    TOKEN=$(curl -s --cacert "$T/tls/ca.pem" --data 'grant_type=client_credentials&client_id=sim-consumer-key' \
        --data-urlencode 'client_secret=sim-client-secret!&=' "$SALESFORCE/services/oauth2/token" | jq -r .access_token)
}

# ask METHOD PATH [BODY] [CURL OPTIONS...]: the status and the body on one line, the headers in $T/head.
ask() {
    local method=$1 path=$2 body=${3-}
    shift $(($# < 3 ? $# : 3))
    : >"$T/body"
    curl -s --cacert "$T/tls/ca.pem" -X "$method" -D "$T/head" -o "$T/body" -w '%{http_code} ' \
        -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
        ${body:+--data-binary "$body"} "$@" "$SALESFORCE/services/data/v67.0$path"
    tr -d '\n' <"$T/body"
}

query() {
    ask GET /query '' -G --data-urlencode "q=$1" >/dev/null
    jq -c "$2" "$T/body"
}

code() {
    jq -r '.[0].errorCode' "$T/body"
}

login
ONE=$(some salesforce open 1)
TWO=$(some salesforce open 2)
ROW=/sobjects/Opportunity/$ONE

# --- writes

is "an update answers 204" "204 " "$(ask PATCH "$ROW" '{"StageName":"Won","Amount":123456789012345.67}')"
is "the stage carries along what hangs on it" '[100,true,"Closed"]' \
    "$(query "SELECT Amount,Probability,IsWon,ForecastCategory FROM Opportunity WHERE Id='$ONE'" \
        '.records[0]|[.Probability,.IsWon,.ForecastCategory]')"
has "and no digit is lost" '"Amount":123456789012345\.67,' "$T/body"
ask PATCH "$ROW" '{"Amount":1}' -H 'If-Unmodified-Since: Tue, 04 Aug 2020 10:11:12 GMT' >"$T/out"
has "an update of what was modified since is not done" '^412 ' "$T/out"
for case in 'INVALID_FIELD {"Nope":1}' 'INVALID_FIELD_FOR_INSERT_UPDATE {"IsWon":true}' \
    'STRING_TOO_LONG {"Name":"'"$(printf '%0121d' 0)"'"}' 'REQUIRED_FIELD_MISSING {"CloseDate":null}' \
    'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST {"StageName":"Value Proposition"}' \
    'JSON_PARSER_ERROR {"CloseDate":"2026-02-30"}' 'MALFORMED_ID {"AccountId":"001"}'; do
    ask PATCH "$ROW" "${case#* }" >/dev/null
    is "${case%% *}" "${case%% *}" "$(code)"
done
sim fault '{"match":"PATCH /services","kind":"cut_after"}' >/dev/null
is "an answer that is cut is lost" "000 " "$(ask PATCH "$ROW" '{"NextStep":"done"}' 2>/dev/null; true)"
is "and the write was done" '"done"' "$(query "SELECT NextStep FROM Opportunity WHERE Id='$ONE'" '.records[0].NextStep')"

sim set '{"key_unique":false}' >/dev/null
NEW='"Name":"n","StageName":"Engaging","CloseDate":"2030-01-01"'
KEY=/sobjects/Opportunity/Deal_Key__c/a%2Fb
ask PATCH "$KEY" "{$NEW}" >"$T/out"
has "an upsert creates" '^201 .*"created":true' "$T/out"
ask PATCH "$KEY" '{"Amount":1}' >"$T/out"
has "and updates" '^200 .*"created":false' "$T/out"
ask POST /sobjects/Opportunity "{$NEW,\"Deal_Key__c\":\"A/B\"}" >/dev/null
ask PATCH "$KEY" '{"Amount":2}' >"$T/out"
has "two with one key are not chosen from" '^300 \["/services' "$T/out"

records() {
    printf '{"allOrNone":%s,"records":[%s]}' "$1" "$(printf \
        '{"attributes":{"type":"Opportunity"},"id":"%s",%s}\n' "$ONE" '"NextStep":"both"' "$TWO" '"Nope":1' | paste -sd,)"
}
ask PATCH /composite/sobjects "$(records true)" >/dev/null
is "all or none" '["ALL_OR_NONE_OPERATION_ROLLED_BACK","INVALID_FIELD"]' \
    "$(jq -c '[.[].errors[0].statusCode]' "$T/body")"
ask PATCH /composite/sobjects "$(records false)" >/dev/null
is "or those that are good" '[true,false]' "$(jq -c '[.[].success]' "$T/body")"

# --- Bulk

# job QUERY: runs it; sets JOB
job() {
    ask POST /jobs/query "{\"operation\":\"queryAll\",\"query\":\"$1\"}" >/dev/null
    JOB=/jobs/query/$(jq -r .id "$T/body")
    until ask GET "$JOB" | grep -q JobComplete; do :; done
}
job 'SELECT Id, Description, NextStep FROM Opportunity'
is "a job tells its rows" 5002 "$(jq .numberRecordsProcessed "$T/body")"
ask PATCH "$ROW" '{"NextStep":"later"}' >/dev/null
: >"$T/rows"
LOCATOR=
until [ "$LOCATOR" = null ]; do
    ask GET "$JOB/results" '' -G -d maxRecords=900 ${LOCATOR:+-d "locator=$LOCATOR"} >/dev/null
    cat "$T/body" >>"$T/rows"
    LOCATOR=$(sed -n 's/^Sforce-Locator: \(.*\)\r$/\1/p' "$T/head")
done
is "its pages have all of them, and a header each" "5002 6" \
    "$(grep -c '^"006' "$T/rows") $(grep -c '^"Id","Description","NextStep"$' "$T/rows")"
has "as they were when it ended" "^\"$ONE\",.*\"both\"$" "$T/rows"
is "another version is refused" 409 \
    "$(curl -s --cacert "$T/tls/ca.pem" -H "Authorization: Bearer $TOKEN" -o /dev/null -w '%{http_code}' "$SALESFORCE/services/data/v66.0$JOB/results")"

# --- changes that are late, and gone

sim clock '{"now":"2026-09-01T10:00:00Z"}' >/dev/null
login
sim edit "{\"id\":\"$TWO\",\"set\":{\"NextStep\":\"late\"},\"commit_after\":600}" >/dev/null
STAMP="SELECT SystemModstamp FROM Opportunity WHERE Id='$TWO' AND NextStep='late'"
is "a late commit is not seen at once" '[]' "$(query "$STAMP" .records)"
sim clock '{"advance":601}' >/dev/null
query "$STAMP" '.records[0].SystemModstamp' >"$T/out"
has "then with its old stamp" '"2026-09-01T10:00:' "$T/out"
sim purge "{\"id\":\"$TWO\"}" >/dev/null
ask GET '/sobjects/Opportunity/deleted?start=2026-09-01T10:00:00Z&end=2026-09-01T11:00:00Z' >/dev/null
is "what was purged is told by the list of the deleted alone" "\"$TWO\"" "$(jq -c '.deletedRecords[0].id' "$T/body")"

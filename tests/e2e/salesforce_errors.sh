#!/usr/bin/env bash
# What Salesforce answers when something is wrong, in each of its shapes: the message says where to look, and what
# can be mended is.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 500 --page 200
configure
sed -i '/^\[connection dv\]/,$d' "$T/dealsync.conf"
clock 2026-08-21T06:00:00Z

# error STATUS TYPE BODY [MATCH]: the next such request gets this answer, and those after it ("TIMES" of them).
error() {
    jq -nc --argjson s "$1" --arg t "$2" --arg b "$3" --arg m "${4:-/queryAll}" --argjson n "${TIMES:-1}" \
        '{crm:"salesforce",match:$m,kind:"status",status:$s,content_type:$t,body:$b,times:$n}' >"$T/fault"
    sim fault "$(cat "$T/fault")" >/dev/null
}

# says TEXT EXIT PATTERN HINT: with the error armed a run ends so, and loses nothing.
says() {
    run "$2" sync sf
    has "$1" "$3" "$T/err"
    has "$1: where to look" "$4" "$T/err"
    sim reset '{}' >/dev/null
    is "$1: nothing is kept" 0 "$(sql 'SELECT count(*) FROM connections WHERE cursor IS NOT NULL')"
}

# mended TEXT REQUESTS: the run is complete with so many requests more than one without trouble.
mended() {
    local before
    before=$(sim_get stats | jq .salesforce.requests)
    run 0 backfill sf
    is "$1: nothing is missing" 500 "$(sum | sed 's/ .*//')"
    is "$1: $2 requests more" $((quiet + $2)) $(($(sim_get stats | jq .salesforce.requests) - before))
    sim reset '{}' >/dev/null
}

error 400 application/json '[{"message":"No such column","errorCode":"INVALID_FIELD"}]'
says 'a list of errors' 78 'GET /services/data/v67.0/queryAll/: 400 INVALID_FIELD: No such column' 'field-level security'
error 404 application/json '{"message":"The requested resource does not exist","errorCode":"NOT_FOUND"}'
says 'a bare object (SF-64)' 78 'NOT_FOUND: The requested' "'api_version'"
error 403 application/xml '<?xml version="1.0"?><Errors><Error><errorCode>API_CURRENTLY_DISABLED</errorCode><message>no</message></Error></Errors>'
says 'XML' 77 'API_CURRENTLY_DISABLED: no' 'API Enabled'
error 431 text/html '<h1>Bad Message 431</h1><pre>reason: Request Header Fields Too Large</pre>'
says 'a page (SF-13, SF-27)' 78 '431' 'name fewer'
TIMES=9 error 410 application/json '[{"message":"GONE","errorCode":"UNSUPPORTED_API_VERSION"}]' /services/data/
says 'a retired version' 78 'UNSUPPORTED_API_VERSION' "'api_version'"
sim set '{"limit_info":"api-usage=100000/100000"}' >/dev/null
error 403 application/json '[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]' /describe
sed -i '/^ca_file/a daily_share = 100' "$T/dealsync.conf"
says 'the daily limit (SF-66)' 75 'of the 100000 daily requests|REQUEST_LIMIT_EXCEEDED' 'past|leave the count'
sim set '{"limit_info":""}' >/dev/null

run 0 backfill sf
before=$(sim_get stats | jq .salesforce.requests)
run 0 backfill sf
quiet=$(($(sim_get stats | jq .salesforce.requests) - before))
tokens=$(sim_get stats | jq .salesforce.tokens)
error 401 application/json '[{"message":"INVALID_JWT_FORMAT","errorCode":"INVALID_AUTH_HEADER"}]'
mended 'a 401 of another kind (SF-7)' 2
is 'with one login more' $((tokens + 2)) "$(sim_get stats | jq .salesforce.tokens)"
before=$(sim_get stats | jq .salesforce.tokens)
TIMES=99 error 401 application/json \
    '[{"message":"This session is not valid for use with the REST API","errorCode":"INVALID_SESSION_ID"}]'
run 77 backfill sf
is 'a 401 that a login does not cure: one login, not one after another (SF-9)' $((before + 2)) \
    "$(sim_get stats | jq .salesforce.tokens)"
has 'and where to look' 'scope api' "$T/err"
sim reset '{}' >/dev/null
sim fault '{"crm":"salesforce","match":"/queryAll","kind":"short_page"}' >/dev/null
mended 'a short page is not the last one (SF-43)' 0
TIMES=1 error 400 application/json '[{"message":"invalid query locator","errorCode":"INVALID_QUERY_LOCATOR"}]' -200
mended 'a place that is lost is found again (SF-44)' 1

# SF-30: a login that is for another address than 'url'.
sed -i "s|^url = https://localhost:|url = https://127.0.0.1:|" "$T/dealsync.conf"
run 78 sync sf
has 'a login for another address' "the login is for 'https://localhost:[0-9]+', but 'url' is 'https://127" "$T/err"

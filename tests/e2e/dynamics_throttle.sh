#!/usr/bin/env bash
# The limits of Dynamics 365: throttling in every spelling, databases that are busy, no cookies, the cost.
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

PATHS=name,customerid_account.name

start_sim --count 8000
configure 'page_size = 1000'
clock 2026-08-21T06:00:00Z

sim_set() { sim set "{\"dynamics\":$1}" >/dev/null; }
fetch() { drive dv fetch --paths "$PATHS" --quiet tracking=off "$@"; }
records() { jq -r 'select(.records).records' "$T/out"; }
cost() { jq -r 'select(.cost).cost' "$T/out"; }
throttled() { sim_get "log?since=$since" | jq '[.requests[] | select(.status == 429)] | length'; }
mark_log() { since=$(sim_get 'log?since=999999999' | jq .next); }

# --- 429 (DV-89, DV-90) ---------------------------------------------------------------------------

n=0
for code in '"0x80072322"' '"-2147015902"' '"0X80072321"' '""' '"0x80072326"'; do
    for after in 1 -1; do
        n=$((n + 1))
        mark_log
        sim fault "{\"crm\":\"dynamics\",\"match\":\"orderby=modifiedon,\",\"kind\":\"status\",\"status\":429,\"after\":$((n % 3)),
            \"retry_after\":$after,\"content_type\":\"application/json\",
            \"body\":\"{\\\"error\\\":{\\\"code\\\":${code//\"/\\\"},\\\"message\\\":\\\"Number of requests exceeded the limit\\\"}}\"}" >/dev/null
        ok "429 with code $code, Retry-After $after" fetch
        is 'costs time and nothing else' '8000 1' "$(records) $(throttled)"
        sim reset '{}' >/dev/null
    done
done

# --- the three limits --------------------------------------------------------------------------------

sim_set '{"limit_concurrent":2,"dop_hint":8,"retry_after":1,"affinity":1}'
sim fault '{"crm":"dynamics","match":"orderby=modifiedon,","kind":"latency","ms":100,"times":-1}' >/dev/null
mark_log
ok 'an environment that takes two at once and hints at eight' fetch
is 'everything comes' 8000 "$(records)"
ok "the lanes give way ($(throttled) refused)" test "$(throttled)" -le 8
sim reset '{}' >/dev/null
sim_set '{"limit_concurrent":0,"dop_hint":4,"limit_requests":12,"limit_window":3,"retry_after":0,"retry_date":1}'
mark_log
ok 'a budget of requests that is used up half way, Retry-After a date' fetch parallel=2
is 'everything comes' 8000 "$(records)"
ok 'it was' test "$(throttled)" -ge 1
sim_set '{"limit_requests":0,"retry_date":0,"limit_window":300,"affinity":0}'

# --- databases that are busy --------------------------------------------------------------------------

for code in 0x80044150 -2147204783; do
    sim fault "{\"crm\":\"dynamics\",\"match\":\"orderby=modifiedon,\",\"kind\":\"status\",\"status\":400,\"times\":2,
        \"content_type\":\"application/json\",\"body\":\"{\\\"error\\\":{\\\"code\\\":\\\"$code\\\",\\\"message\\\":\\\"Generic SQL error.\\\"}}\"}" >/dev/null
    ok "a deadlock or time-out of the database, $code" fetch parallel=1
    is 'is tried again' 8000 "$(records)"
    sim reset '{}' >/dev/null
done
sim fault '{"crm":"dynamics","match":"orderby=modifiedon,","kind":"status","status":503,"body":"","retry_after":-1,"times":2}' >/dev/null
ok 'a 503 without anything (DV-94)' fetch
is 'is tried again' 8000 "$(records)"
sim reset '{}' >/dev/null

# --- within a batch --------------------------------------------------------------------------------------

change() {
    drive dv read --paths name <<<"$1"
    jq -c --arg name "$2" 'select(.record).record | {id, version, set: {name: $name}, before: {name: .values.name}}' "$T/out"
}
for n in 1 2 3; do change "$(some dynamics open $n)" "throttled $n"; done >"$T/in"
outcomes() { jq -r 'select(.written).written | "\(.change) \(.status)"' "$T/out" | sort | cut -d' ' -f2 | paste -sd,; }
throttle_second() {
    sim fault "{\"crm\":\"dynamics\",\"match\":\"PATCH\",\"kind\":\"status\",\"after\":1,\"status\":$1,
        \"body\":\"{\\\"error\\\":{\\\"code\\\":\\\"$2\\\",\\\"message\\\":\\\"exceeded\\\"}}\",\"content_type\":\"application/json\"}" >/dev/null
    drive dv write --paths name <"$T/in"
    sim reset '{}' >/dev/null
}
ok 'one change of three is throttled' throttle_second 429 0x80072322
is 'it is for later, the others are done' ok,later,ok "$(outcomes)"
ok 'one meets a deadlock' throttle_second 400 0x80044150
is 'it is for later, too' stale,later,stale "$(outcomes)"
ok 'one finds no server' throttle_second 503 ''
is 'and so is this' stale,later,stale "$(outcomes)"
for n in 6 7; do change "$(some dynamics open $n)" "held up $n"; done >"$T/in"
sim fault '{"crm":"dynamics","match":"PATCH","kind":"status","status":429,"retry_after":2}' >/dev/null
before=$(date +%s%N)
ok 'a change is throttled, and says for how long' drive dv write --paths name batch=1 <"$T/in"
took=$((($(date +%s%N) - before) / 1000000))
is 'the next one is done' later,ok "$(outcomes)"
ok "but not before ($took ms)" test "$took" -ge 2000
mark_log
sim fault '{"crm":"dynamics","match":"batch","kind":"throttle","retry_after":1}' >/dev/null
for n in 4 5; do change "$(some dynamics open $n)" "throttled $n"; done >"$T/in"
ok 'a whole batch is throttled' drive dv write --paths name <"$T/in"
is 'and is sent again, for nothing was done' '2 ok' "$(jq -r 'select(.written).written.status' "$T/out" | sort | uniq -c | xargs)"

# --- hints that cannot be read (DV-97), cookies (DV-91), the cost ----------------------------------------

sim_set '{"time_remaining":"1,200.00","affinity":1}'
ok 'numbers with commas' fetch
has 'are told' '^[0-9]+ requests, [0-9]+ left of this five minutes. limit, 1200 s' <(cost)
sim_set '{"time_remaining":"soon"}'
ok 'and without sense' fetch
hasnt 'are not' ' s of server time' <(cost)
start_sim --count 8000
configure 'page_size = 1000'
sim_set '{"limit_requests":100,"affinity":1}' # a client that comes back with the cookie has a tenth of it
mark_log
ok 'a cookie that ties to one server' fetch
is 'is not sent back' '8000 0' "$(records) $(throttled)"

#!/usr/bin/env bash
# One run per connection at a time, and none is locked out by a dead one.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 60
configure
strangers
clock 2026-08-21T06:00:00Z
sim fault '{"crm":"salesforce","kind":"latency","ms":1500}' >/dev/null
"$BUILD/dealsync" sync sf >"$T/first.out" 2>"$T/first.err" &
first=$!
sleep 1
run 75 sync sf
has 'the second one says who holds it' "$first" "$T/err"
run 0 sync dv
kill -KILL $first
wait $first 2>/dev/null
sim reset '{}' >/dev/null
run 0 sync sf
is 'a dead holder holds nothing' '60 fetched: 60 created' "$(sum)"
is 'and its run is marked' interrupted \
    "$(sql "SELECT r.state FROM runs r JOIN connections c ON c.id = r.connection WHERE c.name = 'sf' ORDER BY r.id LIMIT 1")"

# SIGTERM: finish the batch, commit, say how to go on.
sim fault '{"crm":"salesforce","kind":"latency","ms":700}' >/dev/null
"$BUILD/dealsync" backfill sf >"$T/out" 2>"$T/err" &
first=$!
sleep 1.5
kill -TERM $first
wait $first
is 'an interrupted run exits with 75' 75 $?
has 'and says how to go on' 'again' "$T/err"

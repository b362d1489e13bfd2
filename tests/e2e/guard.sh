#!/usr/bin/env bash
# P-8: a run that would change too much stops before it writes, and a person's answer is for one plan only.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 200
configure 'guard_count = 5' 'guard_percent = 2'
clock 2026-08-21T06:00:00Z
run 0 sync sf
is 'a first load into an empty store is not guarded' '200 fetched: 200 created' "$(sum)"

for n in 1 2 3 4 5; do edit salesforce "$(some salesforce open $n)" Amount "$n"; done
clock 2026-08-21T06:20:00Z
run 0 sync sf
is 'up to the limit it goes on' '5 fetched: 5 updated' "$(sum)"

for n in 1 2 3 4 5 6; do edit salesforce "$(some salesforce open $n)" Amount "10$n"; done
clock 2026-08-21T06:40:00Z
state >"$T/before"
run 4 sync sf
has 'the limit, the number and the total are named' '6 of 200 deals \(limit: 5 and 2 %\)' "$T/err"
has 'and how to go on' 'dealsync diff sf' "$T/err"
state >"$T/after"
ok 'nothing was written' cmp "$T/before" "$T/after"
run 0 diff sf
has 'a diff says that it would be stopped' '6 of 200' "$T/out"
plan=$(sed -n 's/.*--accept \([0-9a-f]*\).*/\1/p' "$T/out" "$T/err" | head -n 1)
run 4 sync sf --accept 0123456789abcdef
has 'the answer to another plan is no answer' 'no longer the plan' "$T/err"
edit salesforce "$(some salesforce open 6)" Amount 999
clock 2026-08-21T06:50:00Z
run 4 sync sf --accept "$plan"
run 4 sync sf
plan=$(plan_id "$T/err")
run 0 sync sf --accept "$plan"
is 'the plan that was read goes on' '6 updated' "$(sum | grep -o '6 updated')"

sim fault '{"crm":"salesforce","kind":"empty_result"}' >/dev/null
run 4 backfill sf
has 'a sudden empty answer stops the run' 'had 200 records and now shows none' "$T/err"
is 'and no deal is gone' 200 "$(sql 'SELECT count(*) FROM deals')"

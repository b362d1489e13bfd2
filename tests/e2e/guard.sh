#!/usr/bin/env bash
# P-8: a run that would change too much stops before it writes; a person reads its plan and applies that.
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
has 'the limit, the number and the total are named' "change 6 of 200 deals \(guard_count is 5, guard_percent 2\)" "$T/err"
has 'and how to go on' 'dealsync diff sf' "$T/err"
state >"$T/after"
ok 'nothing was written' cmp "$T/before" "$T/after"
run 0 diff sf --out "$T/plan.json"
has 'a diff says that it would be stopped' '6 of 200' "$T/out"
has 'the plan says why the run stopped' '"guard":"this run would change 6 of 200' "$T/plan.json"

edit salesforce "$(some salesforce open 6)" Amount 999
clock 2026-08-21T06:50:00Z
run 4 sync sf
run 3 apply "$T/plan.json"
is 'what has not moved is carried out' '5 fetched: 5 updated' "$(sum)"
has 'what has moved is refused and named' '\? record 006.* the record has changed in the CRM since' "$T/out"
run 3 apply "$T/plan.json"
is 'and a plan works once' '1 5' "$(grep -c '? record' "$T/out") $(sed -n 's/ items .* carried out before$//p' "$T/out")"
run 0 sync sf
is 'what is left is below the limit' '1 updated' "$(sum | grep -o '1 updated')"

sim fault '{"crm":"salesforce","kind":"empty_result"}' >/dev/null
run 4 backfill sf
has 'a sudden empty answer stops the run' 'had 200 records and now shows none' "$T/err"
is 'and no deal is gone' 200 "$(sql 'SELECT count(*) FROM deals')"

run 0 diff sf --backfill --out "$T/empty.json"
run 0 apply "$T/empty.json"
run 0 backfill sf
is 'an empty answer that a person has read goes on' '0 fetched' "$(sum)"
is 'and still no deal is gone' 200 "$(sql 'SELECT count(*) FROM deals')"

sed 's/"count":/"count" :/' "$T/plan.json" >"$T/edited.json"
run 65 apply "$T/edited.json"
has 'a plan that was edited is none' 'edited, or is not complete' "$T/err"
head -c 500 "$T/plan.json" >"$T/short.json"
run 65 apply "$T/short.json"
run 65 apply "$T/nothing.json"

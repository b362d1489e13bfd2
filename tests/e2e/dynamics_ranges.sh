#!/usr/bin/env bash
# A first load of Dynamics 365 in ranges, by several lanes at once, interrupted and resumed.
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

PATHS=name,customerid_account.name

start_sim --count 30000
configure 'page_size = 1000'
clock 2026-08-21T06:00:00Z

fetch() { drive dv fetch --paths "$PATHS" tracking=off "$@"; }
ids() { jq -r 'select(.record).record.id' "$T/out"; }
marks() { jq -r 'select(.mark).mark' "$T/out"; }

ok 'a large load' fetch
is 'hands over everything' 30000 "$(ids | sort -u | wc -l)"
is 'and nothing twice' 30000 "$(ids | wc -l)"
has 'several ranges were under way at once' ',.*,.*,' <(marks)
is 'the hint of the environment is kept' '' "$(marks | awk -F, 'NF > 6')"
ok 'one lane' fetch parallel=1
is 'reads the same' 30000 "$(ids | sort -u | wc -l)"
hasnt 'as one range' ',' <(marks)

for die in 1 3 9 20; do
    fetch --die-after "$die"
    ids >"$T/before"
    mark=$(marks | tail -n 1)
    ok "resumed after $die pages" fetch --resume "$mark"
    ids >"$T/after"
    is 'nothing is missing' 30000 "$(sort -u "$T/before" "$T/after" | wc -l)"
    ok 'and little is read again' test "$(cat "$T/before" "$T/after" | wc -l)" -le 30050
    is 'the cursor is of when it began' "${mark%% *}" "$(jq -r 'select(.next).next' "$T/out")"
done
ok 'a resume of another query' fetch --resume "$mark" 'filter=estimatedvalue gt 1000'
ok 'starts again' test "$(ids | wc -l)" -gt 10000
ok 'a resume that is none' fetch --resume 'nonsense'
is 'starts again, too' 30000 "$(ids | wc -l)"

# What changes while a load is interrupted is told by the fetch that follows it.
drive dv fetch --paths "$PATHS" --die-after 5
mark=$(marks | tail -n 1)
read_already=$(ids | head -n 1)
clock 2026-08-21T06:30:00Z
edit dynamics "$read_already" name 'changed meanwhile'
gone=$(ids | sed -n 2p)
sim delete "{\"crm\":\"dynamics\",\"id\":\"$gone\"}" >/dev/null
drive dv fetch --paths "$PATHS" --resume "$mark"
next=$(jq -r 'select(.next).next' "$T/out")
ok 'the fetch after a load that was interrupted' drive dv fetch --paths "$PATHS" --cursor "$next"
is 'tells what changed meanwhile' 'changed meanwhile' \
    "$(jq -r --arg id "$read_already" 'select(.record.id == $id).record.values.name' "$T/out")"
is 'and what was deleted' "$gone" "$(jq -r 'select(.record.deleted).record.id' "$T/out")"

# Lanes overlap: with a quarter of a second for each request, four do in far less than one.
sim fault '{"crm":"dynamics","match":"orderby","kind":"latency","ms":250,"times":-1}' >/dev/null
began=${EPOCHREALTIME/./}
fetch parallel=1 --quiet
alone=$((${EPOCHREALTIME/./} - began))
began=${EPOCHREALTIME/./}
fetch parallel=4 --quiet
together=$((${EPOCHREALTIME/./} - began))
ok "four lanes take less than two thirds ($together of $alone µs)" test $((together * 3)) -lt $((alone * 2))

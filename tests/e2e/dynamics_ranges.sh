#!/usr/bin/env bash
# A first load of Dynamics 365 in ranges, by several lanes at once, interrupted and resumed.
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

PATHS=name,customerid_account.name

start_sim --count 30000
configure
sed -i 's|^connector = dynamics|&\npage_size = 1000|' "$T/dealsync.conf"
clock 2026-08-21T06:00:00Z

fetch() { drive dv fetch --paths "$PATHS" tracking=off "$@"; }
ids() { jq -r 'select(.record).record.id' "$T/out"; }
marks() { jq -r 'select(.mark).mark' "$T/out"; }

pages() { sim_get "log?since=$since" | jq '[.requests[] | select(.path | test("orderby=modifiedon,"))] | length'; }
mark_log() { since=$(sim_get 'log?since=999999999' | jq .next); }

mark_log
ok 'a large load' fetch
is 'hands over everything' 30000 "$(ids | sort -u | wc -l)"
is 'and nothing twice' 30000 "$(ids | wc -l)"
is 'says before about how much it will be' 30000 "$(jq -r 'select(.expect).expect' "$T/out")"
has 'every lane has its share from the start' ',.*,.*,' <(marks | head -n 1)
ok "hardly a page is short ($(pages) of 30)" test "$(pages)" -le 36
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

# Where the records lie is worth knowing, and nothing more: without an answer the load shares itself out.
mark_log
sim fault '{"crm":"dynamics","match":"select=modifiedon&","kind":"status","status":400,"times":-1}' >/dev/null
sim fault '{"crm":"dynamics","match":"RetrieveTotalRecordCount","kind":"status","status":403,"times":-1}' >/dev/null
ok 'an environment that does not tell where records lie' fetch
is 'is read all the same' '30000 30000' "$(ids | sort -u | wc -l) $(ids | wc -l)"
has 'by all lanes' ',.*,.*,' <(marks)
ok "with more short pages ($(pages))" test "$(pages)" -le 60
sim reset '{}' >/dev/null
ok 'with a condition' fetch 'filter=estimatedvalue gt 50000'
is 'how many there are is not told' '' "$(jq -r 'select(.expect).expect' "$T/out")"
has 'but where they lie' ',.*,' <(marks | head -n 1)

# Stages of flows are asked for by the lane that has brought the page: more requests, the same records.
PATHS=name,process.stage
small='filter=estimatedvalue gt 50000'
mark_log
ok 'with stages of flows' fetch "$small"
want=$(ids | wc -l)
is 'nothing comes twice' "$want" "$(ids | sort -u | wc -l)"
is 'and each has its stage' 0 "$(jq -c 'select(.record and .record.values["process.stage"] == null)' "$T/out" | wc -l)"
ok 'three flows are asked for each page' test \
    "$(sim_get "log?since=$since" | jq '[.requests[] | select(.path | test("process(es)?\\?|flows\\?"))] | length')" -ge $((want * 3 / 250))
fetch "$small" --die-after 2
ids >"$T/before"
mark=$(marks | tail -n 1)
ok 'interrupted and resumed' fetch "$small" --resume "$mark"
is 'nothing is missing' "$want" "$(ids | sort -u - "$T/before" | wc -l)"
sim fault '{"crm":"dynamics","match":"/opportunitysalesprocesses","kind":"latency","ms":250,"times":-1}' >/dev/null
began=${EPOCHREALTIME/./}
fetch "$small" parallel=1 --quiet
alone=$((${EPOCHREALTIME/./} - began))
began=${EPOCHREALTIME/./}
fetch "$small" parallel=4 --quiet
together=$((${EPOCHREALTIME/./} - began))
ok "four lanes take less than two thirds ($together of $alone µs)" test $((together * 3)) -lt $((alone * 2))
sim reset '{}' >/dev/null

# What must be known before the first record is asked for side by side, and again if that fails.
PATHS=name,new_lossreason.label,statuscode.label
for fault in '"match":"PicklistAttribute","kind":"status","status":503' '"match":"Attributes","kind":"cut","times":2' \
    '"match":"StatusAttribute","kind":"throttle","retry_after":1'; do
    sim fault "{\"crm\":\"dynamics\",$fault}" >/dev/null
    ok "a question that fails at first ($fault)" fetch --quiet
    is 'is asked again' 30000 "$(jq -r 'select(.records).records' "$T/out")"
    sim reset '{}' >/dev/null
done
sim fault '{"crm":"dynamics","match":"/api/data","kind":"latency","ms":100,"times":-1}' >/dev/null
sim set '{"dynamics":{"limit_concurrent":1,"retry_after":1}}' >/dev/null
mark_log
run 0 check dv
has 'who we are and what there is are asked together' 'WhoAmI|EntityDefinitions' \
    <(sim_get "log?since=$since" | jq -r '.requests[] | select(.status == 429).path')
sim set '{"dynamics":{"limit_concurrent":0,"retry_after":0}}' >/dev/null
sim reset '{}' >/dev/null
PATHS=name,customerid_account.name

# Throttled within ranges, killed, and the token gone when it goes on.
for die in 4 9 14; do
    rm -f "$T"/deals.db*
    sim fault '{"crm":"dynamics","match":"orderby=modifiedon,","kind":"throttle","after":4,"times":3,"retry_after":1}' >/dev/null
    { DEALSYNC_DIE_AT=$die "$BUILD/dealsync" backfill dv >"$T/out"; } 2>"$T/err"
    is "killed at step $die" 137 $?
    sim fault '{"crm":"dynamics","match":"orderby=modifiedon,","kind":"expire_token","after":2}' >/dev/null
    run 0 backfill dv
    is 'and completed' '30000 30000' "$(sql 'SELECT count(*), count(DISTINCT remote_id) FROM links' | tr '|' ' ')"
    sim reset '{}' >/dev/null
done

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

# Lanes overlap: so many requests are under way at once as there may be, and no more.
for lanes in 1 4; do
    sim reset '{}' >/dev/null
    sim fault '{"crm":"dynamics","match":"/","kind":"latency","ms":100}' >/dev/null
    fetch parallel="$lanes" --quiet
    is "$lanes at once" "$lanes" "$(sim_get stats | jq .dynamics.peak)"
done

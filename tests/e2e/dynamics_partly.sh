#!/usr/bin/env bash
# A write that takes several requests, of which Dynamics 365 carries out some: nothing is lost, nothing is sent
# twice, and what stays undone is told with the reason.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

sim_set() { sim set "{\"dynamics\":$1}" >/dev/null; }
open_conflicts() { sql 'SELECT field || " " || "case" FROM v_open_conflicts ORDER BY id' | paste -sd,; }
pushed() {
    sql "SELECT group_concat(c.value ->> 'field') FROM history h, json_each(h.changes) c
        WHERE h.kind = 'pushed' AND deal = $deal"
}

# begin: a deal that is to be won in Dynamics 365, under another name.
begin() {
    anew 40 'direction = both'
    run 0 sync dv
    id=$(some dynamics open 3)
    deal=$(deal_of "$id")
    sql "UPDATE deals SET name = 'Won in the end', status = 'won', stage = 100 WHERE id = $deal"
}

# quiet TEXT: the next runs send nothing and find nothing new.
quiet() {
    local n

    n=$(writes)
    state >"$T/before"
    for _ in 1 2; do sync_later dv 3; done
    state >"$T/after"
    is "$1: nothing is sent again" "$n" "$(writes)"
    ok "$1: nothing is written" cmp "$T/before" "$T/after"
}

# --- draft quotes keep it open (DV-79) -----------------------------------------------------------

begin
sim_set '{"quotes":1}'
sync_later dv 3
is 'the name has arrived, the state has not' 'Won in the end 0' "$(field dynamics "$id" name) $(field dynamics "$id" statecode)"
is 'only what was refused is in conflict' 'status M-35,stage M-35' "$(open_conflicts)"
run 0 conflicts dv --format json
ok 'with the reason, and what to do' jq -e 'all(.conflicts[]; .why | contains("draft and active quotes"))' "$T/out"
is 'what has arrived is in the history' name "$(pushed)"
is 'and nothing is left to be sent' 0 "$(sql 'SELECT count(*) FROM outbox')"
sync_later dv 3
is 'the next run closes no conflict and opens none' 'status M-35,stage M-35' "$(open_conflicts)"
quiet 'kept open'
sim_set '{"quotes":0}'
run 0 resolve --connection dv --take store
sync_later dv 0
is 'a person said so: it is closed' '1 ' "$(field dynamics "$id" statecode) $(open_conflicts)"
is 'and the history has all of it, once' 'name,status,stage' "$(pushed)"

# --- what passes by itself -----------------------------------------------------------------------

for how in '400 0x80044150' '429 0x80072322' '412 0x80060882'; do
    begin
    sim fault "{\"crm\":\"dynamics\",\"match\":\"POST /api/data/v9.2/WinOpportunity\",\"kind\":\"status\",
        \"status\":${how% *},\"code\":\"${how#* }\",\"message\":\"Not now.\"}" >/dev/null
    sync_later dv 0
    is "$how: the name has arrived, the state has not" 'Won in the end 0' "$(field dynamics "$id" name) $(field dynamics "$id" statecode)"
    sync_later dv 0
    is 'the next run does the rest' "1 1 " "$(field dynamics "$id" statecode) $(sim_get stats | jq .dynamics.kinds.win) $(open_conflicts)"
    is 'and the history has all of it, once' 'name,status,stage' "$(pushed)"
    is 'the name was sent once' 1 "$(sim_get 'log?since=0' | jq '[.requests[] | select(.method == "PATCH")] | length')"
done

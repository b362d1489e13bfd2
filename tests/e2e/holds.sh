#!/usr/bin/env bash
# R-78: a won deal waits 72 hours. A hold ends with its reason, and a dry run shows a due one as the run then
# carries it out.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

START=2026-08-21T06:00:00Z
LATER=2026-08-21T07:00:00Z
DUE=2026-08-24T06:00:00Z # 72 hours are enough
UNTIL=1787551200000      # the same instant, as the store has it

map_file <<'CONF'
visibility = "yes"
solutions = "SOL-1"
[values reason]
budget = Budget
[stage]
from = stage
[stages]
20 = Open
won = Won
lost = Lost
CONF
sed -i 's/^visibility/reason = reason\n&/' "$T/m.conf"
printf '%s\n' '[store]' 'path = deals.db' '[connection csv]' 'connector = file' "path = $T/in.csv" 'id = id' \
    'mapping = m.conf' 'shareable_solutions = SOL-1' >"$T/dealsync.conf"

# export_of STAGE...: the lines 1, 2, ... of the export are in these stages; STAGE:VALUE for another value, and
# STAGE:VALUE:REASON.
export_of() {
    local id=0 row stage value reason
    {
        echo id,name,value,stage,reason
        for row in "$@"; do
            IFS=: read -r stage value reason <<<"$row"
            echo "$((id += 1)),Deal $id,${value:-100},$stage,$reason"
        done
    } >"$T/in.csv"
}

# held STAGE...: an empty store; then all the deals, by now won, are held.
held() {
    rm -f "$T"/deals.db*
    export_of "${@/*/Open}"
    DEALSYNC_NOW=$START run 0 sync csv
    export_of "${@/*/Won}"
    DEALSYNC_NOW=$LATER run 0 sync csv
    is 'all are held' $# "$(holds)"
    export_of "$@"
}

holds() { sql 'SELECT count(*) FROM holds'; }
statuses() { sql 'SELECT group_concat(status) FROM (SELECT status FROM deals ORDER BY id)'; }

# same CONNECTION HOLDS [EXIT]: the dry run shows what the run then does, with so many holds carried out.
same() {
    local shown='.items, (.summary | {fetched, unchanged, created, updated, held, conflict, rejected, released})'
    run 0 diff "$1" --format json
    jq -S "$shown" "$T/out" >"$T/planned"
    run "${3:-0}" sync "$1" --format json
    jq -S "$shown" "$T/out" >"$T/done"
    ok "$1: the dry run has shown what the run did" diff "$T/planned" "$T/done"
    is "$1: holds carried out" "$2" "$(jq .summary.released "$T/out")"
}

# --- what ends a hold -----------------------------------------------------------------------------

held Pondering Open abc:abc Won
DEALSYNC_NOW=$LATER run 3 sync csv
is 'reopened to a mapped stage or one that is not, or unreadable: only one still waits' 4 \
    "$(sql 'SELECT remote_id FROM holds')"
DEALSYNC_NOW=$DUE run 3 sync csv
is 'and after 72 hours only that one is won' accepted,accepted,accepted,won "$(statuses)"
export_of Won Open Won Won
DEALSYNC_NOW=$DUE run 0 sync csv
is 'won once more, and old enough, they close at once' won,accepted,won,won "$(statuses)"

held Lost:100:Budget Lost
DEALSYNC_NOW=$LATER run 3 sync csv
is 'lost closes at once, but not without a reason (R-58)' 'lost,accepted' "$(statuses)"
is 'and neither waits to be won' 0 "$(holds)"
DEALSYNC_NOW=$DUE run 3 sync csv
is 'nor is it later' 'lost,accepted' "$(statuses)"

# --- due holds ------------------------------------------------------------------------------------

held Won Won:250 Open Won Won
sql "UPDATE deals SET value = '777' WHERE id = 4"
export DEALSYNC_NOW=$DUE
run 2 diff csv --exit-code
same csv 2 # what has changed meanwhile is no more a hold, but a change like any other
is 'those that still ask for it are won' 'won|100,won|250,accepted|100,won|777,won|100' \
    "$(sql "SELECT group_concat(status || '|' || value) FROM (SELECT * FROM deals ORDER BY id)")"
is 'no hold is left' 0 "$(holds)"

held Won Won Won
DEALSYNC_NOW=2026-08-24T05:59:59Z run 0 diff csv --exit-code
export DEALSYNC_NOW=$DUE
run 2 diff csv --exit-code
is 'nothing but due holds is a change too' '3' "$(sed -n 's/^\([0-9]*\) beside these, from the store: holds.*/\1/p' "$T/out")"
same csv 3
run 0 diff csv --exit-code
same csv 0
is 'they are won' won,won,won "$(statuses)"

held Won
export DEALSYNC_NOW=$DUE
run 0 diff csv --out "$T/plan.json"
export_of Open
run 0 sync csv
run 3 apply "$T/plan.json"
has 'a planned release of what is held no longer is refused' '\? hold 1 .*nothing is held for it any more' "$T/out"

# --- the deal has been edited in the store --------------------------------------------------------

held Won Won Won
sql "UPDATE deals SET value = '5' WHERE id = 1"
sql "UPDATE deals SET notes = 'call back' WHERE id = 2"
sql "UPDATE deals SET status = 'lost', reason = 'budget' WHERE id = 3"
DEALSYNC_NOW=$LATER run 3 sync csv
is 'a hold waits for a deal that was edited, but not for one that was closed' 1,2 \
    "$(sql 'SELECT group_concat(remote_id) FROM (SELECT remote_id FROM holds ORDER BY 1)')"
export DEALSYNC_NOW=$DUE
same csv 2 3
is 'closed when its time has come; what was edited stays' 'won|5,won|100,lost|100' \
    "$(sql "SELECT group_concat(status || '|' || value) FROM (SELECT * FROM deals ORDER BY id)")"
is 'a deal that is closed otherwise is a conflict' 3 "$(sql 'SELECT DISTINCT remote_id FROM v_open_conflicts')"

# --- deleted in the CRM, and back -----------------------------------------------------------------

start_sim --count 30
configure
sed -i 's/^visibility .*/visibility = "yes"/' "$T/salesforce.mapping.conf"
sed -i "s/^shareable.*/shareable_solutions = $(sed -n 's/^\(SOL[^ ]*\) .*/\1/p' "$T/salesforce.mapping.conf" |
    sort -u | tr '\n' ' ')/" "$T/dealsync.conf"
rm -f "$T"/deals.db*
clock $START
run 0 sync sf
stays=$(some salesforce open 1)
gone=$(some salesforce open 2)
back=$(some salesforce open 3)
late=$(some salesforce open 4)
shut=$(some salesforce open 5)
for record in "$stays" "$gone" "$back" "$late" "$shut"; do edit salesforce "$record" StageName Won; done
clock 2026-08-21T06:30:00Z
run 0 sync sf
is 'five deals wait' "5|$UNTIL" "$(sql 'SELECT count(*), max(until_ms) FROM holds')"
for record in "$gone" "$back" "$late"; do sim delete "{\"crm\":\"salesforce\",\"id\":\"$record\"}" >/dev/null; done
clock $LATER
run 0 sync sf
is 'a hold ends when its record is deleted' "$(printf '%s\n' "$stays" "$shut" | sort)" \
    "$(sql 'SELECT remote_id FROM holds ORDER BY 1')"
sim undelete "{\"crm\":\"salesforce\",\"id\":\"$back\"}" >/dev/null
clock 2026-08-21T08:00:00Z
run 0 sync sf
is 'a record that is back asks again, until the same time' "3|$UNTIL" \
    "$(sql 'SELECT count(*), min(until_ms) FROM holds')"
sql "UPDATE deals SET value = '5' WHERE id = $(deal_of "$stays")"
sql "UPDATE deals SET status = 'lost', reason = 'budget' WHERE id = $(deal_of "$shut")"
clock 2026-08-24T06:30:00Z
run 2 diff sf --exit-code
same sf 3 3
status_of() { sql "SELECT status FROM deals WHERE id = $(deal_of "$1")"; }
is 'no hold is left' 0 "$(holds)"
is 'what was edited in the store stays' 5 "$(sql "SELECT value FROM deals WHERE id = $(deal_of "$stays")")"
is 'a deal closed there stays closed, and is a conflict' "lost $shut" \
    "$(status_of "$shut") $(sql 'SELECT DISTINCT remote_id FROM v_open_conflicts')"
is 'after 72 hours the deal of a deleted record is still open' 'won accepted won' \
    "$(status_of "$stays") $(status_of "$gone") $(status_of "$back")"
sim undelete "{\"crm\":\"salesforce\",\"id\":\"$late\"}" >/dev/null
clock 2026-08-24T07:00:00Z
same sf 0 3
is 'one that comes back after them closes at once' won "$(status_of "$late")"

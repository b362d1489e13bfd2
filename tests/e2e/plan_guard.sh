#!/usr/bin/env bash
# P-8: each guard stops a run; its plan is read and applied, and the next run passes. Plans of a file, which is
# read as a whole.
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

# fresh LINES...: new remotes, a new store, everything loaded.
fresh() {
    start_sim --count 60 --page 20
    configure "$@"
    sed -i '/^connector = salesforce/a key_field = Deal_Key__c' "$T/dealsync.conf"
    rm -f "$T"/deals.db*
    clock 2026-08-21T06:00:00Z
    run 0 sync sf
}

# stops NAME DOES EXIT: the run stops for this guard; its plan says so, is applied, and the sync passes.
stops() {
    clock 2026-08-21T07:00:00Z
    state >"$T/before"
    run 4 sync sf
    has "$1: stops, and says why" "would $2 [0-9]+ of [0-9]+ deals \($1_count is [0-9]+, $1_percent [0-9]+\)" "$T/err"
    state >"$T/after"
    ok "$1: nothing is written" cmp "$T/before" "$T/after"
    run 0 diff sf --out "$T/plan.json"
    has "$1: the plan says why" "\"guard\":\"this run would $2" "$T/plan.json"
    run "$3" apply "$T/plan.json"
    run "$3" sync sf
    run "$3" sync sf
    is "$1: nothing is left" '' "$(sum | grep -oE 'created|updated')"
}

# deals NAME...: that only the store has.
deals() {
    for name; do
        sql "INSERT INTO deals(name, value, currency, close_date, location, customer_name, customer_country, solutions)
            VALUES ('$name', 5, 'USD', '2029-09-09', '4711', 'Contoso', 'US', '[\"SOL-GTK-500\"]')"
    done
}

none='guard_creations_count = 1000' # the others are far away
fresh 'guard_count = 2' 'guard_percent = 1' "$none"
for n in 1 2 3; do edit salesforce "$(some salesforce open $n)" NextStep now; done
stops guard change 0

fresh 'guard_creations_count = 2' 'guard_creations_percent = 1' 'direction = both' 'create = yes'
deals a b c
stops guard_creations create 0

fresh 'guard_creations_count = 2' 'guard_creations_percent = 1'
for n in 1 2 3; do twin salesforce "$(some salesforce open "$n")" Name "New $n" >/dev/null; done
stops guard_creations create 0

fresh 'guard_closings_count = 2' 'guard_closings_percent = 1'
for n in 1 2 3; do edit salesforce "$(some salesforce open $n)" StageName Lost Loss_Reason__c Budget; done
stops guard_closings close 0

fresh 'guard_values_count = 2' 'guard_values_percent = 1' 'guard_value_factor = 3'
for n in 1 2 3; do edit salesforce "$(some salesforce open $n)" Amount 99999999; done
stops guard_values 'change the value by more than the factor of' 0

fresh 'guard_steps_back_count = 2' 'guard_steps_back_percent = 1'
mapfile -t ahead < <(sql "SELECT remote_id FROM links JOIN deals d ON d.id = deal WHERE stage = 20 AND status = 'accepted' LIMIT 3")
for id in "${ahead[@]}"; do edit salesforce "$id" StageName Prospecting; done
stops guard_steps_back 'take the stage back of' 0

# A first load may create what it likes, and no more.
fresh 'guard_count = 2' 'guard_percent = 1' 'guard_creations_count = 2'
sed -i 's/^crm_id .*/crm_id = External_Id__c/' "$T/salesforce.mapping.conf"
sed -i 's/^crm_id .*/crm_id = new_externalid/' "$T/dynamics.mapping.conf"
rm -f "$T"/deals.db*
run 0 sync sf
sql 'UPDATE deals SET notes = NULL'
twin dynamics "$(some dynamics open 1)" name 'Only there' >/dev/null
run 4 sync dv
has 'deals that are there are guarded in a first load, too' 'would change [0-9]+ of 60 deals' "$T/err"
has 'and what it has created stays, and is told' 'new deals were created, no other was changed' "$T/err"

# --- organisation, and nothing left ---------------------------------------------------------------------

fresh
sim fault '{"crm":"salesforce","kind":"wrong_org"}' >/dev/null
edit salesforce "$(some salesforce open 1)" NextStep now
clock 2026-08-21T07:00:00Z
run 78 sync sf
run 78 diff sf
run 0 diff sf --out "$T/plan.json"
is 'the plan answers which organisation it is' organisation "$(jq -r .answer "$T/plan.json")"
is 'and has nothing else' 0 "$(jq .count "$T/plan.json")"
run 78 sync sf
run 0 apply "$T/plan.json"
run 0 sync sf
is 'then the sync passes' '1 updated' "$(sum | grep -o '1 updated')"
sim reset '{}' >/dev/null
run 78 sync sf
run 78 apply "$T/plan.json"
has 'and the old one is the other now' 'another organisation' "$T/err"

fresh
sim fault '{"crm":"salesforce","kind":"empty_result"}' >/dev/null
run 4 backfill sf
run 0 diff sf --backfill --out "$T/plan.json"
is 'the plan answers that nothing is there' empty "$(jq -r .answer "$T/plan.json")"
run 0 apply "$T/plan.json"
run 0 backfill sf
sim reset '{}' >/dev/null
run 0 backfill sf
sim fault '{"crm":"salesforce","kind":"empty_result"}' >/dev/null
run 4 backfill sf # the answer was for once

# --- a file ----------------------------------------------------------------------------------------------

stop_sim
map_file <<'CONF'
visibility = "yes"
reason = reason
solutions = "SOL-1"
crm_id = crm
[values reason]
budget = Budget
[stage]
from = stage
[stages]
20 = Open
won = Won
lost = Lost
CONF
printf '%s\n' '[store]' 'path = deals.db' '[connection csv]' 'connector = file' "path = $T/in.csv" 'id = id' \
    'mapping = m.conf' 'shareable_solutions = SOL-1' >"$T/dealsync.conf"

# way sync|plan: a first load, changes of all kinds, holds that come due; with a plan before each run, or without.
step() { # way exit
    if [ "$1" = plan ]; then
        run 0 diff csv --out "$T/plan.json"
        run "$2" apply "$T/plan.json"
    else
        run "$2" sync csv
    fi
}
way() {
    rm -f "$T"/deals.db*
    printf '%s\n' id,name,value,stage,reason,crm '1,One,10,Open,,' '2,Two,20,Open,,' '3,Three,30,Won,,' '4,Four,x,Open,,' \
        '5,Five,50,Open,,' '6,Six,60,Open,,' '7,Seven,70,Lost,Budget,' '8,Eight,8,Open,,A' '9,Nine,9,Open,,A' >"$T/in.csv"
    export DEALSYNC_NOW=2026-08-21T06:00:00Z
    step "$1" 3
    state | grep -v '^connection' >"$T/$1.1"
    printf '%s\n' id,name,value,stage,reason,crm '1,One more,10,Open,,' '2,Two,20,Won,,' '3,Three,30,Won,,' '4,Four,40,Open,,' \
        '5,Five,55,Open,,' '7,Seven,77,Lost,Budget,' '8,Eight,8,Open,,A' '9,Nine,9,Open,,A' '9,Again,9,Open,,' >"$T/in.csv"
    sql "UPDATE deals SET value = 56 WHERE name = 'Five'"
    export DEALSYNC_NOW=2026-08-21T07:00:00Z
    step "$1" 3
    state | grep -v '^connection' >"$T/$1.2"
    export DEALSYNC_NOW=2026-08-24T08:00:00Z
    step "$1" 3
    state | grep -v '^connection' >"$T/$1.3"
}
way sync
is 'a story with something of everything' '2 1 2 1' "$(sql "SELECT (SELECT count(*) FROM v_open_conflicts),
    (SELECT count(*) FROM rejects), (SELECT count(*) FROM deals WHERE status = 'won'), (SELECT count(*) FROM claims)" | tr '|' ' ')"
way plan
ok 'a file: the plan of a first load is the load' diff "$T/sync.1" "$T/plan.1"
ok 'a file: the plan of changes is the sync' diff "$T/sync.2" "$T/plan.2"
ok 'a file: the plan of what comes due is the sync' diff "$T/sync.3" "$T/plan.3"
run 3 apply "$T/plan.json"
state | grep -v '^connection' >"$T/again"
ok 'a file: a second time it changes nothing' diff "$T/plan.3" "$T/again"
sed -i '/^3,/d' "$T/in.csv"
sed -i 's/^1,One more/1,One/' "$T/in.csv"
run 0 diff csv --out "$T/plan.json"
sed -i '/^1,/d' "$T/in.csv"
run 3 apply "$T/plan.json"
has 'a row that is gone is refused' '\? record 1 .*it cannot be seen any more' "$T/out"

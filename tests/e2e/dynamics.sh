#!/usr/bin/env bash
# The main job on Dynamics 365, and both CRMs in one store.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 300
configure
clock 2026-08-21T06:00:00Z

run 0 check dv
run 0 sync dv
is 'the first load' '300 fetched: 300 created' "$(sum)"
is 'only standard stages' '' "$(sql 'SELECT DISTINCT stage FROM deals WHERE stage NOT IN (10,20,40,60,80,100)')"
is 'money keeps its digits' 0 "$(sql "SELECT count(*) FROM deals WHERE value GLOB '*.0000' OR value GLOB '*e*'")"
run 0 backfill dv
is 'the same again changes nothing (P-3)' '300 fetched: 300 unchanged' "$(sum)"

update=$(some dynamics open 1)
hold=$(some dynamics open 2)
lost=$(some dynamics open 3)
clash=$(some dynamics open 4)
edit dynamics "$update" estimatedvalue 1234567890123.4500 stepname 2-Engaging
edit dynamics "$hold" statuscode 2
edit dynamics "$lost" statecode 2 statuscode 5 new_lossreason 1
edit dynamics "$clash" estimatedvalue 10
sql "UPDATE deals SET value = '20' WHERE id = $(deal_of "$clash")"
clock 2026-08-21T06:20:00Z
run 3 sync dv
is 'one of each' '4 fetched: 3 updated, 1 conflict' "$(sum)"
is 'thirteen digits arrive whole' '1234567890123.45|20' \
    "$(sql "SELECT value, stage FROM deals WHERE id = $(deal_of "$update")")"
is 'on hold leaves the stage' 'accepted|yes' "$(sql "SELECT status, on_hold FROM deals WHERE id = $(deal_of "$hold")")"
is 'lost with its reason, the stage stays (R-74)' 'lost|budget' \
    "$(sql "SELECT status, reason FROM deals WHERE id = $(deal_of "$lost")")"

run 0 stages dv
has 'stages lists what each maps to' '1-Prospecting' "$T/out"

run 3 sync sf
is 'what a second CRM has of the same name, customer and value is created once (R-40)' \
    '300 fetched: 2 created, 298 conflicts' "$(sum)"
run 0 conflicts sf
is 'and a person is asked' 298 "$(grep -c 'match  *sf ' "$T/out")"
claim=$(sql 'SELECT remote_id FROM claims LIMIT 1')
deal=$(sql "SELECT deal FROM claims WHERE remote_id = '$claim'")
own=$(sql 'SELECT remote_id FROM claims LIMIT 1 OFFSET 1')
run 0 link sf "$claim" "$deal"
run 64 link sf "${own:0:15}" --new
has 'a shortened id is no record' 'no record .* claims a deal' "$T/err"
run 64 link sf "$deal" --new
run 0 link sf "$own" --new
clock 2026-08-21T06:40:00Z
run 3 sync sf
is 'a record that a person has linked has that deal' "$deal" "$(deal_of "$claim")"
is 'one of its own is created' 1 "$(sql "SELECT count(*) FROM links WHERE remote_id = '$own' AND deal > 300")"
is 'every value is one that the store takes' ok "$(sql 'PRAGMA integrity_check')"
run 3 status
has 'status shows both' '^sf|sf ' "$T/out"

#!/usr/bin/env bash
# A saved plan: what it holds, that `apply` carries out exactly it, and what it refuses (docs/reports.md).
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

version_of() { sql "SELECT version FROM deals WHERE id = $(deal_of "$1")"; }

# deal NAME VALUE: one that only the store has.
deal() {
    sql "INSERT INTO deals(name, value, currency, close_date, location, customer_name, customer_country, solutions)
        VALUES ('$1', '$2', 'USD', '2029-09-09', '4711', '${3:-Contoso}', 'US', '[\"SOL-GTK-500\"]')"
}

# fresh LINES...: new remotes, a new store.
fresh() {
    start_sim --count 40 --page 20
    configure 'guard_count = 1000' "$@"
    sed -i '/^connector = salesforce/a key_field = Deal_Key__c' "$T/dealsync.conf"
    rm -f "$T"/deals.db*
    clock 2026-08-21T06:00:00Z
}

# Both sides, without the times and what a fetch alone moves.
sides() { # CRM
    state | grep -vE '^(connection|touched)' | sed 's/2026-08-21T0[67]:[0-9:]*Z/WHEN/g; s/W."[0-9]*"/WHEN/g'
    sim_get "state?crm=$1&stamps=no"
}

# --- what a sync would have done --------------------------------------------------------------------

# Something of everything. The words that differ between the CRMs are its arguments.
changes() { # crm name value date location stage won
    local crm=$1 name=$2 value=$3 date=$4 location=$5 stage=$6 won=$7 like

    edit "$crm" "$(some "$crm" open 1)" "$name" 'Theirs alone' "$date" 2029-01-01
    sql "UPDATE deals SET close_date = '2029-05-06' WHERE id = $(deal_of "$(some "$crm" open 2)")"
    edit "$crm" "$(some "$crm" open 3)" "$name" 'Theirs'
    sql "UPDATE deals SET value = '4711' WHERE id = $(deal_of "$(some "$crm" open 3)")"
    edit "$crm" "$(some "$crm" open 4)" "$value" 4
    sql "UPDATE deals SET value = '5' WHERE id = $(deal_of "$(some "$crm" open 4)")"
    edit "$crm" "$(some "$crm" open 5)" "$location" 666
    edit "$crm" "$(sql "SELECT remote_id FROM links JOIN deals d ON d.id = deal WHERE visibility = 'yes'
        AND status = 'accepted' ORDER BY d.id DESC LIMIT 1")" "$stage" "$won" # waits 72 hours
    sim delete "{\"crm\":\"$crm\",\"id\":\"$(some "$crm" open 7)\"}" >/dev/null
    like=$(some "$crm" open 8)
    twin "$crm" "$like" "$name" 'A new one' "$value" 77 >/dev/null
    twin "$crm" "$like" "$name" '' >/dev/null # cannot become a deal
    sql "UPDATE deals SET name = 'Known' WHERE id = $(deal_of "$like")"
    edit "$crm" "$like" "$name" Known # both the same
    deal 'Only here' 12.5
    deal 'Looks alike' 88 "$(sql "SELECT customer_name FROM deals WHERE id = $(deal_of "$like")")"
    twin "$crm" "$like" "$name" 'Looks alike' "$value" 88 >/dev/null
}

# told: both sides after a sync, or after the plan of one.
told() { # way connection crm name value date location stage won
    local way=$1 c=$2

    shift 2
    fresh 'direction = both' 'create = yes' 'deleted = close' 'deleted_reason = others'
    sed -i '/^connector = dynamics/a parallel = 1' "$T/dealsync.conf" # so that deals have the same numbers
    run 0 sync "$c"
    sql "UPDATE store SET name = 'one and the same'" # what is created has its id from it
    changes "$@"
    clock 2026-08-21T07:00:00Z
    if [ "$way" = sync ]; then
        run 3 sync "$c"
    else
        run 0 diff "$c" --out "$T/plan.json"
        run 3 apply "$T/plan.json"
    fi
    sum >"$T/$way.sum"
    sides "$1" >"$T/$way"
}

both() {
    local c=$1 crm=$2 n

    told sync "$@"
    told plan "$@"
    is "$c: the sum of the sync and of the plan" "$(sed 's/^[0-9]* fetched//' "$T/sync.sum")" \
        "$(sed 's/^[0-9]* fetched//' "$T/plan.sum")"
    ok "$c: a plan does what the sync would have done" diff "$T/sync" "$T/plan"
    is "$c: with something of everything" '1 1 1 1 1' "$(sql 'SELECT (SELECT count(*) > 1 FROM v_open_conflicts),
        (SELECT count(*) FROM holds), (SELECT count(*) FROM rejects), (SELECT count(*) FROM claims),
        (SELECT count(*) FROM history WHERE kind = "pushed" AND deal = (SELECT id FROM deals WHERE name = "Only here"))' | tr '|' ' ')"
    is "$c: what a new record may be is not created a second time" 1 \
        "$(sim_get "state?crm=$crm&stamps=no" | grep -c 'Looks alike')"
    n=$(writes)
    run 3 apply "$T/plan.json"
    sides "$crm" >"$T/again"
    ok "$c: a second time it changes nothing" diff "$T/plan" "$T/again"
    is "$c: nor sends anything" "$n" "$(writes)"
    run 3 sync "$c"
    is "$c: the sync that follows has nothing left to send" "$n" "$(writes)"
    run 3 sync "$c"
    is "$c: and the next one nothing at all" '' "$(sum | grep -oE 'created|updated|held|released')"
}

both sf salesforce Name Amount CloseDate MPN_Location__c StageName Won
both dv dynamics name estimatedvalue estimatedclosedate new_location statuscode 3

# --- what the file says ------------------------------------------------------------------------------

ok 'a plan is JSON' jq -e '.items | type == "array"' "$T/plan.json"
is 'the members of its head' \
    '["answer","connection","count","dealsync_plan","fingerprint","guard","items","kind","made","only","organisation","store","sum","undoes"]' \
    "$(jq -c keys "$T/plan.json")"
is 'the members of its items' \
    'about case changes deal deal_version hold_until name outcome reasons record record_version send sum wait why write' \
    "$(jq -r '.items[] | keys - ["warning"] | .[]' "$T/plan.json" | sort -u | tr '\n' ' ' | sed 's/ $//')"
is 'the members of a change' 'base case field move ours theirs why' \
    "$(jq -r '.items[].changes[] | keys - ["rule", "joined"] | .[]' "$T/plan.json" | sort -u | tr '\n' ' ' | sed 's/ $//')"
is 'as many items as it says' "$(jq .count "$T/plan.json")" "$(jq '.items | length' "$T/plan.json")"
is 'each with a line of its own' "$(jq .count "$T/plan.json")" "$(grep -c '^{"sum":' "$T/plan.json")"
is 'readable for its owner alone' 600 "$(stat -c %a "$T/plan.json")"
for word in $(jq -r '.. | strings' "$T/plan.json" | grep -oE '\b[MR]-[0-9]+\b' | sort -u); do
    has "$word is documented" "\\b$word\\b" <(cat "$HERE"/../docs/merge.md "$HERE"/../docs/rules.md)
done
hasnt 'no secret is in it' "sim.client.secret|sim~secret|Bearer|PRIVATE|client_secret|00D[A-Za-z0-9]{12,}!" "$T/plan.json"

# --- what is refused whole ------------------------------------------------------------------------------

# refused TEXT EXIT PATTERN [FILE]: nothing is written on either side.
refused() {
    local n

    n=$(writes)
    sides dynamics >"$T/before"
    run "$2" apply "${4:-$T/plan.json}"
    has "$1: refused" "$3" "$T/err"
    sides dynamics >"$T/after"
    ok "$1: nothing is written" cmp "$T/before" "$T/after"
    is "$1: nothing is sent" "$n" "$(writes)"
}

edit dynamics "$(some dynamics open 2)" name 'For a plan'
run 0 diff dv --out "$T/plan.json"
cp "$T/dealsync.conf" "$T/as-it-was"
sql "UPDATE store SET name = 'another one'"
refused 'another store' 78 'made for another store; nothing was written'
sql "UPDATE store SET name = 'one and the same'"
sed -i 's/^20   = 2-Engaging/40   = 2-Engaging/' "$T/dynamics.mapping.conf"
refused 'another mapping' 78 'made for another mapping, filter or setting'
sed -i 's/^40   = 2-Engaging/20   = 2-Engaging/' "$T/dynamics.mapping.conf"
sed -i '/^connector = dynamics/a filter = estimatedvalue gt 5' "$T/dealsync.conf"
refused 'another filter' 78 'made for another mapping, filter or setting'
cp "$T/as-it-was" "$T/dealsync.conf"
sim fault '{"crm":"dynamics","kind":"wrong_org"}' >/dev/null
refused 'another organisation' 78 'another organisation'
sim reset '{}' >/dev/null
sed -i 's/^\[connection dv\]/[connection other]/' "$T/dealsync.conf"
refused 'a connection that is not there' 64 "no connection 'dv'"
cp "$T/as-it-was" "$T/dealsync.conf"
sed 's/"connection":"dv"/"connection":"sf"/' "$T/plan.json" >"$T/edited.json"
refused 'an edited head' 65 'edited, or is not complete' "$T/edited.json"
sed 's/For a plan/For a plot/' "$T/plan.json" >"$T/edited.json"
refused 'an edited value' 65 'edited, or is not complete' "$T/edited.json"
sed '2d' "$T/plan.json" >"$T/edited.json"
refused 'a missing item' 65 'edited, or is not complete' "$T/edited.json"
sed '$d' "$T/plan.json" >"$T/edited.json"
refused 'a missing end' 65 'edited, or is not complete' "$T/edited.json"
(cat "$T/plan.json" && echo more) >"$T/edited.json"
refused 'something behind its end' 65 'edited, or is not complete' "$T/edited.json"
run 3 apply "$T/plan.json"
is 'the plan as it was made is carried out' 'For a plan' \
    "$(sql "SELECT name FROM deals WHERE id = $(deal_of "$(some dynamics open 2)")")"

# --- what has moved since -------------------------------------------------------------------------------

# value ID: of its deal.
value() { sql "SELECT value FROM deals WHERE id = $(deal_of "$1")"; }

fresh 'direction = both' 'create = yes'
run 0 sync sf
for n in 1 2 3 4 5 6; do id[n]=$(some salesforce open $n); done
for n in 1 2 3; do edit salesforce "${id[n]}" Amount "10$n"; done
sql "UPDATE deals SET value = 104 WHERE id = $(deal_of "${id[4]}")"
deal 'Only here' 7
edit salesforce "${id[5]}" Amount 105
clock 2026-08-21T07:00:00Z
run 0 diff sf --out "$T/plan.json"
sql "UPDATE deals SET notes = 'moved' WHERE id = $(deal_of "${id[1]}")"
edit salesforce "${id[2]}" NextStep moved
edit salesforce "${id[4]}" NextStep moved
sql "UPDATE deals SET value = 8 WHERE name = 'Only here'"
sim delete "{\"crm\":\"salesforce\",\"id\":\"${id[5]}\"}" >/dev/null
clock 2026-08-21T07:10:00Z
run 3 apply "$T/plan.json"
has 'a deal that has moved, with its versions' \
    "\\? record ${id[1]} .*the deal has changed since: version 2, planned for 1" "$T/out"
has 'a record that has moved' "\\? record ${id[2]} .*the record has changed in the CRM since" "$T/out"
has 'one that was to be written' "\\? record ${id[4]} .*the record has changed in the CRM since" "$T/out"
has 'a deal that was to be created' "\\? deal [0-9]* .*the deal has changed since: version 2, planned for 1" "$T/out"
has 'a record that was deleted' "\\? record ${id[5]} " "$T/out"
has 'they are counted' '^5 items of the plan' "$T/out"
is 'the rest goes on' 103 "$(value "${id[3]}")"
is 'and only the rest' "$(deal_of "${id[3]}")" \
    "$(sql "SELECT group_concat(deal) FROM history h JOIN runs r ON r.id = h.run WHERE r.command = 'apply'")"
clock 2026-08-21T07:20:00Z
run 0 sync sf
is 'the sync takes what was refused' '101 102 104' "$(value "${id[1]}") $(value "${id[2]}") $(value "${id[4]}")"
is 'and sends it' 104 "$(sim_get "record?crm=salesforce&id=${id[4]}" | jq -r .Amount | cut -d. -f1)"

# --- a part of it -----------------------------------------------------------------------------------------

fresh 'direction = both' 'deleted = close' 'deleted_reason = others'
run 0 sync sf
one=$(some salesforce open 1) two=$(some salesforce open 2) three=$(some salesforce open 3)
for n in "$one" "$two" "$three"; do edit salesforce "$n" Amount 111 Name Renamed; done
sql "UPDATE deals SET value = '9' WHERE id = $(deal_of "$three")"
sql "UPDATE deals SET close_date = '2029-05-06', notes = 'ours' WHERE id = $(deal_of "$two")"
edit salesforce "$(some salesforce open 4)" MPN_Location__c 666
clock 2026-08-21T07:00:00Z

about() { jq -r '.items[].about' "$1" | sort | tr '\n' ' '; }
# part TEXT ITEMS ONLY...: what such a part of the plan is about.
part() {
    local text=$1 want=$2 only=()
    shift 2
    for word; do only+=(--only "$word"); done
    run 0 diff sf "${only[@]}" --out "$T/part.json"
    is "$text" "$want" "$(about "$T/part.json")"
}
sorted() { printf 'record %s\n' "$@" | sort | tr '\n' ' '; }

four=$(some salesforce open 4)
part 'all' "$(sorted "$one" "$two" "$three" "$four")"
part 'one deal' "$(sorted "$one")" "deal=$(deal_of "$one")"
part 'two deals' "$(sorted "$one" "$two")" "deal=$(deal_of "$one")" "deal=$(deal_of "$two")"
part 'an outcome' "$(sorted "$three" "$four")" outcome=conflict
part 'two outcomes' "$(sorted "$one" "$two" "$three" "$four")" outcome=conflict outcome=updated
part 'a rule' "$(sorted "$four")" rule=R-32
part 'a rule and a deal: each must be met' '' rule=R-32 "deal=$(deal_of "$one")"
part 'a field' "$(sorted "$one" "$two" "$three")" field=name
part 'a field, whose outcome is its own' "$(sorted "$three")" field=value outcome=conflict
part 'a field and a deal' "$(sorted "$two")" field=close_date "deal=$(deal_of "$two")"
for bad in deal= deal=x field=nothing outcome=good rule=R-x R-78 ''; do run 64 diff sf --only "$bad"; done

fields_of() { sql "SELECT name, value, close_date, notes FROM deals WHERE id = $(deal_of "$1")"; }
run 0 diff sf --only field=name --out "$T/part.json"
run 64 apply "$T/part.json" --only field=value
run 0 apply "$T/part.json" --only "deal=$(deal_of "$two")"
is 'a field of one deal' Renamed "$(sql "SELECT group_concat(name) FROM deals WHERE name = 'Renamed'")"
before=$(fields_of "$two")
is 'the others are left' '2029-05-06|ours' "$(cut -d'|' -f3- <<<"$before")"
is 'on both sides' false "$(sim_get "record?crm=salesforce&id=$two" | jq '.CloseDate == "2029-05-06"')"
run 0 diff sf --only field=close_date --out "$T/sent.json"
n=$(writes)
run 0 apply "$T/sent.json" --only outcome=conflict
is 'no item meets it: nothing is sent' "$n" "$(writes)"
run 0 apply "$T/sent.json" --only outcome=updated
is 'a field that is sent' 2029-05-06 "$(sim_get "record?crm=salesforce&id=$two" | jq -r .CloseDate)"
is 'and only it' false "$(sim_get "record?crm=salesforce&id=$two" | jq '.NextStep == "ours"')"
run 0 diff sf --out "$T/all.json"
run 0 apply "$T/all.json" --only field=value --only "deal=$(deal_of "$one")"
is 'one field of a plan of whole items' '111|0' \
    "$(sql "SELECT value, name = 'Renamed' FROM deals WHERE id = $(deal_of "$one")")"
run 0 diff sf --out "$T/all.json"
run 3 apply "$T/all.json" --only rule=R-32 --only outcome=conflict
is 'a rule: its conflict is there' "$four" "$(sql 'SELECT remote_id FROM v_open_conflicts')"
run 3 sync sf
is 'nothing is lost: the next sync takes the rest' 'Renamed|111|2029-05-06|ours' "$(fields_of "$two")"
is 'of the others, too' 'Renamed|111 Renamed|9' "$(fields_of "$one" | cut -d'|' -f-2) $(fields_of "$three" | cut -d'|' -f-2)"
is 'and sends it' ours "$(sim_get "record?crm=salesforce&id=$two" | jq -r .NextStep)"
is 'two conflicts are left' 2 "$(sql 'SELECT count(*) FROM v_open_conflicts')"

# --- what has gone back ------------------------------------------------------------------------------------

fresh 'direction = both'
run 0 sync sf
one=$(some salesforce open 1) two=$(some salesforce open 2)
name=$(field salesforce "$one" Name) date=$(ours "$two" close_date)
edit salesforce "$one" Name 'For a while'
sql "UPDATE deals SET close_date = '2029-05-06' WHERE id = $(deal_of "$two")"
clock 2026-08-21T07:00:00Z
run 0 diff sf --out "$T/plan.json"
edit salesforce "$one" Name "$name"
sql "UPDATE deals SET close_date = '$date' WHERE id = $(deal_of "$two")"
run 3 apply "$T/plan.json"
is 'where nothing is left to do it was not done all the same' '2 0' \
    "$(grep -c '? record' "$T/out") $(grep -c 'carried out before' "$T/out")"

fresh 'direction = both' 'create = yes'
run 0 sync sf
one=$(some salesforce open 1)
deal 'Only here' 12.5
run 0 diff sf --out "$T/plan.json"
run 0 unlink sf "$one"
run 0 link sf "$one" "$(sql 'SELECT max(id) FROM deals')"
run 3 apply "$T/plan.json"
has 'a deal that was given another record than the planned one is refused' '\? deal .* the deal has a record by now' "$T/out"

#!/usr/bin/env bash
# What a run has replaced is put back on both sides, shown first; what has moved since stays, and so does what
# a rule holds fast (M-38, M-39, M-59).
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

last_run() { sql 'SELECT max(id) FROM runs'; }
open_cases() { sql "SELECT group_concat(x, ' ') FROM (SELECT c.field || ':M-' || case_number AS x FROM v_open_conflicts c JOIN conflicts USING (id) ORDER BY 1)"; }

# silent TEXT CONNECTION CRM EXIT: three runs, and neither side moves.
silent() {
    local text=$1 n

    n=$(writes)
    state | grep -vE '^(link|touched)' >"$T/before"
    sim_get "state?crm=$3&stamps=no" >"$T/there"
    for _ in 1 2 3; do sync_later "$2" "$4"; done
    state | grep -vE '^(link|touched)' >"$T/after"
    ok "$text: three runs later the store is the same" diff "$T/before" "$T/after"
    ok "$text: and the CRM" diff "$T/there" <(sim_get "state?crm=$3&stamps=no")
    is "$text: nothing was sent" "$n" "$(writes)"
}

# undo TEXT RUN EXIT: shown, which changes nothing; saved, applied.
undo() {
    local n

    n=$(writes)
    state >"$T/before"
    later
    run 0 undo "$2"
    cp "$T/out" "$T/shown"
    run 0 undo "$2" --out "$T/undo.json"
    state >"$T/after"
    ok "$1: showing it changes nothing" cmp "$T/before" "$T/after"
    is "$1: nor sends anything" "$n" "$(writes)"
    run "$3" apply "$T/undo.json"
}

story() { # connection crm value name date
    local c=$1 crm=$2 value=$3 name=$4 date=$5 one two three was

    anew 40 'direction = both'
    run 0 sync "$c"
    one=$(some "$crm" open 1) two=$(some "$crm" open 2) three=$(some "$crm" open 3)
    was=$(ours "$one" value)

    # a pull
    edit "$crm" "$one" "$value" 111 "$name" Theirs
    edit "$crm" "$two" "$value" 222
    sync_later "$c" 0
    pull=$(last_run)
    sql "UPDATE deals SET name = 'Since then' WHERE id = $(deal_of "$one")"
    undo "$c: a pull" "$pull" 3
    has "$c: what has changed since stays, and is said" 'name .*has been changed since, and stays' "$T/shown"
    is "$c: the deal is as it was" "$was Since then" "$(ours "$one" value) $(ours "$one" name)"
    is "$c: the record stays" '111 Theirs' "$(field "$crm" "$one" "$value" | sed 's/\.0*$//') $(field "$crm" "$one" "$name")"
    is "$c: conflicts stand" 'value:M-38 value:M-38' "$(open_cases)"
    sync_later "$c" 3
    is "$c: what a person did since is sent" 'Since then' "$(field "$crm" "$one" "$name")"
    silent "$c: a pull undone" "$c" "$crm" 3
    run 0 resolve --connection "$c" --deal "$one" --take store
    run 0 resolve --connection "$c" --deal "$two" --take crm
    sync_later "$c" 0
    is "$c: until a person says: ours" "$was" "$(field "$crm" "$one" "$value" | sed 's/\.*0*$//')"
    is "$c: or theirs" 222 "$(ours "$two" value)"
    silent "$c: settled" "$c" "$crm" 0

    # a push
    was=$(field "$crm" "$three" "$value")
    sql "UPDATE deals SET value = 333 WHERE id = $(deal_of "$three")"
    sync_later "$c" 0
    is "$c: sent" 333 "$(field "$crm" "$three" "$value" | sed 's/\.0*$//')"
    undo "$c: a push" "$(last_run)" 3
    is "$c: the record is as it was" "$was" "$(field "$crm" "$three" "$value")"
    is "$c: the deal is not: a person changed it" 333 "$(ours "$three" value)"
    is "$c: a conflict stands" value:M-38 "$(open_cases)"
    silent "$c: a push undone" "$c" "$crm" 3
    # undo of the undo
    undo "$c: an undo" "$(sql "SELECT max(id) FROM runs WHERE command = 'apply'")" 0
    is "$c: undone again" 333 "$(field "$crm" "$three" "$value" | sed 's/\.0*$//')"
    sync_later "$c" 0
    is "$c: both agree, so the conflict is gone" '' "$(open_cases)"
    silent "$c: an undo undone" "$c" "$crm" 0

    # both ways in one run
    edit "$crm" "$one" "$name" 'Theirs again'
    sql "UPDATE deals SET close_date = '2029-11-11' WHERE id = $(deal_of "$one")"
    date_was=$(field "$crm" "$one" "$date")
    sync_later "$c" 0
    undo "$c: both ways" "$(last_run)" 3
    is "$c: both ways: ours" 'Since then 2029-11-11' "$(ours "$one" name) $(ours "$one" close_date)"
    is "$c: both ways: theirs" "Theirs again $date_was" "$(field "$crm" "$one" "$name") $(field "$crm" "$one" "$date")"
    is "$c: both ways: conflicts" 'close_date:M-38 name:M-38' "$(open_cases)"
    silent "$c: both ways undone" "$c" "$crm" 3
    undo "$c: both ways, back" "$(sql "SELECT max(id) FROM runs WHERE command = 'apply'")" 0
    is "$c: both ways, back: ours" 'Theirs again 2029-11-11' "$(ours "$one" name) $(ours "$one" close_date)"
    is "$c: both ways, back: theirs" 2029-11-11 "$(field "$crm" "$one" "$date" | cut -c1-10)"
    sync_later "$c" 0
    silent "$c: both ways, back" "$c" "$crm" 0

    # a resolve
    edit "$crm" "$two" "$value" 5
    sql "UPDATE deals SET value = 6 WHERE id = $(deal_of "$two")"
    sync_later "$c" 3
    run 0 resolve --connection "$c" --take crm
    is "$c: resolved" 5 "$(ours "$two" value)"
    undo "$c: a resolve" "$(last_run)" 3
    is "$c: a resolve: the deal is as it was" 6 "$(ours "$two" value)"
    silent "$c: a resolve undone" "$c" "$crm" 3
    is "$c: a resolve: a conflict stands again" value:M-38 "$(open_cases)"
    edit "$crm" "$two" "$value" 7
    sync_later "$c" 3
    is "$c: a new value is looked at again" "6 $(sql "SELECT theirs FROM v_open_conflicts")" "$(ours "$two" value) 7"
}

story sf salesforce Amount Name CloseDate
story dv dynamics estimatedvalue name estimatedclosedate

# --- what stays ------------------------------------------------------------------------------------------

anew 40 'direction = both'
run 0 sync sf
one=$(some salesforce open 1) two=$(some salesforce open 2) three=$(some salesforce open 3)
edit salesforce "$one" StageName Lost Loss_Reason__c Budget Amount 1
edit salesforce "$two" Amount 2
sync_later sf 0
run_id=$(last_run)
is 'lost' lost "$(ours "$one" status)"
undo 'a closing' "$run_id" 3
has 'a closed deal stays, and the rule is named' 'status .*R-61|R-61.*status' "$T/shown"
is 'it is lost, and as the run left it' 'lost 1' "$(ours "$one" status) $(ours "$one" value)"
undo 'again' "$run_id" 3
is 'a second time it changes nothing more' 1 "$(sql "SELECT count(*) FROM history WHERE kind = 'undone'")"
run 64 undo 99
has 'a run that is not there' 'there is no run 99' "$T/err"

# created by the run: never deleted
new=$(sim create '{"crm":"salesforce","set":{"Name":"x"}}' | jq -r .id)
edit salesforce "$new" Name 'A new one' StageName Prospecting Amount 5 CloseDate 2029-01-01 MPN_Location__c 4711 \
    CurrencyIsoCode USD Product_Code__c 'GTX Pro'
sim edit "{\"crm\":\"salesforce\",\"id\":\"$new\",\"set\":$(sim_get "record?crm=salesforce&id=$three" | jq -c '{AccountId, OwnerId}')}" >/dev/null
sync_later sf 3
undo 'a creation' "$(last_run)" 3
has 'a deal that the run created is told of' 'deals are never deleted' "$T/shown"
ok 'and stays' test -n "$(deal_of "$new")"

# a part of it
edit salesforce "$three" Amount 31 Name Thirty
sync_later sf 3
run 0 undo "$(last_run)" --only field=value --out "$T/undo.json"
run 3 apply "$T/undo.json"
is 'a part of it: one field' Thirty "$(ours "$three" name)"
ok 'went back' test "$(ours "$three" value)" != 31

# moved between the plan and its application
edit salesforce "$three" Name Forty
sync_later sf 3
run 0 undo "$(last_run)" --out "$T/undo.json"
sql "UPDATE deals SET notes = 'moved' WHERE id = $(deal_of "$three")"
run 3 apply "$T/undo.json"
has 'a deal that has moved since is refused' '\? .*the deal has changed since' "$T/out"
is 'and stays' Forty "$(ours "$three" name)"

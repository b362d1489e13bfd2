#!/usr/bin/env bash
# What people do: conflicts settled, plans applied in part, runs undone, records linked and parted; the files
# and words they give are checked before anything is done.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 40
configure 'direction = both' 'owner.team = store'
clock 2026-08-21T06:00:00Z
run 0 check sf
has 'check tells what is sent' 'fields are sent to the CRM, and these are not: .*customer_name' "$T/out"
has 'and that a field of the store stays here' "store's value of 'team' counts, and is not sent" "$T/out"
run 0 sync sf

one=$(some salesforce open 1)
two=$(some salesforce open 2)
three=$(some salesforce open 3)

value() { sql "SELECT value FROM deals WHERE id = $(deal_of "$1")"; }

# clash ID OURS THEIRS: both sides change the value.
clash() {
    edit salesforce "$1" Amount "$3"
    sql "UPDATE deals SET value = '$2' WHERE id = $(deal_of "$1")"
}

# --- conflicts -------------------------------------------------------------------------------------

clash "$one" 11 21
clash "$two" 12 22
clash "$three" 13 23
clock 2026-08-21T06:10:00Z
run 3 sync sf
run 0 conflicts --format csv
cp "$T/out" "$T/conflicts.csv"
id_of() { sql "SELECT id FROM conflicts WHERE remote_id = '$1' AND closed_ms IS NULL"; }
run 0 conflicts show "$(id_of "$one")"
has 'ours, and how it came' 'ours  *11 .*edited .*by none of our runs' "$T/out"
has 'theirs, and how it came' 'theirs  *21 .*record changed .* by ' "$T/out"
has 'how to settle it' "dealsync resolve $(id_of "$one") --take crm" "$T/out"

# filled N TAKE VALUE: puts an answer into the row of the N-th conflict.
filled() { awk -F, -v OFS=, -v n="$1" -v t="$2" -v v="$3" 'NR == n + 1 { $(NF - 1) = t; $NF = v } 1'; }
filled 1 crmm '' <"$T/conflicts.csv" | filled 2 crm 7 | filled 3 value x >"$T/bad.csv"
state >"$T/before"
run 64 resolve --from "$T/bad.csv"
has 'each bad row is named: the word' "row 1, line 2: to take 'crmm' is not known" "$T/err"
has 'a value that nobody asked for' 'row 2, line 3: a value' "$T/err"
has 'a value that is none' "row 3, line 4: conflict [0-9]*: 'x' " "$T/err"
state >"$T/after"
ok 'and nothing is done' cmp "$T/before" "$T/after"
{ head -n 1 "$T/conflicts.csv" && for n in {1..300}; do sed -n 2p "$T/conflicts.csv"; done; } |
    awk -F, -v OFS=, 'NR > 1 { $(NF - 1) = "crm"; $NF = "" } 1' >"$T/many.csv"
run 64 resolve --from "$T/many.csv"
is 'of many bad rows the first ones are named' '20 1' \
    "$(grep -c 'named twice' "$T/err") $(grep -c 'and more of them' "$T/err")"
has 'and all are counted' '299 of the answers' "$T/err"
{ head -n 1 "$T/conflicts.csv" && for n in {1..300}; do sed -n 2p "$T/conflicts.csv"; done; } |
    awk -F, -v OFS=, 'NR > 1 { $(NF - 1) = "cmr"; $NF = "" } 1' >"$T/many.csv"
run 64 resolve --from "$T/many.csv"
is 'so of rows that cannot be read' 20 "$(grep -c "to take 'cmr'" "$T/err")"
filled 1 crm '' <"$T/conflicts.csv" | filled 2 value 5000.50 | tr , ';' >"$T/good.csv"
run 0 resolve --from "$T/good.csv" --dry-run
state >"$T/after"
ok 'a dry run does nothing' cmp "$T/before" "$T/after"
run 0 resolve --from "$T/good.csv"
is 'rows without an answer are left' 1 "$(sql 'SELECT count(*) FROM v_open_conflicts')"
run 64 resolve "$(id_of "$three")" --take value
run 64 resolve --connection sf
run 64 resolve 4711 --take crm
has 'a conflict that is not there' 'there is no conflict 4711' "$T/err"
run 0 resolve --connection sf --field close_date --take crm
is 'a filter that meets nothing settles nothing' 1 "$(sql 'SELECT count(*) FROM v_open_conflicts')"
run 0 resolve --connection sf --deal "$three" --field value --take store
clock 2026-08-21T06:20:00Z
run 0 sync sf
is 'settled is settled' 0 "$(sql 'SELECT count(*) FROM v_open_conflicts')"
is 'as each was answered' '21 5000.5 13' "$(value "$one") $(value "$two") $(value "$three")"
clock 2026-08-21T06:30:00Z
run 0 backfill sf
is 'and the CRM has it, too' '40 fetched: 40 unchanged' "$(sum)"
run 0 explain "$two" --field value
has 'the story tells who decided' 'resolved by a person' "$T/out"
has 'and what was sent' 'written in the CRM by run' "$T/out"
has 'from what to what' '22 -> 5000.5 ' "$T/out"

# --- a plan in part ----------------------------------------------------------------------------------

for n in 1 2 3; do edit salesforce "$(some salesforce open $n)" Amount "90$n" NextStep now; done
clock 2026-08-21T06:40:00Z
run 0 diff sf --out "$T/plan.json"
run 0 apply "$T/plan.json" --only "deal=$(deal_of "$two")"
is 'one deal of it' '21 902 13' "$(value "$one") $(value "$two") $(value "$three")"
run 0 diff sf --only field=value --out "$T/part.json"
run 64 apply "$T/part.json" --only field=name
has 'a plan has no more than it was made for' 'made for other fields' "$T/err"
run 0 apply "$T/part.json"
is 'a plan of one field' '901 902 903' "$(value "$one") $(value "$two") $(value "$three")"
sed -i 's/^\[connection sf\]/[connection other]/' "$T/dealsync.conf"
run 64 apply "$T/part.json"
has 'a plan of a connection that is not there' "no connection 'sf'" "$T/err"
sed -i 's/^\[connection other\]/[connection sf]/' "$T/dealsync.conf"

# --- undo ----------------------------------------------------------------------------------------------

last=$(sql 'SELECT max(id) FROM runs')
run 0 runs show "$last"
has 'a run shows what it changed' 'updated .* value  *13  *903 ' "$T/out"
run 2 undo "$last" --exit-code
run 0 undo "$last" --out "$T/undo.json"
has 'an undo is shown before it is done' 'what would undo run' "$T/out"
run 3 apply "$T/undo.json"
is 'and puts back what the run has replaced' '21 902 13' "$(value "$one") $(value "$two") $(value "$three")"
run 64 undo 4711
run 64 undo x

# --- links ---------------------------------------------------------------------------------------------

deal=$(deal_of "$one")
run 64 link sf "$one" "$deal"
has 'linked already' "is linked to deal $deal" "$T/err"
run 0 unlink sf "$one" --dry-run
is 'a dry run parts nothing' "$deal" "$(deal_of "$one")"
run 0 unlink sf "$one"
clock 2026-08-21T06:50:00Z
edit salesforce "$one" Amount 77
run 3 sync sf
is 'it stays apart' '' "$(deal_of "$one")"
run 64 link sf "$one"
run 0 link sf "$one" "$deal"
is 'and comes back' "$deal" "$(deal_of "$one")"
run 0 history "$deal" --format json
ok 'the history has both' jq -e '[.events[].event] | index("unlinked") and index("linked")' "$T/out"

# --- both sides compared ---------------------------------------------------------------------------------

run 3 sync sf
clock 2026-08-21T07:10:00Z
run 0 resolve --connection sf --take crm
run 0 sync sf
clock 2026-08-21T07:30:00Z
run 0 verify sf --exit-code
edit salesforce "$two" Amount 4
clock 2026-08-21T07:50:00Z
run 2 verify sf --exit-code
has 'verify tells what differs' '902 *-> 4 ' "$T/out"
is 'and writes nothing' 902 "$(value "$two")"

# --- bytes that are no text --------------------------------------------------------------------------------

four=$(some salesforce open 4)
edit salesforce "$four" Name theirs
sql "UPDATE deals SET name = 'ours' WHERE id = $(deal_of "$four")"
run 3 sync sf
for bytes in 'caf\xe9' 'a\x00b'; do
    printf 'id,take,value\n%s,value,%b\n' "$(id_of "$four")" "$bytes" >"$T/bytes.csv"
    run 64 resolve --from "$T/bytes.csv"
    has 'bytes that are no text are refused' 'not UTF-8|a NUL byte' "$T/err"
    is 'and change nothing' ours "$(sql "SELECT name FROM deals WHERE id = $(deal_of "$four")")"
done
run 64 resolve "$(id_of "$four")" --take value --value $'caf\xe9'
run 0 resolve "$(id_of "$four")" --take value --value 'café'

# --- a record that says less than before ----------------------------------------------------------------------

five=$(sql "SELECT remote_id FROM links JOIN deals d ON d.id = deal WHERE status = 'accepted' AND stage = 10 ORDER BY d.id DESC LIMIT 1")
edit salesforce "$five" StageName Engaging
sql "UPDATE deals SET stage = 60 WHERE id = $(deal_of "$five")"
clock 2026-08-21T08:10:00Z
run 3 sync sf
is 'a conflict about the stage' stage "$(sql "SELECT field FROM v_open_conflicts WHERE remote_id = '$five'")"
edit salesforce "$five" StageName 'Value Proposition'
clock 2026-08-21T08:30:00Z
run 3 sync sf
is 'is not over with a stage that has no meaning here' stage "$(sql "SELECT field FROM v_open_conflicts WHERE remote_id = '$five'")"

# --- what a connector cannot do ----------------------------------------------------------------------------

printf '%s\n' '[connection csv]' 'connector = file' 'path = in.csv' 'id = id' 'mapping = salesforce.mapping.conf' \
    'direction = push' >>"$T/dealsync.conf"
run 78 sync csv
has 'a file cannot be written' "connection csv.*'file' cannot write" "$T/err"
has 'and what to do' 'direction = pull' "$T/err"
run 0 conflicts csv

#!/usr/bin/env bash
# When the mapping changes, or a setting that rules depend on, every record is compared once, is shown and
# guarded like any other plan, and no interruption leaves some deals under the old mapping.
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 60 --page 20
configure 'guard_count = 1000'
clock 2026-08-21T06:00:00Z
MAPPING=$T/salesforce.mapping.conf

# The deals as they are, whatever way led there.
deals() {
    sql 'SELECT l.remote_id, d.name, d.status, d.stage, d.value, d.notes FROM deals d JOIN links l ON l.deal = d.id
        ORDER BY 1'
}


# --- a first load that is cut short ---------------------------------------------------------------

sed 's/^10 .*/40 = Prospecting/' "$MAPPING" >"$T/changed.conf"
cp "$MAPPING" "$T/first.conf"
cp "$T/changed.conf" "$MAPPING"
run 0 sync sf
deals >"$T/expected"
has 'the other mapping gives another stage' '\|accepted\|40\|' "$T/expected"
rm -f "$T"/deals.db*
cp "$T/first.conf" "$MAPPING"
steps=$(steps_of sync sf)
bad=0 begun=0
for ((n = 1; n <= steps; n++)); do
    rm -f "$T"/deals.db*
    cp "$T/first.conf" "$MAPPING"
    DEALSYNC_DIE_AT=$n "$BUILD/dealsync" sync sf >"$T/out" 2>"$T/err"
    [ -s "$T/deals.db" ] && [ -n "$(deals 2>/dev/null)" ] && begun=$((begun + 1))
    cp "$T/changed.conf" "$MAPPING"
    "$BUILD/dealsync" sync sf >"$T/out" 2>"$T/err" || bad=1
    deals >"$T/actual"
    cmp -s "$T/expected" "$T/actual" || { echo "# wrong after dying at step $n of $steps" && bad=1; }
done
ok "some of the $steps interrupted loads had begun ($begun)" test "$begun" -gt 2
is 'a first load cut short, then another mapping: every deal has its values' 0 "$bad"

# --- what an admin sees ---------------------------------------------------------------------------

configure 'guard_count = 5' 'guard_percent = 2'
rm -f "$T"/deals.db*
run 0 sync sf
cp "$T/changed.conf" "$MAPPING"
open=$(sql "SELECT count(*) FROM deals WHERE status = 'accepted' AND stage = 10")
clock 2026-08-21T06:10:00Z
run 0 diff sf --out "$T/plan.json"
has 'a changed mapping is announced' 'every record is compared' "$T/out"
has 'a diff shows its effect as a plan' "60 fetched: $open updated" "$T/out"
has 'and what the guard will say' "would change $open of 60 deals" "$T/out"
state >"$T/before"
run 4 sync sf
state >"$T/after"
ok 'the guard stops it before it writes' cmp "$T/before" "$T/after"
run 0 apply "$T/plan.json"
deals >"$T/actual"
ok 'applied, every deal has the new values' cmp "$T/expected" "$T/actual"
clock 2026-08-21T06:20:00Z
run 0 sync sf
is 'the next sync finds nothing left to do' '60 fetched: 60 unchanged' "$(sum)"
run 0 diff sf
hasnt 'it is announced once' 'every record is compared' "$T/out"
has 'and nothing is left to do' '^0 fetched' "$T/out"

# --- a record whose version does not tell ---------------------------------------------------------

record=$(some salesforce open 1)
sim edit "{\"crm\":\"salesforce\",\"id\":\"$record\",\"set\":{\"Amount\":4711},\"touch\":false}" >/dev/null
clock 2026-08-21T06:30:00Z
run 0 sync sf
is 'a change without a new version is not seen by a sync' '0 fetched' "$(sum)"
run 0 backfill sf
is 'a backfill compares every record' '60 fetched: 1 updated, 59 unchanged' "$(sum)"
is 'and takes what has changed' 4711 \
    "$(sql "SELECT value FROM deals d JOIN links l ON l.deal = d.id WHERE l.remote_id = '$record'")"

# --- settings that rules depend on ----------------------------------------------------------------

# setting TEXT FIELD BEFORE AFTER: with the field given, all are rejected until the setting is changed.
setting() {
    rm -f "$T"/deals.db*
    configure
    sed -i "s/^\[fields\]/&\n$2 = \"yes\"/; /^visibility .*Share/d" "$MAPPING"
    sed -i "/^shareable/d; s/^\[connection sf\]/&\n$3/" "$T/dealsync.conf"
    clock 2026-08-21T07:00:00Z
    run 3 sync sf
    is "$1: what breaks its rule is rejected" 60 "$(sql 'SELECT count(*) FROM rejects')"
    sed -i "s/^$3/$4/" "$T/dealsync.conf"
    clock 2026-08-21T07:10:00Z
    run 0 sync sf -v
    has "$1: a change is announced" 'every record is compared' "$T/out"
    is "$1: the next sync looks at them again" '0|60' \
        "$(sql 'SELECT (SELECT count(*) FROM rejects), count(*) FROM deals')"
}

every=$(sed -n 's/^\(SOL[^ ]*\) .*/\1/p' "$MAPPING" | sort -u | tr '\n' ' ')
setting shareable_solutions visibility 'shareable_solutions = SOL-NONE' "shareable_solutions = $every"
setting vetted assessment 'vetted = no' 'vetted = yes'

# --- a change that is cut short, and taken back ---------------------------------------------------

# row ID NOTES: a line of the export.
row() { echo "$1,Deal $1,$1,Open,$2"; }

map_file <<'CONF'
solutions = "SOL-1"
notes = notes
[stage]
from = stage
[stages]
20 = Open
CONF
printf '%s\n' '[store]' 'path = deals.db' '[connection csv]' 'connector = file' "path = $T/in.csv" 'id = id' \
    'mapping = m.conf' 'guard_count = 100000' 'guard_steps_back_count = 100000' >"$T/dealsync.conf"

rm -f "$T"/deals.db*
HEADER=id,name,value,stage,notes
# More than one transaction holds, so that a killed run leaves some of it behind.
awk -v header=$HEADER 'BEGIN {
    print header
    for (n = 1; n <= 5100; n++)
        print n ",Deal " n "," n ",Open,"
}' >"$T/in.csv"
stage() { sed -i "s/^[0-9]* = Open/$1 = Open/" "$T/m.conf"; }
save() { cp "$T/deals.db" "$T/$1.db"; }
restore() { rm -f "$T"/deals.db* && cp "$T/$1.db" "$T/deals.db"; }

# settles TEXT STAGE: run under the mapping with this stage, every deal has its values.
settles() {
    stage "$2"
    "$BUILD/dealsync" sync csv >"$T/out" 2>"$T/err" || bad=1
    deals >"$T/actual"
    cmp -s "$T/expected.$2" "$T/actual" || { echo "# step $n of $steps: $1" && bad=1; }
}

run 0 sync csv
deals >"$T/expected.20"
sed 's/|20|/|60|/' "$T/expected.20" >"$T/expected.60"
save loaded
stage 60
steps=$(steps_of sync csv)
bad=0 begun=0
for ((n = 1; n <= steps; n++)); do
    restore loaded
    stage 60
    DEALSYNC_DIE_AT=$n "$BUILD/dealsync" sync csv >"$T/out" 2>"$T/err"
    if [ "$(sql 'SELECT count(DISTINCT stage) FROM deals')" -eq 2 ]; then
        begun=$((begun + 1))
        save part
        settles 'not all went on' 60
        restore part
    fi
    settles 'not all went back' 20
done
ok "some of the $steps killed runs had done a part ($begun)" test "$begun" -gt 0
is 'a change killed part way goes on, or is taken back: every deal has the values of the mapping' 0 "$bad"

# --- a conflict on a field that is mapped no more -------------------------------------------------

rm -f "$T"/deals.db*
{ echo $HEADER && row 1 first && row 2 first; } >"$T/in.csv"
run 0 sync csv
sql "UPDATE deals SET notes = 'ours'"
{ echo $HEADER && row 1 theirs && row 2 theirs; } >"$T/in.csv"
run 3 sync csv
is 'both wrote: a conflict' 2 "$(sql "SELECT count(*) FROM v_open_conflicts WHERE field = 'notes'")"
sed -i '/^notes/d' "$T/m.conf"
run 0 sync csv
is 'a conflict ends when the mapping gives its field no more' 0 "$(sql 'SELECT count(*) FROM v_open_conflicts')"
is 'and ours stays' ours "$(sql 'SELECT DISTINCT notes FROM deals')"

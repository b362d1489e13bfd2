#!/usr/bin/env bash
# What stops before it is a deal, or a change of one: rejected records that are mended go away, a change that a
# rule forbids is a conflict naming the rule, and a run that nobody watches still says what a person must know.
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

# row ID [COLUMN=VALUE...]: a line of the export; what is not named is as usual.
row() {
    local id=$1 name="Deal $1" value=100 stage=Open shared='' help='' consent='' email='' \
        solution=SOL-1 tag="T-$1"
    shift
    [ $# -eq 0 ] || local "$@"
    echo "$id,$name,$value,$stage,$shared,$help,$consent,$email,$solution,$tag"
}

# export_of: the lines of the standard input are the export.
export_of() {
    { echo id,name,value,stage,shared,help,consent,email,solution,tag && cat; } >"$T/in.csv"
}

# start [LINE...]: an empty store, and a connection with these settings.
start() {
    rm -f "$T"/deals.db*
    map_file <<'CONF'
contact_first_name = "Ada"
contact_last_name = "Byron"
contact_phone = "+49 30 5678"
contact_email = email
consent = consent
visibility = shared
help = help
solutions = solution
crm_id = tag
[stage]
from = stage
[stages]
20 = Open
won = Won
CONF
    printf '%s\n' '[store]' 'path = deals.db' '[connection csv]' 'connector = file' "path = $T/in.csv" \
        'id = id' 'mapping = m.conf' 'shareable_solutions = SOL-1' "$@" >"$T/dealsync.conf"
}

rejects() { sql 'SELECT count(*) FROM rejects'; }
export DEALSYNC_NOW=2026-08-21T06:00:00Z

# --- rejected records that are mended -------------------------------------------------------------

start
export_of < <(row 1 && row '' name=Nameless)
run 3 sync csv
is 'a row without an id is rejected' 1 "$(rejects)"
export_of < <(row 1 && row 2 name=Nameless)
run 0 sync csv
is 'with its id it is a deal, and no longer rejected' '0|2' "$(rejects)|$(sql 'SELECT count(*) FROM deals')"

export_of < <(row 1 && row 2 && row 2 name=Double)
run 3 sync csv
is 'an id that is there twice is rejected' 1 "$(rejects)"
{ row 1 && printf '2,"cut off'; } | export_of
run 65 sync csv
is 'half an export ends no rejection (P-7)' 1 "$(rejects)"
export_of < <(row 1 && row 2)
run 0 diff csv
is 'a dry run ends none either (P-6)' 1 "$(rejects)"
run 0 sync csv
is 'once it is there only once it is rejected no more' 0 "$(rejects)"

export_of < <(row 1 && row 2 value=abc)
run 3 sync csv
is 'a linked record that cannot be read is rejected' 1 "$(rejects)"
export_of < <(row 1 && row 2)
run 0 sync csv
is 'back at its old content it is rejected no more' 0 "$(rejects)"
state >"$T/before"
run 0 sync csv
state >"$T/after"
ok 'and all is settled' cmp "$T/before" "$T/after"

export_of < <(row 1 && row 2 && row 3 solution='')
run 3 sync csv
export_of < <(row 1 && row 2)
run 0 sync csv
is 'a rejected row that has left the export is forgotten' 0 "$(rejects)"

# --- what sharing and help need (R-3, R-41, R-42) -------------------------------------------------

start
export_of < <(row 1 consent=yes && row 2 consent=no email=ada@example.com && row 3 consent=yes solution=SOL-9 &&
    row 4 consent=yes && row 5 consent=yes && row 6)
run 0 sync csv
is 'private deals need neither' '6 fetched: 6 created' "$(sum)"
export_of < <(row 1 consent=yes help=quotes && row 2 consent=no email=ada@example.com help=quotes &&
    row 3 consent=yes solution=SOL-9 shared=yes && row 4 consent=yes shared=yes &&
    row 5 consent=yes email=ada@example.com help=quotes shared=yes && row 6 shared=yes)
run 3 sync csv
is 'four ask for what they lack, two have all of it' '6 fetched: 2 updated, 4 conflicts' "$(sum)"
is 'a conflict names its rule' '1|help|R-41
2|help|R-42
3|visibility|R-3
6|visibility|R-42' "$(sql 'SELECT remote_id, field, rule FROM v_open_conflicts ORDER BY 1')"
is 'and shares nothing' '1|no|none
2|no|none
3|no|none
4|yes|none
5|yes|quotes
6|no|none' "$(sql 'SELECT id, visibility, help FROM deals ORDER BY 1')"
export_of < <(row 1 consent=yes help=quotes email=ada@example.com &&
    row 2 consent=yes email=ada@example.com help=quotes && row 3 consent=yes shared=yes &&
    row 4 consent=yes shared=yes && row 5 consent=yes email=ada@example.com help=quotes shared=yes && row 6)
run 3 sync csv
is 'with what was missing they are shared; consent cannot be given later (R-42)' '1|no|quotes
2|no|none
3|yes|none' "$(sql 'SELECT id, visibility, help FROM deals WHERE id < 4 ORDER BY 1')"
is 'their conflicts are closed' 2 "$(sql 'SELECT DISTINCT remote_id FROM v_open_conflicts')"

# --- a CRM id that is taken (R-35) ----------------------------------------------------------------

start
export_of < <(row 1 && row 2)
run 0 sync csv
export_of < <(row 1 && row 2 tag=T-1)
run 3 sync csv
is 'the id of another deal is a conflict' '2|crm_id|R-35' \
    "$(sql 'SELECT remote_id, field, rule FROM v_open_conflicts')"
is 'and is not taken' 'T-1,T-2' "$(sql 'SELECT group_concat(crm_id) FROM (SELECT crm_id FROM deals ORDER BY id)')"
export_of < <(row 1 && row 2 tag=T-3)
run 0 sync csv
is 'one that is free is taken' 'T-3|0' \
    "$(sql 'SELECT crm_id, (SELECT count(*) FROM v_open_conflicts) FROM deals WHERE id = 2')"

# --- a run that nobody watches --------------------------------------------------------------------

start
export_of < <(row 1 && row 2 && row 3)
run 0 sync csv
export_of < <(row 1 stage=Renamed && row 2 stage=Renamed && row 3 value=7)
run 3 sync csv
has 'it names the stage that no line maps, and how many records hold it (R-72)' "Renamed.* 2 " "$T/out"
is 'their deals stay where they are (R-68)' 20 "$(sql 'SELECT DISTINCT stage FROM deals')"

# --- a backfill where a load has been complete (P-8) ----------------------------------------------

start 'guard_count = 5' 'guard_percent = 10'
export_of < <(for n in {1..20}; do row "$n"; done)
run 2 diff csv --exit-code
run 0 backfill csv
run 0 diff csv --exit-code
is 'the first one is not guarded' 20 "$(sql 'SELECT count(*) FROM deals')"
export_of < <(for n in {1..4}; do row "$n" value=999; done && for n in {5..24}; do row "$n"; done)
state >"$T/before"
run 4 backfill csv
has 'changes and new deals count together' '8 of 20 deals \(guard_count is 5, guard_percent 10\)' "$T/err"
has 'nothing was written, it says' 'nothing was written' "$T/err"
state >"$T/after"
ok 'nor was it' cmp "$T/before" "$T/after"
run 0 diff csv --backfill --out "$T/plan.json"
has 'a dry run plans the same' '8 of 20 deals' "$T/out"
run 0 apply "$T/plan.json"
is 'which is carried out when a person applies it' '8 fetched: 4 created, 4 updated' "$(sum)"
run 0 diff csv --exit-code --backfill

# --- a run that fails half way --------------------------------------------------------------------

start
awk 'BEGIN { for (n = 1; n <= 12000; n++) print n ",Deal,100,Open,,,,,SOL-1,T-" n }' | export_of
# A limit on the size of files stands for a disk that is full.
(
    trap '' XFSZ
    ulimit -f 7000
    run 74 sync csv
)
kept=$(sql 'SELECT count(*) FROM deals')
ok "some batches were kept ($kept)" test "$kept" -gt 0 -a "$kept" -lt 12000
is 'the run counts what was kept, and no more' "failed|$kept" "$(sql 'SELECT state, created FROM runs')"
run 0 sync csv
is 'the next one does the rest' "12,000 deals" "$(sql "SELECT printf('%,d deals', count(*)) FROM deals")"

# --- deleted in the CRM ---------------------------------------------------------------------------

start_sim --count 30
configure
clock 2026-08-21T06:00:00Z
rm -f "$T"/deals.db*
run 0 sync sf
linked=$(some salesforce open 1)
fixed=$(some salesforce open 2)
product=$(sim_get "record?crm=salesforce&id=$fixed" | jq -r .Product_Code__c)
fresh=$(sim create '{"crm":"salesforce","set":{"Name":"Nobody knows","StageName":"Prospecting"}}' | jq -r .id)
edit salesforce "$linked" Product_Code__c 'No such product'
edit salesforce "$fixed" Product_Code__c 'No such product'
clock 2026-08-21T06:10:00Z
run 3 sync sf
is 'three records are rejected' 3 "$(rejects)"
edit salesforce "$fixed" Product_Code__c "$product"
for record in "$linked" "$fresh"; do sim delete "{\"crm\":\"salesforce\",\"id\":\"$record\"}" >/dev/null; done
clock 2026-08-21T06:30:00Z
run 0 sync sf
is 'mended or deleted, they are rejected no more' 0 "$(rejects)"
is 'a deal stays when its record is deleted' 30 "$(sql 'SELECT count(*) FROM deals')"

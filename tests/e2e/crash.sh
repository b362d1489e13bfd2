#!/usr/bin/env bash
# P-4: the process is killed at every durable effect, one after another, and run again; each time the end
# is that of a run that nobody killed. P-2: a cursor never passes data that is not there.
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 90 --page 20
configure 'guard_count = 1000'
sed -i '/^connector = dynamics/a parallel = 1' "$T/dealsync.conf" # so that every run takes the same steps
clock 2026-08-21T06:00:00Z

save() { rm -rf "${T:?}/$1"; mkdir "$T/$1"; for f in "$T"/deals.db*; do [ -e "$f" ] && cp "$f" "$T/$1/"; done; }
restore() { rm -f "$T"/deals.db*; for f in "$T/$1"/deals.db*; do [ -e "$f" ] && cp "$f" "$T/"; done; }

# everywhere TEXT START ARGUMENTS...: dies at each step of the command, from the saved start.
everywhere() {
    local text=$1 start=$2 steps n status bad=0
    shift 2
    restore "$start"
    steps=$(steps_of "$@")
    state >"$T/expected"
    [ "$steps" -gt 2 ] || bad=1
    for ((n = 1; n <= steps; n++)); do
        restore "$start"
        DEALSYNC_DIE_AT=$n "$BUILD/dealsync" "$@" >"$T/out" 2>"$T/err"
        status=$?
        [ $status -eq 137 ] || { echo "# step $n: exit status $status, not killed"; bad=1; }
        "$BUILD/dealsync" "$@" >"$T/out" 2>"$T/err"
        state >"$T/actual"
        if ! diff "$T/expected" "$T/actual" >"$T/difference"; then
            echo "# wrong after dying at step $n of $steps"
            head -n 10 "$T/difference" | sed 's/^/# /'
            bad=1
        fi
        # Settled: once more, and nothing is written.
        "$BUILD/dealsync" "$@" >"$T/out" 2>"$T/err"
        state >"$T/again"
        cmp -s "$T/actual" "$T/again" || { echo "# step $n: not settled"; bad=1; }
    done
    is "$text: every one of its $steps steps" 0 $bad
}

mkdir "$T/empty"
everywhere 'first load' empty sync sf
save loaded

update=$(some salesforce open 1)
clash=$(some salesforce open 2)
won=$(some salesforce open 3)
broken=$(some salesforce open 4)
edit salesforce "$update" StageName Engaging
edit salesforce "$clash" CloseDate 2027-01-31
edit salesforce "$won" StageName Won
edit salesforce "$broken" Product_Code__c 'No such product'
sim create '{"crm":"salesforce","set":{"Name":"Nobody knows","StageName":"Prospecting"}}' >/dev/null
sql "UPDATE deals SET close_date = '2027-02-28' WHERE id = $(deal_of "$clash")"
sql "UPDATE deals SET visibility = 'yes' WHERE id = $(deal_of "$won")"
save edited
clock 2026-08-21T07:00:00Z
everywhere 'update, conflict, hold and rejections' edited sync sf
save held

clock 2026-08-25T06:00:00Z
everywhere 'release of a hold' held sync sf
everywhere 'backfill' empty backfill dv

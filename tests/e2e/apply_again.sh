#!/usr/bin/env bash
# An apply that was interrupted is given again: it knows what it has done, and does the rest (P-4).
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/replay.sh
. "$HERE/replay.sh"
# shellcheck source=tests/kill.sh
. "$HERE/kill.sh"

PREPARE=planned # for the stamps of the records are other ones each time

# What the last apply says of items that were not carried out, and of those that were before.
refused() { grep -c '^  ?' "$T/out"; }
before() { sed -nE 's/^([0-9]+) items? of the plan (was|were) carried out before/\1/p' "$T/out"; }

at() {
    export DEALSYNC_NOW=$1
    tell clock "{\"now\":\"$1\"}" >/dev/null
}

# prepared CONNECTION CRM NAME: edits on both sides, none of them in conflict; a plan of six items.
prepared() {
    CONNECTION=$1 CRM=$2
    world --count 40 --page 20
    configure 'direction = both' 'create = yes' 'guard_count = 1000'
    sed -i '/^\[connection sf\]/a key_field = Deal_Key__c' "$T/dealsync.conf"
    rm -f "$T"/deals.db*
    at 2026-08-21T06:00:00Z
    run 0 sync "$CONNECTION"
    mapfile -t id < <(sim_get "find?crm=$CRM&where=open&n=9" | jq -r '.ids[]')
    for n in 0 1; do theirs $n "$3" "Renamed $n"; done
    for n in 2 3; do ours $n close_date 2029-05-0$n; done
    theirs 4 "$3" 'Theirs'
    ours 4 close_date 2029-06-07
    sql "INSERT INTO deals(name, value, currency, close_date, customer_name, customer_country)
        VALUES ('Born here', '99.5', 'USD', '2029-09-09', 'Somebody', 'US')"
    at 2026-08-21T07:00:00Z
    save edited
    here edited
    is "$CONNECTION: a plan of six items" 6 "$(jq .count "$T/plan.json")"
}

# again TEXT ARGUMENTS...: dies at each step of an apply, and gives it again.
again_everywhere() {
    local text=$1 steps n status bad=0
    shift
    here edited
    steps=$(steps_of "$@")
    ends >"$T/expected"
    [ "$steps" -gt 1 ] || bad=1
    for ((n = 1; n <= steps; n++)); do
        here edited
        { DEALSYNC_DIE_AT=$n "$BUILD/dealsync" "$@" >"$T/out"; } 2>"$T/err"
        "$BUILD/dealsync" "$@" >"$T/out" 2>"$T/err"
        status=$?
        [ "$status $(refused)" = '0 0' ] || {
            echo "# after step $n of $steps: exit status $status"
            grep '^  ?' "$T/out" | sed 's/^/# /'
            bad=1
        }
        ends >"$T/actual"
        diff -a "$T/expected" "$T/actual" >"$T/difference" && continue
        echo "# other ends after dying at step $n of $steps"
        bad=1
    done
    is "$text: after each of its $steps steps" 0 $bad
}

story() {
    prepared "$@"
    again_everywhere "$1" apply "$T/plan.json"

    here edited
    run 0 apply "$T/plan.json"
    run 0 apply "$T/plan.json"
    is "$1: given a second time it has nothing to do" '6 0' "$(before) $(refused)"
    run 0 apply "$T/plan.json" --format json
    is "$1: in JSON" '6 0' "$(jq -r '.summary | "\(.done) \(.refused)"' "$T/out")"
    edit "$2" "${id[0]}" "$3" 'Renamed by somebody else'
    run 3 apply "$T/plan.json"
    is "$1: what has moved since is refused all the same" '5 1' "$(before) $(refused)"

    here edited
    run 0 apply "$T/plan.json" --only field=name
    run 0 apply "$T/plan.json" --only field=name
    is "$1: a part of it, too" 4 "$(before)"

    here edited
    run 0 apply "$T/plan.json"
    run 0 undo 2 --out "$T/undo.json"
    run 3 apply "$T/undo.json"
    n=$(mutations "$2")
    run 3 apply "$T/undo.json"
    is "$1: an undo that was done" "0 $n" "$(refused) $(mutations "$2")"
}

story sf salesforce Name
story dv dynamics name

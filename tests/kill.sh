# shellcheck shell=bash
# kill.sh - dying everywhere; sourced behind replay.sh
#
# Each test names a start, what to do from there, and what to do before the ends are compared. The start
# is a saved store and a list of what to tell a new simulator, so that every step finds the same.

# here START: both sides as they were there.
here() {
    restore "$1"
    again
    [ ! -s "$T/$1/prepare" ] || . "$T/$1/prepare" >"$T/prepared" 2>&1
}

# ends: the CRM as it is, and both sides after another sync: a run that was made good has sent everything,
# and once more it looks at what it wrote itself.
ends() {
    echo "not confirmed: $(sql 'SELECT count(*) FROM outbox')"
    sim_get "state?crm=$CRM&stamps=no"
    "$BUILD/dealsync" sync "$CONNECTION" >"$T/out" 2>"$T/err"
    echo "settled with $?"
    both_sides "$CRM"
    echo "writes: $(mutations "$CRM")"
}

# everywhere TEXT START ARGUMENTS...: dies at each step of the command, from the start; runs it again, and
# ends as without.
everywhere() {
    local text=$1 start=$2 steps n status bad=0
    shift 2
    here "$start"
    steps=$(steps_of "$@")
    ends >"$T/expected"
    both_sides "$CRM" >"$T/before"
    n=$(mutations "$CRM")
    "$BUILD/dealsync" sync "$CONNECTION" >"$T/out" 2>"$T/err"
    both_sides "$CRM" >"$T/after"
    ok "$text: the run after that is silent" cmp "$T/before" "$T/after"
    is "$text: on both sides" "$n" "$(mutations "$CRM")"
    [ "$steps" -gt 1 ] || bad=1
    for ((n = 1; n <= steps; n++)); do
        here "$start"
        { DEALSYNC_DIE_AT=$n "$BUILD/dealsync" "$@" >"$T/out"; } 2>"$T/err"
        status=$?
        [ $status -eq 137 ] || { echo "# step $n: exit status $status, not killed"; bad=1; }
        "$BUILD/dealsync" "$@" >"$T/out" 2>"$T/err"
        status=$?
        ends >"$T/actual"
        diff "$T/expected" "$T/actual" >"$T/difference" && continue
        echo "# other ends after dying at step $n of $steps (then exit status $status)"
        head -n 10 "$T/difference" | cut -c1-300 | sed 's/^/# /'
        bad=1
    done
    is "$text: every one of its $steps steps" 0 $bad
}

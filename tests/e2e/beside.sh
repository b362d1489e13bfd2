#!/usr/bin/env bash
# While the requests of a run are on their way nobody has to wait for the store: another program writes it
# between each of them, and what it writes is looked at.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

# beside ARGUMENTS...: runs, and lets another program write all the while, which waits for a fifth of a second at
# most; tells how often it could, and how often it could not.
beside() {
    local done=0 locked=0

    "$BUILD/dealsync" "$@" >"$T/out" 2>"$T/err" &
    while kill -0 $! 2>/dev/null; do
        if sqlite3 -batch -cmd '.timeout 200' "$T/deals.db" \
            "UPDATE deals SET campaign_id = 'c$done' WHERE id = 1" 2>>"$T/locked"; then
            done=$((done + 1))
        else
            locked=$((locked + 1))
        fi
        sleep 0.02
    done
    wait $!
    status=$?
    echo "# $* ended with $status; written $done times beside it, locked out $locked times"
    ok "$*: others write" test "$done" -gt 5
    is "$*: and are never locked out" 0 $locked
}

story() { # connection crm
    local c=$1 crm=$2

    start_sim --count 24 --page 20
    configure 'guard_count = 1000' 'direction = both' 'batch = 1'
    rm -f "$T"/deals.db*
    clock 2026-08-21T06:00:00Z
    run 0 sync "$c"
    sql "UPDATE deals SET close_date = '2029-01-01' WHERE id > 1 AND status = 'accepted'" >/dev/null
    sim fault "{\"crm\":\"$crm\",\"kind\":\"latency\",\"ms\":400}" >/dev/null
    clock 2026-08-21T07:00:00Z
    beside sync "$c"
    is "$c: all of it was sent" "0 $(sql "SELECT count(*) FROM deals WHERE close_date = '2029-01-01'")" \
        "$(sql 'SELECT count(*) FROM outbox') $(sim_get "state?crm=$crm&stamps=no" | grep -c 2029-01-01)"
    sim reset '{}' >/dev/null
    run 0 sync "$c"
    is "$c: and nothing is left to look at" 0 "$(sql 'SELECT count(*) FROM touched')"
}

story sf salesforce
story dv dynamics

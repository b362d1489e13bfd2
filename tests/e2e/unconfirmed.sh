#!/usr/bin/env bash
# What was sent, and not confirmed, is not forgotten by what people do in between (P-4, P-11).
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

pushed() { sql "SELECT count(*) FROM history WHERE kind = 'pushed' AND deal = $deal"; }

# fresh CONNECTION CRM: a date that was sent, and whose answer was lost before or after it was kept.
fresh() {
    start_sim --count 6 --page 20
    configure 'guard_count = 1000' 'direction = both' 'retries = 0'
    rm -f "$T"/deals.db*
    clock 2026-08-21T06:00:00Z
    run 0 sync "$1"
    id=$(some "$2" open 1)
    deal=$(deal_of "$id")
    sql "UPDATE deals SET close_date = '2029-02-03' WHERE id = $deal"
}

lose() { # CONNECTION CRM KIND
    sim fault "{\"crm\":\"$2\",\"match\":\"$([ "$2" = salesforce ] && echo 'PATCH ' || echo 'POST /api/data')\",\"kind\":\"$3\",\"times\":1}" >/dev/null
    run 69 sync "$1"
    is "$1, $3: the intent is kept" 1 "$(sql 'SELECT count(*) FROM outbox')"
}

story() { # connection crm
    local c=$1 crm=$2

    fresh "$c" "$crm"
    lose "$c" "$crm" cut_after
    state >"$T/before"
    run 75 unlink "$c" "$id"
    has "$c: it cannot be unlinked yet" "a write to record '$id' is not confirmed yet" "$T/err"
    has "$c: and says what to do" "dealsync sync $c" "$T/err"
    run 75 unlink "$c" "$id" --dry-run
    state >"$T/after"
    ok "$c: nothing is written" cmp "$T/before" "$T/after"
    run 0 sync "$c"
    run 0 unlink "$c" "$id"
    is "$c: after a sync it can, and the history has the write" 1 "$(pushed)"
    is "$c: as one of the run that sent it" 2 "$(sql "SELECT run FROM history WHERE kind = 'pushed'")"

    # a run that came to its end leaves what the CRM put off, and that has not happened
    fresh "$c" "$crm"
    lose "$c" "$crm" cut_before
    sql "UPDATE runs SET state = 'done'"
    run 0 unlink "$c" "$id"
    is "$c: what was put off does not hold it" '0 0' "$(sql 'SELECT count(*) FROM outbox') $(pushed)"

    # the connection sends nothing any more: what has happened is told, what has not is let go
    for way in cut_after cut_before; do
        fresh "$c" "$crm"
        lose "$c" "$crm" $way
        sed -i 's/^direction = both/direction = pull/' "$T/dealsync.conf"
        n=$(writes)
        run 0 sync "$c"
        run 0 sync "$c"
        is "$c, $way: nothing is sent" "$n" "$(writes)"
        is "$c, $way: nothing waits" 0 "$(sql 'SELECT count(*) FROM outbox')"
        is "$c, $way: the history has what happened" "$([ $way = cut_after ] && echo 1 || echo 0)" "$(pushed)"
    done
}

story sf salesforce
story dv dynamics

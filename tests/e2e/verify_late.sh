#!/usr/bin/env bash
# A fetch ends a little before now. What has changed behind its end is asked for by its id before `verify` tells
# that it is out of sight (M-53).
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

# sight TEXT CONNECTION EXPECTED: a verify tells so many.
sight() {
    run 0 verify "$2" --format json
    is "$1" "$3" "$(jq .summary.vanished "$T/out")"
}

story() { # connection crm name value filter
    local c=$1 crm=$2 name=$3 value=$4 filter=$5 id n

    start_sim --count 30 --page 20
    configure 'guard_count = 1000' 'direction = both'
    rm -f "$T"/deals.db*
    clock 2026-08-21T06:00:00Z
    run 0 sync "$c"
    clock 2026-08-21T07:00:00Z
    sight "$c: all are there" "$c" 0

    for n in 1 2 3; do edit "$crm" "$(some "$crm" open $n)" "$name" "Renamed $n"; done
    sight "$c: changed there this minute" "$c" 0
    sql "UPDATE deals SET value = '77' WHERE id = $(deal_of "$(some "$crm" open 4)")"
    run 0 sync "$c"
    sight "$c: written by us this minute" "$c" 0
    id=$(some "$crm" open 5)
    sim delete "{\"crm\":\"$crm\",\"id\":\"$id\"}" >/dev/null
    sight "$c: deleted this minute" "$c" 0
    sim undelete "{\"crm\":\"$crm\",\"id\":\"$id\"}" >/dev/null

    clock 2026-08-21T09:00:00Z
    run 0 sync "$c"
    edit "$crm" "$(some "$crm" open 6)" "$value" 1000000
    clock 2026-08-21T10:00:00Z
    run 0 sync "$c"
    sed -i "/^connector = $crm/a $filter" "$T/dealsync.conf"
    n=$(sql "SELECT count(*) FROM links l JOIN deals d ON d.id = l.deal WHERE CAST(value AS REAL) < 1000000")
    sight "$c: what a filter leaves out" "$c" "$n"
}

story sf salesforce Name Amount 'where = Amount > 999999'
story dv dynamics name estimatedvalue 'filter = estimatedvalue gt 999999'

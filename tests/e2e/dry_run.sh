#!/usr/bin/env bash
# P-6: a dry run writes nothing: not one byte of the store, not one mutating request.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 120
configure
strangers
clock 2026-08-21T06:00:00Z
for connection in sf dv; do
    run 0 diff $connection
    has "$connection: what would be created" '120 fetched: 120 created' "$T/out"
done
ok 'no store is made' test ! -e "$T/deals.db"
run 0 sync sf
run 0 sync dv
edit salesforce "$(some salesforce open 1)" Amount 5
edit dynamics "$(some dynamics open 1)" estimatedvalue 5
sql "UPDATE deals SET notes = 'ours' WHERE id = 2" # which a run would look at, and forget
clock 2026-08-21T06:20:00Z
sha256sum "$T/deals.db" >"$T/before"
for command in 'diff sf' 'diff dv' 'diff sf --backfill' 'diff sf --format json' 'check' 'stages sf' 'status' \
    'conflicts' 'rejects' 'holds' 'runs' 'explain 1'; do
    # shellcheck disable=SC2086
    "$BUILD/dealsync" $command >"$T/out" 2>"$T/err" || { [ $? -eq 3 ] || echo "not ok - $command"; }
    sha256sum "$T/deals.db" >"$T/after"
    [ ! -s "$T/deals.db-wal" ] || echo "not ok - $command writes to the journal"
    ok "$command leaves the store byte for byte" cmp "$T/before" "$T/after"
done
chmod 555 "$T"
run 0 diff sf
chmod 755 "$T"
is 'no request changed anything' 0 "$(sim_get stats | jq .mutating)"

#!/usr/bin/env bash
# P-12: a sync that finds 1,000 changed records does the same work in a store of any number of links, and
# verify goes through all of them in bounded memory. What is counted is what the program reads and writes,
# not time; `make bench` has the times, with a million links.
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

MANY=${MANY:-200000}

start_sim --count 1100 --page 500
configure 'guard_count = 5000' 'direction = both'
clock 2026-08-21T06:00:00Z
run 0 sync sf

many_edits 1000
clock 2026-08-21T07:00:00Z
sql 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
cp "$T/deals.db" "$T/few.db"
many_links "$MANY"
cp "$T/deals.db" "$T/many.db"

# io_of STORE ARGUMENTS...: KiB read and written by dealsync with that store, and its memory in MiB.
io_of() {
    rm -f "$T"/deals.db*
    cp "$T/$1.db" "$T/deals.db"
    shift
    # shellcheck disable=SC2016 # for the shell that is measured
    /usr/bin/time -f %M -o "$T/memory" bash -c '"$@" >"$0" 2>&1; echo $? >"$0.status"
        sed -n "s/^[rw]char: //p" /proc/$$/io >"$0.io"' "$T/out" "$BUILD/dealsync" "$@"
    read -r read_kib <"$T/out.io"
    read_kib=$((read_kib / 1024)) written_kib=$(($(tail -n 1 "$T/out.io") / 1024))
    mib=$(($(tail -n 1 "$T/memory") / 1024))
}

io_of few sync sf
few_read=$read_kib few_written=$written_kib
has 'a thousand records have changed' '1,000 fetched: .*updated' "$T/out"
io_of many sync sf
has 'and a thousand where many more are linked' '1,000 fetched: .*updated' "$T/out"
echo "# reads $few_read and $read_kib KiB, writes $few_written and $written_kib KiB"
ok 'as much is read among many links, but for deeper trees' test "$read_kib" -lt $((few_read * 3 / 2 + 4096))
ok 'as much is written' test "$written_kib" -lt $((few_written * 3 / 2 + 4096))

io_of few verify sf
few_mib=$mib
io_of many verify sf
has 'verify tells of all that it does not see' "^$MANY linked records are not" <(tr -d , <"$T/out")
echo "# verify: $few_mib and $mib MiB"
ok 'verify needs little more memory for many links' test "$mib" -lt $((few_mib + 24))

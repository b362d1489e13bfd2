#!/usr/bin/env bash
# Memory runs out, at one allocation after another: the run says so and ends, nothing is lost, and the runs
# that follow end as without it.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/replay.sh
. "$HERE/replay.sh"
# shellcheck source=tests/kill.sh
. "$HERE/kill.sh"

if ldd "$BUILD/dealsync" | grep -q asan; then
    echo 'skipped: the memory is the address sanitizer'\''s own'
    exit 0
fi
"${CC:-cc}" -std=c17 -D_GNU_SOURCE -O1 -shared -fPIC -o "$T/nomem.so" "$HERE/nomem.c" || exit 1
story sf salesforce Name
usually

# Runs dealsync short of the N-th allocation, or of none; OWN=1: of those in its own code.
starved() { # N ARGUMENTS...
    LD_PRELOAD=$T/nomem.so NOMEM_OWN=${OWN:-} NOMEM_AT=$1 NOMEM_COUNT=$T/count "$BUILD/dealsync" "${@:2}" \
        >"$T/out" 2>"$T/err"
}

# Of a dry run, every allocation of its own code: it costs little.
here edited
OWN=1 starved 0 diff sf
usual=$?
count=$(cat "$T/count")
cksum "$T/deals.db" >"$T/sum"
bad=0
for ((n = 1; n <= count; n++)); do
    { OWN=1 starved "$n" diff sf; } 2>"$T/shell"
    status=$?
    case $status in
    "$usual") ;;
    70) grep -q '^error: .*out of memory' "$T/err" || { echo "# $n: $(cat "$T/err")" && bad=1; } ;;
    *) echo "# $n of $count: exit status $status: $(head -n 2 "$T/err")" && bad=1 ;;
    esac
done
[ "$count" -gt 100 ] || bad=1
is "no memory for one of $count allocations of a dry run" 0 $bad
ok 'which writes nothing' cmp "$T/sum" <(cksum "$T/deals.db")

# hungry TEXT OWN MOST CODES: of a run that writes on both sides.
hungry() {
    local count n bad=0
    here edited
    OWN=$2 starved 0 sync sf
    count=$(cat "$T/count")
    for n in $(spread "$count" "$3"); do
        here edited
        { OWN=$2 starved "$n" sync sf; } 2>"$T/shell"
        made_good "allocation $n of $count" $? "$4" || bad=1
    done
    is "$1: no memory for one of $3 among $count allocations" 0 $bad
}

hungry 'its own code' 1 40 70
hungry 'its libraries, too' '' 30 '69 70 74 77 78'

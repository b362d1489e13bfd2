#!/usr/bin/env bash
# Every failure that the system can return, at every call or at calls evenly spread over a run: a clear
# message, the exit code of its kind, and nothing lost: the runs that follow end as without it.
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/replay.sh
. "$HERE/replay.sh"
# shellcheck source=tests/kill.sh
. "$HERE/kill.sh"

export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" # it would be traced itself
if ! strace -f -e trace=none true 2>"$T/err"; then
    echo "skipped: strace may not trace here: $(head -n 1 "$T/err")"
    exit 0
fi

story sf salesforce Name
usually
store=(-P "$T/deals.db" -P "$T/deals.db-wal" -P "$T/deals.db-shm" -P "$T/deals.db-lock")
files=("${store[@]}" -P "$T/dealsync.conf" -P "$T/salesforce.mapping.conf" -P "$T/tls/jwt.key" -P "$T/tls/ca.pem")

# fails CALL ERROR MOST CODES PATHS...: the call fails once, the first time, the second, and so on.
fails() {
    local call=$1 error=$2 most=$3 codes=$4 count n bad=0
    shift 4
    here edited
    strace -f -qq -o "$T/trace" -e "trace=$call" "$@" "$BUILD/dealsync" sync "$CONNECTION" >"$T/out" 2>"$T/err"
    count=$(grep -c "$call(" "$T/trace")
    for n in $(spread "$count" "$most"); do
        here edited
        strace -f -qq -o "$T/trace" -e "trace=$call" "$@" -e "inject=$call:error=$error:when=$n" \
            "$BUILD/dealsync" sync "$CONNECTION" >"$T/out" 2>"$T/err"
        made_good "$call $n of $count fails with $error" $? "$codes" || bad=1
    done
    [ "$count" -gt 0 ] || bad=1
    is "$call fails with $error, at $((count < most ? count : most)) of $count calls" 0 $bad
}

fails pwrite64 ENOSPC 10 74 "${store[@]}"
fails pwrite64 EIO 10 74 "${store[@]}"
fails pwrite64 EINTR 3 '' "${store[@]}"
fails pread64 EIO 8 74 "${store[@]}"
fails fdatasync EIO 8 74 "${store[@]}"
fails ftruncate EIO 8 74 "${store[@]}"
fails ftruncate ENOSPC 2 74 "${store[@]}"
fails mmap ENOMEM 4 74 "${store[@]}"
fails fcntl EIO 6 '74 75' "${store[@]}"
fails openat EACCES 14 '74 77 78' "${files[@]}"
fails openat EMFILE 14 '74 77 78' "${files[@]}"
fails socket EMFILE 2 69
fails connect ECONNREFUSED 3 69
fails connect ENETUNREACH 2 69
fails connect EINTR 2 69
fails recvfrom ECONNRESET 6 69
fails recvfrom EINTR 3 69
fails sendto EPIPE 6 69
fails poll EINTR 3 69
fails clone3 EAGAIN 3 ''

# Somebody writes to the store and does not stop.
here edited
(echo 'BEGIN IMMEDIATE;'; sleep 12) | sqlite3 "$T/deals.db" &
holder=$!
sleep 0.2
"$BUILD/dealsync" sync sf >"$T/out" 2>"$T/err"
status=$?
wait "$holder"
has 'a locked store: who' 'the store is busy.*deals.db' "$T/err"
is 'a locked store: the next run goes on' 75 $status
ok 'a locked store: nothing is lost' made_good 'a lock' $status 75

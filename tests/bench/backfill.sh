# shellcheck shell=bash
# shellcheck disable=SC2154 # timed sets them
# backfill.sh - first loads, against the larger of two floors measured in the same run; sourced by bench.sh
#
# transfer: curl asks the same questions over as many connections as the connector may use, with the same
#     latency, and throws the answers away. The order is the one of the connector, but nothing waits for
#     what an earlier answer says.
# local: dealsync reads the same records from a file, so that nothing travels. The file holds the texts that
#     the connector hands over, one JSON object a record.
# ratio: seconds to the larger of them. With latency it is to stay below 1.3: pages travel side by side
#     while others are worked on.

row() { printf '%-18s %5s %8s %8s %9s %5s %9s %8s %6s\n' "$@"; }

figures() { # NAME MS TRANSFER LOCAL; and ours, work, memory
    row "$1" "$2" "$ours" "$work" "$(awk -v n="$N" -v s="$ours" 'BEGIN { printf "%.0f", n / s }')" "$memory" \
        "$3" "$4" "$(ratio "$ours" "$(larger "$3" "$4")")"
}

fresh() {
    rm -f "$T"/deals.db*
    logged
}

backfill() { # CONNECTION; sets ours, work and memory
    best fresh "$BUILD/dealsync" backfill "$1"
    ours=$seconds work=$cpu memory=$mib
}

# The paths that a mapping reads, with commas between them.
paths_of() { # MAPPING
    awk '/^\[/ { fields = /^\[fields\]/ }
        / = / && !/"/ && (fields || $1 == "from") { print $3 }' "$1" | sort -u | paste -sd,
}

# Writes the records of a connection as JSON lines, and a connection CONNECTION-file that reads them.
export_records() { # CONNECTION ID
    local map shareable
    shareable=$(grep -m 1 '^shareable_solutions' "$T/dealsync.conf")
    map=$(sed -n "/^\[connection $1\]/,/^\[connection/s/^mapping = //p" "$T/dealsync.conf")
    drive "$1" fetch --paths "$(paths_of "$T/$map")" || die "no records of $1"
    jq -c 'select(.record) | .record.values' "$T/out" >"$T/$1.jsonl"
    : >"$T/out"
    cat >>"$T/dealsync.conf" <<CONF

[connection $1-file]
connector = file
path = $1.jsonl
id = $2
mapping = $map
$shareable
CONF
}

measure_local() { # CONNECTION ID; sets local_work
    export_records "$1" "$2"
    backfill "$1-file"
    local_work=$ours
    rm "$T/$1.jsonl"
    figures "$1 from a file" - 0 "$local_work"
}

# setting CONNECTION LINE: in place of the one that was set before.
setting() {
    sed -i -e '/^; bench$/,+1d' -e "/^\[connection $1\]/a ; bench\n$2" "$T/dealsync.conf"
}

# One way to read, with and without latency.
bench_way() { # NAME CONNECTION SETTING MS CONNECTIONS
    local ms
    setting "$2" "$3"
    for ms in 0 "$4"; do
        delayed "$ms"
        backfill "$2"
        curl_begin "$2"
        curl_questions "$2"
        best true curl --fail --parallel --parallel-immediate --parallel-max "$5" --config "$T/curl.conf"
        figures "$1" "$ms" "$seconds" "$local_work"
    done
    delayed 0
}

# A run that finds nothing new, with the store as the last backfill left it.
bench_nothing() { # CONNECTION
    logged
    best logged "$BUILD/dealsync" sync "$1"
    ours=$seconds work=$cpu memory=$mib
    curl_begin "$1"
    curl_questions "$1"
    best true curl --fail --config "$T/curl.conf"
    figures "$1, nothing new" 0 "$seconds" 0
}

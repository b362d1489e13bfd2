# shellcheck shell=bash
# replay.sh - one start, as often as a test wants it; sourced behind lib.sh
#
# A store is saved as files. A simulated remote is the same again when a new one has been told the same.

# --- the remotes -----------------------------------------------------------------------------------

# world OPTIONS...: the first simulator; it listens on the same ports ever after.
world() {
    WORLD=("$@")
    : >"$T/told"
    start_sim "$@"
    WORLD+=(--salesforce-port "${SALESFORCE##*:}" --dynamics-port "${DYNAMICS##*:}")
}

# tell WORD JSON: like sim, and from now on part of the world.
tell() {
    printf '%s\t%s\n' "$1" "$2" >>"$T/told"
    sim "$1" "$2"
}

# The world as it was after the last tell.
again() {
    start_sim "${WORLD[@]}"
    while IFS=$'\t' read -r word json; do
        json=${json//\\/\\\\}
        printf 'url = "%s/sim/%s"\ncacert = "%s"\nsilent\nfail\ndata-binary = "%s"\n' "$SALESFORCE" "$word" \
            "$T/tls/ca.pem" "${json//\"/\\\"}"
        printf 'output = "/dev/null"\nnext\n'
    done <"$T/told" | sed '$d' >"$T/told.curl"
    [ ! -s "$T/told.curl" ] || curl -K "$T/told.curl" || echo 'not ok - the world is told again'
}

# --- the store -------------------------------------------------------------------------------------

save() { rm -rf "${T:?}/$1" && mkdir "$T/$1" && copy "$T" "$T/$1"; }
restore() { rm -f "$T"/deals.db* && copy "$T/$1" "$T"; }
copy() { find "$1" -maxdepth 1 -name 'deals.db*' -exec cp -t "$2" {} +; }

# --- what both sides hold --------------------------------------------------------------------------

# The version of a record counts what was done to it, and its stamp is the second in which that was: here
# it matters only whether the link knows it.
both_sides() { # crm
    state | awk -F '|' -v OFS='|' '$1 == "link" { $4 = $4 == "" ? "unknown" : "known" } 1'
    sim_get "state?crm=$1&stamps=no"
}

# How many requests have changed the remote.
mutations() { # crm
    sim_get stats | jq ".$1.mutating"
}

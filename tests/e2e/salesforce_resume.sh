#!/usr/bin/env bash
# A first load that is killed at any step, and then meets an org that has forgotten where it was, ends a token or
# cuts an answer: the runs after it end where an undisturbed one does (P-1, P-4).
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 3000 --page 400
configure 'retries = 1'
sed -i '/^\[connection dv\]/,$d' "$T/dealsync.conf"
clock 2026-08-21T06:00:00Z
sim set '{"bulk_page":400}' >/dev/null

# What there is in the end; the history tells of as many runs as there were.
holds() { state | grep -Ev '^(history|connection)\|'; }

fault() { # MATCH KIND
    sim fault "{\"crm\":\"salesforce\",\"match\":\"$1\",\"after\":1,$2}" >/dev/null
}

gone='"content_type":"application/json","kind":"status","status"'
troubles() { # WAY: what comes, one after the other
    case $1 in
    always)
        echo '/jobs/query/750 "kind":"job_gone"'
        echo '/results "kind":"expire_token"'
        echo '/results "kind":"cut","times":2'
        echo "/results $gone:404,\"body\":\"[{\\\"errorCode\\\":\\\"NOT_FOUND\\\",\\\"message\\\":\\\"gone\\\"}]\""
        ;;
    never)
        echo "/query/0 $gone:400,\"body\":\"[{\\\"errorCode\\\":\\\"INVALID_QUERY_LOCATOR\\\",\\\"message\\\":\\\"lost\\\"}]\",\"times\":3"
        echo '/query/0 "kind":"expire_token"'
        echo '/query/0 "kind":"cut","times":2'
        echo '/queryAll "kind":"short_page","times":3'
        ;;
    esac
}

for way in always never; do
    sed -i "/^bulk = /d; /^user = /a bulk = $way" "$T/dealsync.conf"
    rm -f "$T"/deals.db*
    steps=$(steps_of backfill sf)
    holds >"$T/expected"
    is "bulk = $way: an undisturbed load" 3000 "$(grep -c '^link' "$T/expected")"
    mapfile -t trouble < <(troubles $way)
    wrong=0 troubled=0
    for ((n = 1; n <= steps; n++)); do
        read -r match kind <<<"${trouble[n % ${#trouble[@]}]}"
        rm -f "$T"/deals.db*
        DEALSYNC_DIE_AT=$n "$BUILD/dealsync" backfill sf >"$T/out" 2>"$T/err"
        fault "$match" "$kind"
        for tries in 1 2 3; do
            "$BUILD/dealsync" backfill sf >"$T/out" 2>"$T/err" && break
        done
        sim reset '{}' >/dev/null
        troubled=$((troubled + tries - 1))
        if ! cmp -s "$T/expected" <(holds) || [ "$tries" = 3 ]; then
            echo "# wrong after dying at step $n of $steps, with $match $kind"
            tail -n 2 "$T/err" | sed 's/^/# /'
            wrong=$((wrong + 1))
        fi
    done 2>"$T/killed"
    is "bulk = $way: killed at each of its $steps steps, and troubled then" 0 $wrong
    [ $way = never ] || ok 'some of the runs after it ended, too' test $troubled -gt 0
done

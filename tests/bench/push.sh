# shellcheck shell=bash
# shellcheck disable=SC2154 # timed sets them
# push.sh - deals that were changed in the store, written in the CRM; sourced by bench.sh
#
# floor: curl sends the same requests one after the other over one connection: what was asked is asked again,
#     and the same records are changed in requests of the same size. Bodies are made from the records' ids.

changed_ids() {
    sql "SELECT l.remote_id FROM links l JOIN deals d ON d.id = l.deal
        WHERE d.close_date = '2029-05-06' ORDER BY l.remote_id"
}

sf_body() { # FILE; ids on standard input
    jq -Rn '{allOrNone: false, records: [inputs | {attributes: {type: "Opportunity"}, id: ., CloseDate: "2029-05-07"}]}' >"$1"
}

dv_body() { # FILE; ids on standard input
    awk '
        BEGIN { body = "{\"estimatedclosedate\":\"2029-05-07\"}" }
        { printf "--dealsync\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n" \
            "Content-ID: %d\r\n\r\nPATCH /api/data/v9.2/opportunities(%s) HTTP/1.1\r\nAccept: application/json\r\n" \
            "OData-MaxVersion: 4.0\r\nOData-Version: 4.0\r\nIf-Match: *\r\nContent-Type: application/json\r\n" \
            "Content-Length: %d\r\n\r\n%s\r\n", NR, $1, length(body), body }
        END { printf "--dealsync--\r\n" }' >"$1"
}

# The requests that write, as the connectors make them with their defaults.
write_again() { # CONNECTION
    local file
    rm -f "$T"/ids.*
    changed_ids | split -l "$([ "$1" = sf ] && echo 200 || echo 100)" - "$T/ids."
    for file in "$T"/ids.*; do
        "$1_body" "$file.body" <"$file"
        if [ "$1" = sf ]; then
            curl_write PATCH "$SALESFORCE/services/data/v67.0/composite/sobjects" application/json "$file.body"
        else
            # shellcheck disable=SC2016 # a path
            curl_write POST "$DYNAMICS"'/api/data/v9.2/$batch' 'multipart/mixed; boundary=dealsync' "$file.body"
        fi
    done
}

requests() { sim_get stats | jq .requests; }

bench_push() { # CONNECTION MS
    local before
    delayed 0
    rm -f "$T"/deals.db*
    timed "$BUILD/dealsync" backfill "$1"
    sql "UPDATE deals SET close_date = '2029-05-06' WHERE id IN
        (SELECT id FROM deals WHERE status NOT IN ('won', 'lost') ORDER BY id LIMIT 1000)"
    delayed "$2"
    logged
    before=$(requests)
    timed "$BUILD/dealsync" sync "$1"
    before=$(($(requests) - before)) ours=$seconds work=$cpu memory=$mib
    curl_begin "$1"
    curl_questions "$1"
    write_again "$1"
    best true curl --fail --config "$T/curl.conf"
    row "$1" "$2" "$ours" "$work" "$before" "$memory" "$seconds" '' "$(ratio "$ours" "$seconds")"
    delayed 0
}

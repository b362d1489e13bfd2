#!/usr/bin/env bash
# bench.sh - how fast, and how much memory, against a floor measured in the same run
#
# For each connector: a backfill of N generated opportunities (default 200,000) into SQLite, and the floor:
# curl fetching the same bytes (from the same remote over one connection, or from the same file), then sqlite3
# importing the same rows. Then a run that finds nothing new, against curl asking the same questions. Ratios
# are what counts; seconds depend on the machine. N=1000000 make bench for more.
set -u
N=${N:-200000}
BUILD=$(cd "${BUILD:-build}" && pwd) || exit 1
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

die() {
    printf 'bench: %s\n' "$1" >&2
    sed 's/^/  /' "$T/bench.err" >&2
    exit 1
}

# timed COMMAND...: sets seconds, and the memory of the largest process in MiB.
timed() {
    /usr/bin/time -f '%e %M' -o "$T/time" "$@" >"$T/bench.out" 2>"$T/bench.err" || die "$* failed"
    read -r seconds kib < <(tail -n 1 "$T/time")
    mib=$((kib / 1024))
}

# Remembers how long the simulator's log is.
logged() {
    since=$(sim_get 'log?since=999999999999' | jq .next)
}

# A curl configuration that repeats what was asked since the sim's log was N entries long.
same_questions() { # CRM URL TOKEN
    sim_get "log?since=$since" |
        jq -r --arg crm "$1" --arg url "$2" '.requests[] | select(.crm == $crm and .method == "GET") | $url + .path' |
        while IFS= read -r url; do
            printf 'url = "%s"\noutput = /dev/null\n' "${url//\"/\\\"}"
        done >"$T/urls"
    cat >"$T/curl.conf" <<CONF
silent
show-error
fail
compressed
cacert = "$T/tls/ca.pem"
header = "Authorization: Bearer $3"
header = "Accept: application/json"
header = "OData-Version: 4.0"
header = "OData-MaxVersion: 4.0"
header = "Prefer: odata.maxpagesize=2000"
header = "Sforce-Query-Options: batchSize=2000"
CONF
    cat "$T/urls" >>"$T/curl.conf"
}

token_of() { # CONNECTION
    local curl=(curl --silent --fail --cacert "$T/tls/ca.pem")
    if [ "$1" = sf ]; then
        "${curl[@]}" -d grant_type=client_credentials -d client_id=sim-consumer-key \
            --data-urlencode 'client_secret=sim-client-secret!&=' "$SALESFORCE/services/oauth2/token"
    else
        "${curl[@]}" -d grant_type=client_credentials -d client_id=aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee \
            --data-urlencode 'client_secret=sim~secret+/=&%' --data-urlencode "scope=$DYNAMICS/.default" \
            "$DYNAMICS/11111111-2222-3333-4444-555555555555/oauth2/v2.0/token"
    fi | jq -r .access_token
}

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / (b > 0 ? b : 0.001) }'; }

import_floor() {
    sqlite3 -csv "$T/deals.db" 'SELECT * FROM deals' >"$T/rows.csv"
    rm -f "$T/floor.db"
    local columns
    columns=$(sqlite3 "$T/deals.db" "SELECT group_concat(name) FROM pragma_table_info('deals')")
    timed sqlite3 "$T/floor.db" "CREATE TABLE deals($columns)" ".import --csv $T/rows.csv deals"
}

line() { printf '%-12s %12s %9s %9s %9s %9s %8s\n' "$@"; }

# The figures of one backfill: sets ours, memory, fetched and imported before.
report() { # CONNECTION
    line "$1" "$(awk -v n="$N" -v s="$ours" 'BEGIN { printf "%.0f", n / s }')" "$ours" "$memory" "$fetched" \
        "$imported" "$(ratio "$ours" "$(awk -v a="$fetched" -v b="$imported" 'BEGIN { print a + b }')")"
}

backfill() { # CONNECTION
    rm -f "$T"/deals.db*
    timed "$BUILD/dealsync" backfill "$1"
    ours=$seconds memory=$mib
    import_floor
    imported=$seconds
}

bench_remote() { # CONNECTION CRM URL
    local token nothing
    logged
    backfill "$1"
    token=$(token_of "$1")
    same_questions "$2" "$3" "$token"
    timed curl --config "$T/curl.conf"
    fetched=$seconds
    report "$1"
    logged
    timed "$BUILD/dealsync" sync "$1"
    nothing=$seconds
    same_questions "$2" "$3" "$token"
    timed curl --config "$T/curl.conf"
    printf '%-12s nothing new: %s s, of which the remote %s s\n' '' "$nothing" "$seconds"
}

# A thousand changed records, in the store as it is and beside a million more links (P-12).
bench_links() {
    many_edits 1000
    sql 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
    cp "$T/deals.db" "$T/few.db"
    timed "$BUILD/dealsync" sync sf
    nothing=$seconds
    rm -f "$T"/deals.db*
    mv "$T/few.db" "$T/deals.db"
    many_links 1000000
    timed "$BUILD/dealsync" sync sf
    printf '%-12s 1000 changed: %s s, and %s s and %s MiB beside a million more links\n' '' "$nothing" "$seconds" "$mib"
    timed "$BUILD/dealsync" verify sf
    printf '%-12s verify of all of them: %s s, %s MiB\n' '' "$seconds" "$mib"
}

bench_file() {
    backfill csv
    timed curl --silent --output /dev/null "file://$T/export.csv"
    fetched=$seconds
    report csv
}

start_sim --count "$N"
configure
awk -v n="$N" 'BEGIN {
    print "id,name,account,street,city,country,stage,value,close,owner,email,phone,product,notes"
    split("Prospecting Engaging Won", stage)
    for (i = 0; i < n; i++)
        printf "OPP%08d,Opportunity %d,\"Acme, Inc. %d\",%d Main Street,Springfield,US,%s,%d.50,2027-%02d-%02d,Agent %d,agent%d@example.com,+1 555 0100,SOL-%d,call again\n",
            i, i, i % 997, i % 99, stage[i % 3 + 1], i % 100000, i % 12 + 1, i % 28 + 1, i % 35, i % 35, i % 7
}' >"$T/export.csv"
cat >"$T/csv.mapping.conf" <<'CONF'
[fields]
name = name
value = value
currency = "USD"
close_date = close
location = "1000001"
customer_name = account
customer_street = street
customer_city = city
customer_country = country
team.name = owner
team.email = email
team.phone = phone
solutions = product
notes = notes
[stage]
from = stage
[stages]
10 = Prospecting
20 = Engaging
won = Won
CONF
printf '[connection csv]\nconnector = file\npath = export.csv\nid = id\nmapping = csv.mapping.conf\n' >>"$T/dealsync.conf"
printf 'backfill of %s deals into SQLite\n' "$N"
line connection 'deals/s' seconds MiB 'curl s' 'import s' ratio
bench_remote sf salesforce "$SALESFORCE"
bench_links
bench_remote dv dynamics "$DYNAMICS"
bench_file

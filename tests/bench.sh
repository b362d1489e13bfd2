#!/usr/bin/env bash
# bench.sh - how fast, and how much memory, against floors measured in the same run
#
# For each connector: a backfill of BENCH_COUNT generated opportunities (default 200,000) into SQLite by each of
# its ways to read, without and with latency; a run that finds nothing new; a thousand changed deals written in
# the CRM. What the floors are is told in bench/backfill.sh and bench/push.sh. Ratios are what counts; seconds
# depend on the machine and on what else it does, so that BENCH_RUNS (default 1) takes the shortest of several.
# BENCH_COUNT=1000000 make bench for more; BENCH_ONLY="rest push" for some of: file bulk rest sequential ranged push
# links.
set -u
N=${BENCH_COUNT:-200000}
RUNS=${BENCH_RUNS:-1}
ONLY=${BENCH_ONLY:-file bulk rest sequential ranged push links}
BUILD=$(cd "${BUILD:-build}" && pwd) || exit 1
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/bench/measure.sh
. "$HERE/bench/measure.sh"
# shellcheck source=tests/bench/backfill.sh
. "$HERE/bench/backfill.sh"
# shellcheck source=tests/bench/push.sh
. "$HERE/bench/push.sh"
# shellcheck source=tests/bench/links.sh
. "$HERE/bench/links.sh"

wanted() { [[ " $ONLY " == *" $1 "* ]]; }

# An export as spreadsheets write it. What sqlite3 takes to import the same rows stands for the local work: no
# program that keeps them in SQLite can be quicker.
bench_csv() {
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
    backfill csv
    sqlite3 -csv "$T/deals.db" 'SELECT * FROM deals' >"$T/rows.csv"
    local columns read
    columns=$(sqlite3 "$T/deals.db" "SELECT group_concat(name) FROM pragma_table_info('deals')")
    best true curl --silent --output /dev/null "file://$T/export.csv"
    read=$seconds
    timed sqlite3 "$T/floor.db" "CREATE TABLE deals($columns)" ".import --csv $T/rows.csv deals"
    rm -f "$T"/floor.db "$T"/*.csv
    figures 'a CSV file' - "$read" "$seconds"
}

start_sim --count "$N"
configure
sed -i '/^\[connection dv\]/a tracking = off' "$T/dealsync.conf"
printf 'backfill of %s deals into SQLite, best of %s\n' "$N" "$RUNS"
row '' ms seconds cpu 'deals/s' MiB transfer local ratio
wanted file && bench_csv
if wanted bulk || wanted rest; then
    measure_local sf Id
    wanted bulk && bench_way 'sf by Bulk' sf 'bulk = always' 200 4
    wanted rest && bench_way 'sf by REST' sf 'bulk = never' 200 4
    bench_nothing sf
fi
if wanted sequential || wanted ranged; then
    measure_local dv opportunityid
    wanted sequential && bench_way 'dv one by one' dv 'parallel = 1' 300 1
    wanted ranged && bench_way 'dv by ranges' dv 'parallel = 8' 300 4 # as many as the hint says
    bench_nothing dv
fi
if wanted push; then
    start_sim --count 5000
    configure 'direction = both' 'guard_count = 100000'
    printf '\n1000 changed deals written in the CRM\n'
    row '' ms seconds cpu requests MiB curl '' ratio
    for ms in 0 200; do bench_push sf "$ms"; done
    for ms in 0 300; do bench_push dv "$ms"; done
fi
if wanted links; then
    start_sim --count "$N"
    configure
    bench_links
fi

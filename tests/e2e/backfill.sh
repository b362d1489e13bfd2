#!/usr/bin/env bash
# A backfill from exported files: the public dataset when it is there, and always one of our own.
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
export DEALSYNC_NOW=2026-08-21T06:00:00Z

# 1,200 rows shaped like the public dataset.
mkdir "$T/data"
awk 'BEGIN {
    print "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value"
    split("Won Lost Engaging Prospecting", stage); split("GTX Basic|GTXPro|MG Special", product, "|")
    for (i = 0; i < 1200; i++) {
        s = stage[i % 4 + 1]; open = i % 4 > 1
        account = open && i % 8 > 5 ? "" : "\"Acme, Inc.\""
        closed = open ? "" : "2017-03-01"
        value = open ? "" : i * (s == "Won")
        printf "ID%05d,Agent %d,%s,%s,%s,2017-01-%02d,%s,%s\r\n", i, i % 7, product[i % 3 + 1], account, s, \
            i % 28 + 1, closed, value
    }
}' >"$T/data/sales_pipeline.csv"
printf 'account,sector,office_location\n"Acme, Inc.",retail,United States\n' >"$T/data/accounts.csv"

# backfill DIRECTORY FIRST SECOND: with the strict sample mapping, then with the one that has defaults.
backfill() {
    local data=$1 strict=$2 again=$3 defaults=$4
    rm -f "$T"/deals.db*
    cp "$HERE"/../conf/maven*.mapping.conf "$T/"
    printf '[store]\npath = deals.db\n[connection maven]\nconnector = file\npath = %s\nid = opportunity_id\nlookup.account = accounts.csv account\nmapping = maven.mapping.conf\n' \
        "$data/sales_pipeline.csv" >"$T/dealsync.conf"
    run 3 backfill maven
    is 'every row has exactly one outcome' "$strict" "$(sum)"
    has 'missing fields are named' 'R-33' "$T/out"
    state >"$T/before"
    run 3 backfill maven
    is 'the same again changes nothing (P-3)' "$again" "$(sum)"
    state >"$T/after"
    ok 'and leaves the store as it was' cmp "$T/before" "$T/after"
    sed -i 's/maven.mapping.conf/maven-defaults.mapping.conf/' "$T/dealsync.conf"
    run 4 backfill maven
    has 'so many new deals at once want to be looked at' 'more|would change' "$T/err"
    run 0 diff maven --backfill --out "$T/plan.json"
    run 0 apply "$T/plan.json"
    is 'defaults that an admin chose let the others in' "$defaults" "$(sum)"
    run 0 backfill maven
    is 'and nothing is left to do' "${strict%%:*}: $(sql "SELECT printf('%,d unchanged', count(*)) FROM deals")" "$(sum)"
    is 'every value is one that the store takes' ok "$(sql 'PRAGMA integrity_check')"
    is 'nothing is rejected any more' 0 "$(sql 'SELECT count(*) FROM rejects')"
}

backfill "$T/data" '1,200 fetched: 600 created, 600 rejected' '1,200 fetched: 600 rejected, 600 unchanged' \
    '600 fetched: 600 created'

if [ -d "$PUBLIC_DATA" ]; then
    backfill "$PUBLIC_DATA" '8,800 fetched: 6,711 created, 2,089 rejected' \
        '8,800 fetched: 2,089 rejected, 6,711 unchanged' '2,089 fetched: 2,089 created'
    is 'won rows that are long closed are terminal deals (R-80)' '4238|10005534' \
        "$(sql "SELECT count(*), sum(value) FROM deals WHERE status = 'won' AND stage = 100")"
    is 'lost rows keep no percentage of their own (R-74)' 2473 "$(sql "SELECT count(*) FROM deals WHERE status = 'lost'")"
    is 'no holds for history' 0 "$(sql 'SELECT count(*) FROM holds')"
    is 'both spellings of one product are one solution' 1480 \
        "$(sql "SELECT count(*) FROM deals WHERE solutions LIKE '%PRO\"%' AND solutions NOT LIKE '%PLUS%'")"
else
    echo "skipped: the public dataset is not at $PUBLIC_DATA"
fi

#!/usr/bin/env bash
# The main job on Salesforce: first load, silence, then one of everything that can happen to a record.
# valgrind
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 300
configure
clock 2026-08-21T06:00:00Z

run 0 check sf
has 'check says who we are' 'sync@example.com' "$T/out"

run 0 diff sf
has 'a first diff would create deals' 'created' "$T/out"
ok 'a diff makes no store' test ! -e "$T/deals.db"

run 0 sync sf
is 'the first load' '300 fetched: 300 created' "$(sum)"
is 'deals in the store' 300 "$(sql 'SELECT count(*) FROM deals')"
is 'only standard stages' '' "$(sql 'SELECT DISTINCT stage FROM deals WHERE stage NOT IN (10,20,40,60,80,100)')"
is 'won is 100 %' 0 "$(sql "SELECT count(*) FROM deals WHERE (status = 'won') <> (stage = 100)")"
is 'countries are ISO codes' 0 "$(sql "SELECT count(*) FROM deals WHERE customer_country NOT GLOB '[A-Z][A-Z]'")"

state >"$T/before"
clock 2026-08-21T06:10:00Z
run 0 sync sf
is 'a second run finds nothing new' '0 fetched' "$(sum)"
run 0 backfill sf
is 'the same again changes nothing (P-3)' '300 fetched: 300 unchanged' "$(sum)"
state | grep -v '^connection' >"$T/after"
ok 'and leaves the store as it was' diff <(grep -v '^connection' "$T/before") "$T/after"

# Edits on both sides.
update=$(some salesforce open 1)
agree=$(some salesforce open 2)
clash=$(some salesforce open 3)
won=$(some salesforce open 4)
broken=$(some salesforce open 5)
edit salesforce "$update" StageName Engaging Amount 4321.50
edit salesforce "$agree" Amount 777
sql "UPDATE deals SET value = '777.00' WHERE id = $(deal_of "$agree")"
edit salesforce "$clash" CloseDate 2027-01-31
sql "UPDATE deals SET close_date = '2027-02-28' WHERE id = $(deal_of "$clash")"
edit salesforce "$won" StageName Won
sql "UPDATE deals SET visibility = 'yes' WHERE id = $(deal_of "$won")"
edit salesforce "$broken" Amount '' CloseDate ''
fresh=$(sim create '{"crm":"salesforce","set":{"Name":"Nobody knows","StageName":"Prospecting"}}' | jq -r .id)
clock 2026-08-21T06:20:00Z

cp "$T/deals.db" "$T/untouched.db"
run 2 diff sf --exit-code
sed -n '/~ /,$p' "$T/out" >"$T/diffed"
ok 'a diff leaves the store alone, byte for byte (P-6)' cmp "$T/deals.db" "$T/untouched.db"
run 3 sync sf -v
is 'one of everything' \
    '6 fetched: 1 updated, 1 held, 2 conflicts, 1 rejected, 1 unchanged' "$(sum)"
sed -n '/~ /,$p' "$T/out" >"$T/synced"
ok 'the sync did what the diff said' diff <(grep -E '^ *[~!=+x] ' "$T/diffed") <(grep -E '^ *[~!=+x] ' "$T/synced")
is 'M-2: ours became theirs' '20|4321.5' "$(sql "SELECT stage, value FROM deals WHERE id = $(deal_of "$update")")"
is 'M-4: both changed to the same value' 0 "$(sql "SELECT count(*) FROM conflicts WHERE deal = $(deal_of "$agree")")"
is 'M-5: ours stays, the conflict has all three values' '2027-02-28|2027-01-31' \
    "$(sql "SELECT ours, theirs FROM conflicts WHERE deal = $(deal_of "$clash") AND field = 'close_date'")"
is 'R-33, R-34: a linked deal is not emptied' '33,34' \
    "$(sql "SELECT group_concat(rule) FROM (SELECT rule FROM conflicts WHERE deal = $(deal_of "$broken") ORDER BY rule)")"
is 'R-78: won waits' 'accepted|1' \
    "$(sql "SELECT status, (SELECT count(*) FROM holds WHERE deal = d.id) FROM deals d WHERE id = $(deal_of "$won")")"
has 'the rejected record names all that is missing' 'value' "$T/out"
is 'the rejection is kept' 1 "$(sql "SELECT count(*) FROM rejects WHERE remote_id = '$fresh'")"

clock 2026-08-21T06:30:00Z
state | grep -v '^connection' >"$T/before"
run 3 sync sf
state | grep -v '^connection' >"$T/after"
ok 'seen again in the overlap, nothing changes' diff "$T/before" "$T/after"

run 0 conflicts
has 'conflicts shows the three values' '2027-02-28' "$T/out"
run 0 explain "$(deal_of "$update")"
has 'explain tells old and new' '4321.5' "$T/out"
run 3 status
has 'status counts what waits' 'conflict' "$T/out"

# 72 hours after the deal was made, with nothing new from the CRM.
clock 2026-08-24T06:00:00Z
run 3 sync sf
is 'a hold is carried out in time' 'won|100|0' \
    "$(sql "SELECT status, stage, (SELECT count(*) FROM holds WHERE deal = d.id) FROM deals d WHERE id = $(deal_of "$won")")"
edit salesforce "$won" StageName Engaging
clock 2026-08-24T06:20:00Z
run 3 sync sf
is 'R-62: a reopened opportunity is a conflict, the deal stays won' 'won|61' \
    "$(sql "SELECT d.status, c.rule FROM deals d JOIN conflicts c ON c.deal = d.id AND c.field = 'status' WHERE d.id = $(deal_of "$won")")"

# The rejected record is completed and becomes a deal.
edit salesforce "$fresh" Amount 10 CloseDate 2026-12-31 CurrencyIsoCode USD MPN_Location__c 1000001 \
    Product_Code__c 'GTX Basic' Account.Name Contoso Account.BillingCountry 'United States'
clock 2026-08-24T06:40:00Z
run 3 sync sf
is 'a mended record becomes a deal, its rejection ends' '1|0' \
    "$(sql "SELECT (SELECT count(*) FROM links WHERE remote_id = '$fresh'), (SELECT count(*) FROM rejects)")"

sim delete "{\"crm\":\"salesforce\",\"id\":\"$update\"}" >/dev/null
clock 2026-08-24T07:00:00Z
run 3 sync sf
has 'a deleted opportunity is told' '1 ignored' "$T/out"
is 'and its deal stays' 1 "$(sql "SELECT count(*) FROM deals WHERE id = $(deal_of "$update")")"

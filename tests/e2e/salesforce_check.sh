#!/usr/bin/env bash
# What `check` tells of a Salesforce org before a run does: who and where, the version's end, the budget, what the
# user may see and write, and what is switched on.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 40
configure 'key_field = Deal_Key__c'
sed -i '/^\[connection dv\]/,$d' "$T/dealsync.conf"
clock 2026-08-21T06:00:00Z

fails() {
    ! "$@"
}

# told TEXT PATTERN [SETTINGS]: with the org set so, a check says it.
told() {
    sim set "${3:-{\}}" >/dev/null
    "$BUILD/dealsync" check sf >"$T/out" 2>"$T/err"
    has "$1" "$2" "$T/out"
}

run 0 check sf
for line in "the org is '.*', in production, .*, on instance" "as 'sync@example.com'" \
    "API v67.0 \(Summer '26\), not retired before 2029-06; the newest here is v" \
    "[0-9]+ of 100000 daily requests of the org used .* stops at 80 % \('daily_share'\)" \
    "0 of 10000 daily Bulk query jobs used .* stops at 50 % \('bulk_share'\)" \
    "the user has 'View All Data'" 'the org has several currencies' 'team selling is on' \
    "creations are told apart by 'Deal_Key__c'" '[0-9]+ paths can be read'; do
    has "check tells: $line" "^  ok  .*$line" "$T/out"
done
hasnt 'and finds nothing wrong' '^  (warning|problem)' "$T/out"
mutating=$(sim_get stats | jq .salesforce.mutating)
is 'a check changes nothing' 0 "$mutating"

told 'a user who does not see everything (SF-22)' "^  warning .*neither 'View All Data' nor 'View All'" '{"view_all":false}'
told 'one who sees every opportunity, and not every account' "^  warning .*no 'View All' on Account: .*read as empty" \
    '{"view_records":true,"view_parents":false}'
hasnt 'what the mapping does not read is not told' 'on Contact' "$T/out"
drive sf check --paths Name,OpportunityContactRoles
has 'nor every contact' "\"warning\":\".*no 'View All' on Contact" "$T/out"
told 'one who sees them' "^  ok .*'View All' on Opportunity; private" '{"view_parents":true}'
hasnt 'is warned of nothing' "no 'View All' on" "$T/out"
sim set '{"view_all":true,"view_records":false}' >/dev/null
told 'a user who may not look at the setup' '^  ok .*View Setup' '{"view_setup":false}'
sim set '{"view_setup":true}' >/dev/null
told 'a sandbox' 'a sandbox' '{"sandbox":true}'
told 'team selling and person accounts' 'team selling is off' '{"team_selling":false,"person_accounts":true}'
has 'person accounts' 'person accounts are on' "$T/out"
sim set '{"sandbox":false,"team_selling":true,"person_accounts":false}' >/dev/null
told 'one currency (SF-58)' 'only orgs with several currencies have it' '{"multi_currency":false}'
sim set '{"multi_currency":true}' >/dev/null
told 'an app with a quota of its own (SF-18)' 'daily requests of this app used' '{"limit_info_app":"dealsync"}'
sim set '{"limit_info_app":""}' >/dev/null
told 'a version that ends' '^  warning .*Salesforce warns' '{"warned_version":67}'
sim set '{"warned_version":0}' >/dev/null
DEALSYNC_NOW=2026-08-21T05:58:00Z told 'a clock that is off (SF-34)' 'clock of this machine is 1[0-9][0-9] s behind'

# --- paths -------------------------------------------------------------------------------------------

told 'a standard field that is missing is hidden' "no field 'Amount'.*every org has it, so it is hidden" \
    '{"hidden_fields":["Amount","Product_Code__c"]}'
has 'of a custom one nobody knows' "no field 'Product_Code__c'.*missing or hidden" "$T/out"
run 78 sync sf
has 'a run says the same, and reads no null' "no field '(Amount|Product_Code__c)'" "$T/err"
sim set '{"hidden_fields":[]}' >/dev/null
sim set '{"queryable":false}' >/dev/null
told 'an object that the user may not read' '^  problem .*no Opportunity that this user may see'
has 'is granted' "grant the user 'Read' and 'View All'" "$T/out"
run 77 sync sf
sim set '{"queryable":true}' >/dev/null
for where in "CloseDate > '2025-01-01'=texts stand in single quotes" "Description = 'x'=long texts like Description" "Foo__c = TRUE=field-level security"; do
    sed -i "/^user = /a where = ${where%=*}" "$T/dealsync.conf"
    told "where = ${where%=*}" "^  problem .*400 INVALID_FIELD.*${where##*=}"
    sed -i '/^where = /d' "$T/dealsync.conf"
done
sed -i 's/Account\.BillingCity/Account.BilingCity/' "$T/salesforce.mapping.conf"
told 'a field of a parent' "Account has no field 'BilingCity'"
cp "$HERE/maps/salesforce.mapping.conf" "$T/"

# --- writing: what the mapping says is written comes from the driver ---------------------------------

# may TEXT PATTERN SETTINGS WRITTEN: the check of a connection that writes these paths.
may() {
    sim set "$3" >/dev/null
    drive sf check --paths "Name,$4" --written "$4"
    has "$1" "$2" "$T/out"
}
may 'a field that may be written' '"ok":"2 paths can be read"' '{}' Amount
hasnt 'is no problem' '"problem"' "$T/out"
may 'a field of a parent' '"problem":".*belongs to another object' '{}' Account.Name
may 'a field that follows another (SF-57)' '"problem":".*follows StageName' '{}' IsWon
may 'a field the user may only read' "\"problem\":\".*may not write 'NextStep'" '{"locked_fields":["NextStep"]}' NextStep
sim set '{"locked_fields":[]}' >/dev/null
may 'a user who may not edit' "\"problem\":\".*may not edit opportunities" '{"updateable":false}' NextStep
may 'a user who may not create' "\"problem\":\".*may not make opportunities" '{"updateable":true,"createable":false}' NextStep
sim set '{"createable":true}' >/dev/null
may 'products of an org that has them' '"ok":"2 paths can be read"' '{}' NextStep
drive sf check --paths OpportunityTeamMembers,OpportunityLineItems.Product2.ProductCode,OpportunityLineItems.Colour
has 'a field of products' '"problem":".*OpportunityLineItem has no field .Colour' "$T/out"
sim set '{"hidden_fields":["Phone","Contact.Phone"]}' >/dev/null
drive sf check --paths OpportunityContactRoles
has 'a field of the people' '"problem":"Contact has no field .Phone. that this user may see .path .OpportunityContactRoles' "$T/out"
ok 'without it there is no list' fails drive sf fetch --paths OpportunityContactRoles
has 'and no null' '"status":"config".*Phone' "$T/out"
sim set '{"hidden_fields":[],"team_selling":false}' >/dev/null
drive sf check --paths OpportunityTeamMembers
has 'a team that is off' '"problem":".*no OpportunityTeamMember' "$T/out"
may 'a key that has no room' "\"problem\":\"'key_field' is 'Deal_Key__c', which is too short: make it a text field of 36" \
    '{"key_length":35}' NextStep
may 'a key that is no text' "\"problem\":\".*which is no text field" '{"key_length":36,"key_type":"double"}' NextStep
may 'a key that has just room' "\"ok\":\"creations are told apart by 'Deal_Key__c'" '{"key_type":""}' NextStep
sim set '{"key_length":255}' >/dev/null
for key in NextStep:'is no external id' No_Key__c:'missing or hidden'; do
    sed -i "s/^key_field = .*/key_field = ${key%%:*}/" "$T/dealsync.conf"
    drive sf check --paths Name
    has "'${key%%:*}' as key_field" "\"problem\":\".*${key#*:}" "$T/out"
done

sed -i '/^key_field = /d; s/^connector = salesforce/&\ndirection = both\ncreate = yes/' "$T/dealsync.conf"
told 'what keeps creations apart is missing' "^  problem +'key_field' is missing, and nothing is created without it"
sed -i 's/^create = yes/key_field = x/; /^direction = both/d' "$T/dealsync.conf"

# --- the budget --------------------------------------------------------------------------------------

sed -i 's/^key_field = .*/bulk_share = 0/' "$T/dealsync.conf"
sim set '{"team_selling":true}' >/dev/null
told 'a share of Bulk jobs that is used up' '^  warning .*Bulk query jobs used.*large windows are read page by page'
sed -i 's/^bulk_share = 0/&\nbulk = always/' "$T/dealsync.conf"
told 'where only a job will do' '^  warning .*Bulk query jobs used.*would stop at once'
sed -i '/^bulk = always/d' "$T/dealsync.conf"
sim set '{"calls_of_others":79990}' >/dev/null
run 75 sync sf
has 'a run stops at its share of the day' 'daily requests of the org are used, and this connection stops at 80 %' "$T/err"
has 'and says until when' '2026-08-22 06:0[0-9] UTC' "$T/err"
clock 2026-08-22T06:10:00Z
sim set '{"calls_of_others":18}' >/dev/null
run 0 sync sf
is 'the next one goes on' '40 fetched: 40 created' "$(sum)"
has 'what it cost is kept' '[0-9]+ requests \(0\.[0-9]+ % of a day' <(sql "SELECT cost FROM runs WHERE state = 'done'")
run 0 backfill sf
has 'and printed' '^cost: [0-9]+ requests \(0\.[0-9]+ % of a day.s\); [0-9]+ of 100000 daily requests' "$T/out"

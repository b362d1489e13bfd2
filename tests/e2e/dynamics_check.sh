#!/usr/bin/env bash
# check: who we are, what we may do, what the environment has switched on, and what to do about the rest.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 100
configure
clock 2026-08-21T06:00:00Z
sed -i 's/^connector = dynamics/&\nparallel = 1/' "$T/dealsync.conf" # so that deals are made in one order
cp "$T/dealsync.conf" "$T/plain.conf"

# dynamics JSON: how the environment is set up.
dynamics() {
    sim set "{\"dynamics\":$1}" >/dev/null
}

# setting LINE: the connection dv with this line more.
setting() {
    cp "$T/plain.conf" "$T/dealsync.conf"
    sed -i "s|^connector = dynamics|&\n$1|" "$T/dealsync.conf"
}

before=$(sim_get stats | jq .dynamics.mutating)
run 0 check dv
has 'who we are, and with which roles' 'application user .* has the roles: Deal Synchronisation, Basic User' "$T/out"
has 'tracking is on' 'ok +change tracking of opportunities is on' "$T/out"
has 'nothing is missing' 'no privilege that the mapping needs is missing' "$T/out"
is 'nothing was written' "$before" "$(sim_get stats | jq .dynamics.mutating)"

# Privileges, one table once, and only those of tables that the mapping reads.
dynamics '{"denied":"prvReadAccount,prvReadCampaign"}'
run 78 check dv
has 'a table of the mapping' "problem .* allows 'Read' on the table account, which customerid_account.name" "$T/out"
is 'is told once' 1 "$(grep -c "on the table account" "$T/out")"
hasnt 'another one is not told' 'campaign' "$T/out"
dynamics '{"denied":"prvReadOpportunity:org"}'
run 0 check dv
has 'a role of a business unit' "warning +'Read' on the table opportunity reaches only rows of" "$T/out"
dynamics '{"denied":"prvReadOpportunity","denied_code":"0x80048306"}'
run 78 check dv
has 'the table itself' "allows 'Read' on the table opportunity, which every fetch needs" "$T/out"
dynamics '{"denied":"prvCreateOpportunity","denied_code":"0x80040220"}'
run 0 check dv
setting 'direction = both\ncreate = yes'
run 78 check dv
has 'creating' "allows 'Create' on the table opportunity, which 'create = yes' needs" "$T/out"
dynamics '{"denied":"prvAppendToTransactionCurrency,prvAssignOpportunity"}'
run 78 check dv
has 'binding to another table' "allows 'AppendTo' on the table transactioncurrency, which transactioncurrencyid.isocurrencycode" "$T/out"
hasnt 'owners that are not written need nothing' Assign "$T/out"
cp "$T/dynamics.mapping.conf" "$T/plain.mapping.conf"
sed -i 's/^location *=.*/location = _ownerid_value/; s/^notes *=.*/notes = _campaignid_value/' "$T/dynamics.mapping.conf"
dynamics '{"denied":"prvAppendToCampaign,prvAssignOpportunity"}'
run 78 check dv
has 'another owner, by id' "allows 'Assign' on the table opportunity, which _ownerid_value needs" "$T/out"
has 'and another table, by id' "allows 'AppendTo' on the table campaign, which _campaignid_value needs" "$T/out"
cp "$T/plain.mapping.conf" "$T/dynamics.mapping.conf"
setting ''
dynamics '{"denied":""}'

# What is switched off.
dynamics '{"tracking":0}'
run 0 check dv
has 'no change tracking, and where it is' "warning +change tracking of opportunities is off.*'Track changes'" "$T/out"
dynamics '{"tracking":1}'

dynamics '{"concurrency":0}'
run 0 check dv
has 'no optimistic concurrency, where nothing is written' 'ok +optimistic concurrency of opportunities is off, which only writing needs' "$T/out"
setting 'direction = both'
run 78 check dv
has 'and where something is' 'problem +optimistic concurrency of opportunities is off.*IsOptimisticConcurrencyEnabled' "$T/out"
dynamics '{"concurrency":1}'
run 0 check dv
has 'switched on' 'ok +optimistic concurrency of opportunities is on' "$T/out"
cp "$T/plain.conf" "$T/dealsync.conf"

# Refusals of the environment, and what to do about each.
for case in '403 0x80042f09 has no security role.*give the application user a security role' \
    '403 0x80041d1f is disabled.*activate it' '403 0x80048405 has no access' '403 -2147220960 lacks a privilege' \
    '401 0x8005F101 has ended before its time.*clock' '400 0x8004A104 environment is disabled.*Power Platform admin center' \
    '404 0x8006088a does not know a name.*api_version' '400 0x80040265 plug-in or workflow' '400 0x80044151 took too long'; do
    read -r status said words <<<"$case"
    sim fault "{\"crm\":\"dynamics\",\"match\":\"WhoAmI\",\"kind\":\"status\",\"status\":$status,\"code\":\"$said\",
        \"message\":\"In the words of the server.\",\"times\":-1}" >/dev/null
    drive dv identify retries=0
    has "$status $said" "$words" <(jq -r 'select(.error).error | .text + " " + .hint' "$T/out")
    sim reset '{}' >/dev/null
done

# A secured column reads as empty, without an error.
dynamics '{"hidden":"new_location"}'
run 0 check dv
has 'a secured column' "warning +the column 'new_location' is secured" "$T/out"
dynamics '{"hidden":""}'

# A column of days that are moments, as in environments that began long ago (DV-60).
dynamics '{"date_times":1}'
run 0 check dv
has 'a day that is a moment' "warning +the column 'estimatedclosedate' shows days and holds moments.*'Date only'" "$T/out"
is 'only of what the mapping reads' 1 "$(grep -c 'holds moments' "$T/out")"
dynamics '{"date_times":0}'

# No application user (DV-1), in whatever shape the server says it (DV-93, DV-94).
for shape in '"error_shape":0,"code_style":0' '"error_shape":1,"code_style":1' '"error_shape":2' '"error_shape":3'; do
    dynamics "{\"not_member\":1,$shape}"
    run 77 check dv
    has "no application user ($shape)" 'no application user for this client id' "$T/out"
done
dynamics '{"not_member":0,"error_shape":0,"code_style":0}'

# Columns and navigation properties are named, with the nearest.
sed -i 's/^location *=.*/location = new_lokation/' "$T/dynamics.mapping.conf"
run 78 check dv
has 'an unknown column' "no column 'new_lokation'; did you mean 'new_location'" "$T/out"
sed -i 's/^location *=.*/location = customerid.address1_country/' "$T/dynamics.mapping.conf"
run 0 check dv
has 'a customer of either kind' 'paths of the mapping can be read' "$T/out"
sed -i 's/^location *=.*/location = customerid_accont.address1_city/' "$T/dynamics.mapping.conf"
run 78 check dv
has 'an unknown navigation property' "customerid_accont" "$T/out"
sed -i 's/^location *=.*/location = new_location/' "$T/dynamics.mapping.conf"

# A column that takes no value is refused before anything is sent (DV-57).
before=$(sim_get stats | jq .dynamics.mutating)
id=$(some dynamics open 1)
printf '{"id":"%s","version":"W/\\"1\\"","set":{"createdon":"2026-01-01T00:00:00Z"}}\n' "$id" >"$T/in"
ok 'a column of the environment itself' test "$(drive dv write --paths createdon <"$T/in"; echo $?)" = 1
has 'is not written' 'keeps the column itself' "$T/out"
is 'at all' "$before" "$(sim_get stats | jq .dynamics.mutating)"

# The other source of metadata says the same.
setting 'metadata = edmx'
run 0 check dv
has 'the XML document as the source' 'paths of the mapping can be read' "$T/out"
run 0 sync dv
state >"$T/edmx"
rm -f "$T"/deals.db*
cp "$T/plain.conf" "$T/dealsync.conf"
run 0 sync dv
state >"$T/definitions"
ok 'and the same deals' diff <(grep -v '^connection' "$T/definitions") <(grep -v '^connection' "$T/edmx")
setting 'metadata = edmx'
sed -i 's/^location *=.*/location = new_lokation/' "$T/dynamics.mapping.conf"
run 78 check dv
has 'with the same nearest name' "did you mean 'new_location'" "$T/out"
setting 'metadata = xml'
run 78 check dv
has 'there are two sources' "'metadata' must be definitions or edmx" "$T/out"

#!/usr/bin/env bash
# Orgs of every kind: with one currency or several, person accounts, record types, an app or a user that is told
# little. What they lack is said by name, and what they have is read the same way over REST and by Bulk.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 60
configure
sed -i '/^\[connection dv\]/,$d' "$T/dealsync.conf"
clock 2026-08-21T06:00:00Z

fails() {
    ! "$@"
}

# both PATHS: what they hold, the same whichever way it came; in $T/out
both() {
    drive sf fetch --paths "$1" bulk=never && jq -c 'select(.record) | .record' "$T/out" | sort >"$T/pages"
    drive sf fetch --paths "$1" bulk=always && jq -c 'select(.record) | .record' "$T/out" | sort >"$T/job"
    cp "$T/job" "$T/out"
    ok "$1: 60 records, the same both ways" eval "[ \$(wc -l <'$T/job') = 60 ] && cmp '$T/pages' '$T/job'"
}

# --- the start of a run: questions that do not need one another's answer are asked at once

sim fault '{"crm":"salesforce","match":"/userinfo","kind":"slow","ms":1000}' >/dev/null
run 0 sync sf
sim_get log | jq -r '.requests[].path | split("?")[0]' >"$T/asked"
is 'the answer that is slow is the last of three' /services/oauth2/userinfo "$(sed -n 4p "$T/asked")"
is 'and nothing is asked twice' 1 "$(grep -c /describe "$T/asked")"
has 'the last id is looked for only where there are many' '60 fetched: 60 created' "$T/out"
is 'so that a first run takes so many requests' 6 "$(grep -c /data/ "$T/asked")"
clock 2026-08-21T07:00:00Z
before=$(sim_get stats | jq .salesforce.requests)
run 0 sync sf
is 'one without changes takes a token and six' 7 $(($(sim_get stats | jq .salesforce.requests) - before))

# --- an app without the scope for userinfo, a user without View Setup

refused='{"crm":"salesforce","match":"/userinfo","kind":"status","status":403,"times":-1,"content_type":"text/plain","body":"Bad_OAuth_Token"}'
sim fault "$refused" >/dev/null
sim set '{"view_setup":false}' >/dev/null
run 0 check sf
has 'the login tells the org' "organisation '00D.*', as 'sync@example.com'" "$T/out"
run 0 sync sf
sim reset '{}' >/dev/null
sim fault '{"crm":"salesforce","match":"","kind":"wrong_org"}' >/dev/null
sim fault "$refused" >/dev/null
run 78 sync sf
has 'another org is noticed all the same' 'the remote is another organisation' "$T/err"
sim reset '{}' >/dev/null
sim set '{"view_setup":true,"view_all":false,"view_records":true}' >/dev/null
run 0 check sf
has "'View All' of the object will do" "ok .*has 'View All' on Opportunity; private ones stay hidden" "$T/out"
sim set '{"view_all":true,"view_records":false}' >/dev/null

# --- ids of 15 characters

id=$(some salesforce open 1)
drive sf read --paths Id <<<"${id:0:15}"
is 'an id of 15 characters finds its record, which has 18' "$id $id" \
    "$(jq -r 'select(.record) | .record | "\(.id) \(.values.Id)"' "$T/out")"

# --- person accounts

sim set '{"person_accounts":true}' >/dev/null
both Account.IsPersonAccount,Account.PersonEmail
ok 'some accounts are people' test "$(grep -c '"Account.IsPersonAccount":"true"' "$T/out")" -gt 0
is 'and they alone have an address' "$(grep -c '"Account.IsPersonAccount":"true"' "$T/out")" \
    "$(grep -c '"Account.PersonEmail":"[^"]*@' "$T/out")"
sim set '{"person_accounts":false}' >/dev/null
ok 'an org without them' fails drive sf fetch --paths Account.PersonEmail
has 'says which path it is' '"status":"config".*PersonEmail' "$T/out"

# --- record types

both RecordTypeId,RecordType.DeveloperName,RecordType.Name
is 'each record has one' 60 "$(grep -c '"RecordType.DeveloperName":"[A-Za-z]' "$T/out")"

# --- one currency, or several

both CurrencyIsoCode,CurrencyIsoCode.ConversionRate,Amount
is 'each amount has its own currency' 3 "$(jq -r .values.CurrencyIsoCode "$T/out" | sort -u | wc -l)"
sim set '{"multi_currency":false}' >/dev/null
run 78 backfill sf
has 'an org with one has no such field' "no field 'CurrencyIsoCode'" "$T/err"
has 'and what to do' 'map currency to a constant' "$T/err"
ok 'nor rates' fails drive sf fetch --paths CurrencyIsoCode.ConversionRate
has 'which is told of the field, too' '"status":"config".*CurrencyIsoCode' "$T/out"
sed -i 's/^currency .*/currency = "EUR"/' "$T/salesforce.mapping.conf"
rm -f "$T"/deals.db*
run 0 backfill sf
is 'with a constant all come in' '60 fetched: 60 created' "$(sum)"
is 'in that currency' 'EUR|60' "$(sql 'SELECT currency, count(*) FROM deals GROUP BY 1')"
run 0 check sf
has 'check tells so' 'the org has one currency' "$T/out"

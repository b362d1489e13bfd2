#!/usr/bin/env bash
# Teams, contact roles and products of opportunities become lists; changes of parents and children that
# leave the opportunity's stamp alone are seen (SF-24).
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

PATHS=Name,Account.Name,Owner.Email,OpportunityTeamMembers,OpportunityContactRoles,OpportunityLineItems.Product2.ProductCode

start_sim --count 400
configure
clock 2026-08-21T06:00:00Z
sim set '{"line_items":true}' >/dev/null

fails() {
    ! "$@"
}

fetch() { # OPTIONS...
    drive sf fetch --paths "$PATHS" "$@" && cursor=$(jq -r 'select(.next) | .next' "$T/out")
}

records() {
    jq -c 'select(.record) | .record' "$T/out"
}

value() { # ID PATH
    records | jq -r --arg id "$1" --arg p "$2" 'select(.id == $id) | .values[$p]'
}

# What the org says a child holds: control endpoint against connector.
child() { # WORD OBJECT JSON
    jq -c --arg o "$2" '. + {crm: "salesforce", object: $o}' <<<"$3" >"$T/json"
    sim "$1" "$(cat "$T/json")" | jq -r '.id // empty'
}

ok 'a fetch with children' fetch
is 'has all opportunities' 400 "$(records | wc -l)"
is 'teams are arrays' 0 "$(records | jq -r '.values.OpportunityTeamMembers | select(. != null) | fromjson | select(type != "array" or length == 0)' | wc -l)"
for path in OpportunityTeamMembers OpportunityContactRoles OpportunityLineItems.Product2.ProductCode; do
    some=$(records | jq -r --arg p $path '.values[$p] | select(. != null)' | wc -l)
    none=$(records | jq -r --arg p $path 'select(.values[$p] == null) | .id' | wc -l)
    ok "$path: some have, some have not" test "$some" -gt 0 -a "$none" -gt 0
done
is 'members have email, name and phone' '["email","name","phone"]' \
    "$(records | jq -c '.values.OpportunityTeamMembers | select(. != null) | fromjson | .[] | keys' | sort -u)"
is 'and are sorted' 0 "$(records | jq -c '.values.OpportunityContactRoles | select(. != null) | fromjson | select(. != sort_by(.email))' | wc -l)"
is 'who has no email is left out' 0 "$(records | jq -c '.values.OpportunityContactRoles | select(. != null) | fromjson | .[] | select(.email == "")' | wc -l)"
is 'and that is told once' 1 "$(grep -c 'no email address' "$T/err")"
has 'products are texts' '^\["[A-Z]' <(records | jq -c '.values["OpportunityLineItems.Product2.ProductCode"] | select(. != null) | fromjson')

# Against the org's own subqueries.
records | jq -c '[.id, .values.OpportunityTeamMembers]' | sort >"$T/ours"
jq -r '.[0]' "$T/ours" | head -n 50 >"$T/ids"
drive sf read --paths "$PATHS" <"$T/ids"
records | jq -c '[.id, .values.OpportunityTeamMembers]' | sort >"$T/read"
ok 'reading by id gives the same lists' diff <(head -n 50 "$T/ours") "$T/read"

# --- nothing moved the stamp of the opportunity, and yet it is seen

mapfile -t id < <(sim_get 'find?crm=salesforce&where=open&n=60' | jq -r '.ids[]')
clock 2026-08-21T07:00:00Z
fetch --cursor "$cursor"
is 'nothing happened' 0 "$(records | wc -l)"

seen() { # TEXT ID...: exactly these come with the next fetch, with another version than before
    local text=$1 old=$2
    shift 2
    now=$(date -u -d "$now + 1 hour" +%Y-%m-%dT%H:%M:%SZ)
    clock "$now"
    fetch --cursor "$cursor"
    is "$text: is seen" "$(printf '%s\n' "$@" | sort)" "$(records | jq -r .id | sort -u)"
    is "$text: the version differs" 0 "$(records | jq -r .version | grep -cxF -- "$old")"
    now=$(date -u -d "$now + 1 hour" +%Y-%m-%dT%H:%M:%SZ)
    clock "$now"
    fetch --cursor "$cursor"
    is "$text: once" 0 "$(records | wc -l)"
}
now=2026-08-21T08:00:00Z
clock $now

version_of() {
    drive sf read --paths "$PATHS" <<<"$1"
    records | jq -r .version
}

user=$(sim_get "record?crm=salesforce&id=${id[1]}" | jq -r .OwnerId)
old=$(version_of "${id[0]}")
added=$(child create OpportunityTeamMember "{\"set\":{\"OpportunityId\":\"${id[0]}\",\"UserId\":\"$user\"}}")
seen 'a new member' "$old" "${id[0]}"
old=$(version_of "${id[0]}")
child delete OpportunityTeamMember "{\"id\":\"$added\"}" >/dev/null
seen 'a member who left' "$old" "${id[0]}"

account=$(sim_get "record?crm=salesforce&id=${id[2]}" | jq -r .AccountId)
drive sf fetch --paths Id,AccountId
with=$(jq -r --arg a "$account" 'select(.record.values.AccountId == $a) | .record.id' "$T/out")
old=$(version_of "${id[2]}")
child edit Account "{\"id\":\"$account\",\"set\":{\"Name\":\"Renamed GmbH\"}}" >/dev/null
# shellcheck disable=SC2086 # one word each
seen 'a renamed account' "$old" $with

# People and products that the children lead to, and the owner.
member=$(jq -r --arg u "$user" 'select(.record.values.OwnerId == $u) | .record.id' <(drive sf fetch --paths Id,OwnerId && cat "$T/out"))
PATHS=Name,Owner.Email,Owner.Name
old=$(version_of "${id[1]}")
child edit User "{\"id\":\"$user\",\"set\":{\"Name\":\"Renamed Person\"}}" >/dev/null
# shellcheck disable=SC2086 # one word each
seen 'a renamed owner' "$old" $member
PATHS=Name,OpportunityContactRoles
old=$(version_of "${id[4]}")
contact=$(child create Contact '{"set":{"LastName":"Neumann","Email":"neu@example.com"}}')
child create OpportunityContactRole "{\"set\":{\"OpportunityId\":\"${id[4]}\",\"ContactId\":\"$contact\"}}" >/dev/null
seen 'a new contact role' "$old" "${id[4]}"
old=$(version_of "${id[4]}")
child edit Contact "{\"id\":\"$contact\",\"set\":{\"Email\":\"other@example.com\"}}" >/dev/null
seen 'another address of a contact' "$old" "${id[4]}"
drive sf read --paths "$PATHS" <<<"${id[4]}"
has 'which is the one that comes' 'other@example.com' <(value "${id[4]}" OpportunityContactRoles)
PATHS=Name,OpportunityLineItems.Product2.ProductCode
old=$(version_of "${id[5]}")
product=$(child create Product2 '{"set":{"Name":"New","ProductCode":"NEW-1"}}')
child create OpportunityLineItem "{\"set\":{\"OpportunityId\":\"${id[5]}\",\"Product2Id\":\"$product\"}}" >/dev/null
seen 'a new product' "$old" "${id[5]}"
old=$(version_of "${id[5]}")
child edit Product2 "{\"id\":\"$product\",\"set\":{\"ProductCode\":\"NEW-2\"}}" >/dev/null
seen 'another code of a product' "$old" "${id[5]}"

# The rate of a currency.
PATHS=Name,CurrencyIsoCode,CurrencyIsoCode.ConversionRate
fetch --cursor "$cursor"
drive sf fetch --paths "$PATHS"
ok 'each record has the rate of its currency' test "$(records | jq -r '.values | select(.["CurrencyIsoCode.ConversionRate"] == null)' | wc -l)" = 0
records | jq -r 'select(.values.CurrencyIsoCode == "EUR") | .id' | sort >"$T/euros"
rate=$(records | jq -r 'select(.values.CurrencyIsoCode == "EUR") | .values["CurrencyIsoCode.ConversionRate"]' | sort -u)
old=$(records | jq -r 'select(.values.CurrencyIsoCode == "EUR") | .version' | head -n 1)
child edit CurrencyType "{\"id\":\"0Ci5e0000000002CAA\",\"set\":{\"ConversionRate\":\"1.25\"}}" >/dev/null
# shellcheck disable=SC2046 # one word each
seen 'a new rate' "$old" $(cat "$T/euros")
drive sf read --paths "$PATHS" <<<"$(head -n 1 "$T/euros")"
is "the rate was $rate" 1.25 "$(records | jq -r '.values["CurrencyIsoCode.ConversionRate"]')"
PATHS=Name,Account.Name,Owner.Email,OpportunityTeamMembers,OpportunityContactRoles,OpportunityLineItems.Product2.ProductCode

roles=$(drive sf read --paths "$PATHS" <<<"${id[3]}" && value "${id[3]}" OpportunityContactRoles)
child create OpportunityContactRole "{\"set\":{\"OpportunityId\":\"${id[3]}\"}}" >/dev/null
drive sf read --paths "$PATHS" <<<"${id[3]}"
is 'a role without a person is no member' "$roles" "$(value "${id[3]}" OpportunityContactRoles)"

# --- what is too much for the org in one question is asked in several

refusal() { # MATCH CODE
    sim fault "{\"crm\":\"salesforce\",\"match\":\"$1\",\"kind\":\"status\",\"status\":400,\"times\":-1,\"content_type\":\"application/json\",\"body\":\"[{\\\"errorCode\\\":\\\"$2\\\",\\\"message\\\":\\\"no\\\"}]\"}" >/dev/null
}
refusal '%29%20OR%20%28' QUERY_TIMEOUT
all=$PATHS
PATHS=Name,Account.Name,Owner.Email,OpportunityContactRoles
now=$(date -u -d "$now + 1 hour" +%Y-%m-%dT%H:%M:%SZ)
clock "$now"
ok 'what happened so far is known' fetch --cursor "$cursor"
old=$(version_of "${id[4]}")
child edit Contact "{\"id\":\"$contact\",\"set\":{\"Email\":\"third@example.com\"}}" >/dev/null
seen 'a change that no index finds among those of other tables' "$old" "${id[4]}"
old=$(version_of "${id[2]}")
child edit Account "{\"id\":\"$account\",\"set\":{\"Name\":\"Renamed again\"}}" >/dev/null
# shellcheck disable=SC2086 # one word each
seen 'one of an account' "$old" $with
sim reset '{}' >/dev/null

refusal Owner.SystemModstamp INVALID_FIELD
old=$(version_of "${id[2]}")
child edit Account "{\"id\":\"$account\",\"set\":{\"Name\":\"Renamed once more\"}}" >/dev/null
# shellcheck disable=SC2086 # one word each
seen 'a parent without a stamp does not hide the others' "$old" $with
has 'and is told by its name' 'changes of Owner that leave the opportunity alone are not seen' "$T/err"
sim reset '{}' >/dev/null
refusal Account.SystemModstamp QUERY_TIMEOUT
ok 'what takes too long even alone ends the fetch' fails fetch --cursor "$cursor"
has 'with its name' 'changes of Account: .*QUERY_TIMEOUT' "$T/out"
hasnt 'and the cursor stays' '"next"' "$T/out"
sim reset '{}' >/dev/null
PATHS=$all

# --- what an org may not have

sim set '{"team_selling":false}' >/dev/null
ok 'without team selling the path is an error' fails drive sf fetch --paths Name,OpportunityTeamMembers --quiet
has 'that says where to look' 'Opportunity Team Settings' "$T/out"
has 'and is one of configuration' '"status":"config"' "$T/out"
ok 'so it is between two runs' fails fetch --cursor "$cursor"
has 'with the same words' '"status":"config".*Opportunity Team Settings' "$T/out"
ok 'without the path all is well' drive sf fetch --paths Name --quiet
sim set '{"team_selling":true}' >/dev/null

# --- requests: children of many opportunities come with few

start_sim --count 2600
configure
clock 2026-08-21T06:00:00Z
lists=Name,OpportunityTeamMembers,OpportunityContactRoles
asked() { # how many requests for lists there were so far
    sim_get log | jq '[.requests[] | select(.path | test("/query/.*OpportunityId%20IN"))] | length'
}
drive sf fetch --paths $lists bulk=never
records | sort >"$T/pages"
is '2,600 opportunities, 500 at a time: six requests a list' 12 "$(asked)"
drive sf fetch --paths $lists bulk=always
ok 'as a Bulk job: the same' cmp "$T/pages" <(records | sort)
is 'with as many' 24 "$(asked)"

# Something on the way may take shorter addresses than the org.
sim fault '{"crm":"salesforce","match":"IN%20%28%27006","kind":"headers_too_large","after":5,"times":3}' >/dev/null
drive sf fetch --paths $lists bulk=never --verbose
ok 'addresses that are too long get shorter' cmp "$T/pages" <(records | sort)
has 'at once, and not for one request alone' 'asked for (250|125) opportunities at a time' "$T/err"
sim reset '{}' >/dev/null
sim fault '{"crm":"salesforce","match":"IN%20%28%27006","kind":"headers_too_large","times":-1}' >/dev/null
ok 'when none is short enough that is an error' fails drive sf fetch --paths $lists bulk=never
has 'of configuration' '"status":"config".*431' "$T/out"

#!/usr/bin/env bash
# selftest_dynamics.sh - the simulated Dynamics 365 environment is what its README says:
# BUILD=build bash tests/sim/selftest_dynamics.sh
# shellcheck disable=SC2016 # the dollars are OData's
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 500
sim_set() { sim set "{\"dynamics\":$1}" >/dev/null; }

# token [NAME VALUE]: a sign-in, one word of its form another; the answer is in $T/body.
token() {
    local -A form=([client_id]=aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee [client_secret]='sim~secret+/=&%' [scope]="$DYNAMICS/.default")
    local name words=()
    [ $# -eq 0 ] || form[$1]=$2
    for name in "${!form[@]}"; do words+=(--data-urlencode "$name=${form[$name]}"); done
    curl -s --cacert "$T/tls/ca.pem" -o "$T/body" -w '%{http_code}' -d grant_type=client_credentials "${words[@]}" \
        "$DYNAMICS/11111111-2222-3333-4444-555555555555/oauth2/v2.0/token"
}

# ask METHOD URL [BODY] [CURL OPTIONS...]: the status; the body in $T/body, the headers in $T/head. A URL that is not
# one already lies below the API.
ask() {
    local method=$1 url=$2 body=${3-}
    shift $(($# < 3 ? $# : 3))
    [ "${url#https:}" != "$url" ] || url=$DYNAMICS/api/data/v9.2/$url
    : >"$T/body"
    curl -s -g --cacert "$T/tls/ca.pem" -X "$method" -D "$T/head" -o "$T/body" -w '%{http_code}' \
        -H "Authorization: Bearer $TOKEN" -H 'Accept: application/json' -H 'OData-Version: 4.0' -H 'OData-MaxVersion: 4.0' \
        ${body:+-H 'Content-Type: application/json' --data-binary "$body"} "$@" "${url// /%20}"
}

code() { jq -r .error.code "$T/body"; }
of() { jq -rc "$1" "$T/body"; }

# says TEXT "STATUS CODE" METHOD URL [BODY] [CURL OPTIONS...]: what a request that is refused is answered with.
says() {
    local text=$1 want=$2
    shift 2
    is "$text" "$want" "$(ask "$@") $(code)"
}

is 'a sign-in' 200 "$(token)"
TOKEN=$(of .access_token)
is 'tells its life' 3599 "$(of .expires_in)"

ONE=$(some dynamics open 1) TWO=$(some dynamics open 2) THREE=$(some dynamics open 3)
SET=opportunities
ROW="$SET($ONE)"

# --- what is refused

for case in '401 7000215 client_secret wrong' '400 700016 client_id bbbbbbbb-bbbb-cccc-dddd-eeeeeeeeeeee' \
    '400 70011 scope nothing'; do
    read -r status number name value <<<"$case"
    is "a sign-in with another $name" "$status $number" "$(token "$name" "$value") $(of '.error_codes[0]')"
done
is 'a wrong token has an empty answer' '401 ' "$(TOKEN=x ask GET WhoAmI) $(cat "$T/body")"
is 'who we are' 200 "$(ask GET WhoAmI)"
has 'and how many requests it takes at once' '^x-ms-dop-hint: 4' "$T/head"
says 'a set in another case' '404 0x8006088a' GET Opportunities
says 'a column that is not there' '400 0x0' GET "$SET?\$select=nope"
says 'a lookup by its bare name (DV-11)' '400 0x80060888' GET "$SET?\$select=customerid"
says 'a date in quotes' '400 0x80060888' GET "$SET?\$filter=modifiedon ge '2024-01-01T00:00:00Z'"
is 'an address that is too long' 414 "$(ask GET "$SET?\$filter=$(printf 'x%.0s' {1..33000})")"
is 'a request that does not say which OData it speaks' 400 "$(curl -s --cacert "$T/tls/ca.pem" -o /dev/null -w '%{http_code}' \
    -H "Authorization: Bearer $TOKEN" -H 'Accept: application/json' "$DYNAMICS/api/data/v9.2/WhoAmI")"
sim_set '{"not_member":1}'
says 'somebody who is no member' '403 0x80072560' GET WhoAmI
sim_set '{"not_member":0,"denied":"prvReadOpportunity"}'
says 'somebody without a privilege' '403 0x80040220' GET "$SET?\$top=1"
for style in 1 2; do
    sim_set "{\"code_style\":$style}"
    ask GET "$SET?\$top=1" >"$T/out"
    is "codes of style $style" "$([ $style = 1 ] && echo -2147220960)" "$(code)"
done
sim_set '{"denied":"","code_style":0}'

# --- metadata

TABLE="EntityDefinitions(LogicalName='opportunity')"
ask GET "$TABLE?\$select=EntitySetName,ChangeTrackingEnabled,IsOptimisticConcurrencyEnabled" >"$T/out"
is 'a table' 'opportunities true true' "$(of '[.EntitySetName,.ChangeTrackingEnabled,.IsOptimisticConcurrencyEnabled]|join(" ")')"
ask GET 'EntityDefinitions?$select=LogicalName&$filter=IsBPFEntity eq true' >"$T/out"
is 'the flows' 4 "$(of '.value|length')"
ask GET "$TABLE/OneToManyRelationships?\$select=ReferencingEntity,ReferencingAttribute" >"$T/out"
is 'which of them opportunities run through, and by which column' \
    'leadtoopportunitysalesprocess opportunityid,new_partnerflow bpf_opportunityid,opportunitysalesprocess opportunityid' \
    "$(of '.value[] | select(.ReferencingEntity | test("process|flow")) | .ReferencingEntity + " " + .ReferencingAttribute' | sort | paste -sd,)"
ask GET "$TABLE/ManyToOneRelationships?\$select=ReferencedEntity,ReferencingEntityNavigationPropertyName" >"$T/out"
is 'a customer is of two tables' 'account contact' \
    "$(of '.value[] | select(.ReferencingEntityNavigationPropertyName | startswith("customerid")) | .ReferencedEntity' | sort | paste -sd' ')"
says 'a member that relationships do not have' '400 0x0' GET "$TABLE/OneToManyRelationships?\$select=Nope"
ask GET "$TABLE/Attributes(LogicalName='statuscode')/Microsoft.Dynamics.CRM.StatusAttributeMetadata?\$select=LogicalName&\$expand=OptionSet" >"$T/out"
is 'a status knows its state' '0 0 1 2 2' "$(of '[.OptionSet.Options[].State]|join(" ")')"
is 'a cast to another type finds nothing' 404 \
    "$(ask GET "$TABLE/Attributes(LogicalName='statuscode')/Microsoft.Dynamics.CRM.PicklistAttributeMetadata?\$expand=OptionSet")"

# --- pages (DV-14 to DV-19)

ask GET "$SET?\$select=name&\$orderby=opportunityid" '' -H 'Prefer: odata.maxpagesize=200' >"$T/out"
NEXT=$(of '.["@odata.nextLink"]')
rows=$(of '.value|length')
is 'a link that was changed is refused' 400 "$(ask GET "${NEXT/%3E/%3e}" '' -H 'Prefer: odata.maxpagesize=200')"
while [ "$NEXT" != null ]; do
    ask GET "$NEXT" '' -H 'Prefer: odata.maxpagesize=200' >"$T/out"
    NEXT=$(of '.["@odata.nextLink"]') rows=$((rows + $(of '.value|length')))
done
is 'all pages together' 500 "$rows"
ask GET "$SET?\$select=name&\$top=3" '' -H 'Prefer: odata.maxpagesize=200' >"$T/out"
is 'with a page size $top is ignored (DV-16)' 200 "$(of '.value|length')"
sim fault '{"crm":"dynamics","match":"skiptoken","kind":"loop_next","times":9}' >/dev/null
ask GET "$SET?\$select=name" '' -H 'Prefer: odata.maxpagesize=200' >"$T/out"
NEXT=$(of '.["@odata.nextLink"]')
ask GET "$NEXT" '' -H 'Prefer: odata.maxpagesize=200' >"$T/out"
AGAIN=$(of '.["@odata.nextLink"]')
ask GET "$AGAIN" '' -H 'Prefer: odata.maxpagesize=200' >"$T/out"
is 'a link that repeats' "$AGAIN" "$(of '.["@odata.nextLink"]')"
sim reset '{}' >/dev/null

# --- change tracking (DV-39 to DV-50)

tracked() { ask GET "$1" '' -H "Prefer: odata.track-changes,odata.maxpagesize=300${2-}" >"$T/out"; }
tracked "$SET?\$select=name"
is 'the first page of a tracked list has no delta link' null "$(of '.["@odata.deltaLink"]')"
tracked "$(of '.["@odata.nextLink"]')"
DELTA=$(of '.["@odata.deltaLink"]')
has 'the last one has' 'deltatoken=[0-9]+%21' <(echo "$DELTA")
tracked "$DELTA"
is 'nothing has changed' '0 false' "$(of '(.value|length|tostring) + " " + (has("@odata.nextLink")|tostring)')"
edit dynamics "$ONE" name 'changed'
sim delete "{\"crm\":\"dynamics\",\"id\":\"$TWO\"}" >/dev/null
tracked "$DELTA"
is 'what has changed comes first, what is gone last' "$ONE $TWO deleted" \
    "$(of '[.value[0].opportunityid, .value[1].id, .value[1].reason]|join(" ")')"
has 'known by its context' '/\$deletedEntity$' <(of '.value[1]["@odata.context"]')
sim_set '{"delta_both":1}'
tracked "$DELTA"
is 'at times it is both' 3 "$(of '.value|length')"
sim_set '{"delta_both":0}'
for option in 'filter=statecode eq 0' orderby=name top=5 'expand=owninguser'; do
    says "\$${option%%=*} does not go with it" '400 0x80060888' GET "$SET?\$select=name&\$$option" '' -H 'Prefer: odata.track-changes'
done
ask GET "$SET?\$select=name" '' -H 'Prefer: odata.track-changes,odata.include-annotations="*"' >"$T/out"
is 'annotations lose the link (DV-40)' null "$(of '.["@odata.deltaLink"]')"
sim metadata '{"crm":"dynamics"}' >/dev/null
says 'a customised table ends every token' '400 0x80044352' GET "$DELTA"
tracked "$SET?\$select=name"
tracked "$(of '.["@odata.nextLink"]')"
DELTA=$(of '.["@odata.deltaLink"]')
sim clock '{"advance":691200}' >/dev/null
token >"$T/out"
TOKEN=$(of .access_token)
says 'so does time' '400 0x80044352' GET "$DELTA"
sim_set '{"expired_status":410}'
says 'or so' '410 0x80044352' GET "$DELTA"
sim_set '{"expired_status":400,"expired_dumps":1}'
tracked "$DELTA"
is 'or all rows come again (DV-48)' 300 "$(of '.value|length')"
sim_set '{"expired_dumps":0,"tracking":0}'
says 'where it is off' '400 0x80040203' GET "$SET?\$select=name" '' -H 'Prefer: odata.track-changes'
sim_set '{"tracking":1}'

# --- writes (DV-68 to DV-76)

etag() { ask GET "$SET($1)?\$select=name" >"$T/out"; of '.["@odata.etag"]'; }
ETAG=$(etag "$ONE")
is 'a change with the version' 200 "$(ask PATCH "$ROW?\$select=opportunityid" '{"estimatedvalue":12.345}' -H "If-Match: $ETAG" -H 'Prefer: return=representation')"
ok 'has another one' test "$ETAG" != "$(of '.["@odata.etag"]')"
ask GET "$ROW?\$select=estimatedvalue" >"$T/out"
has 'and the digits of the currency, told with four' '"estimatedvalue":12\.3[45]00' "$T/body"
says 'the same again' '412 0x80060882' PATCH "$ROW" '{"name":"x"}' -H "If-Match: $ETAG"
says 'of what is gone' '404 0x80040217' PATCH "$SET($TWO)" '{"name":"x"}' -H "If-Match: $ETAG"
is 'without a version what is gone is made again (DV-68)' 204 "$(ask PATCH "$SET($TWO)" '{"name":"ghost"}')"
says 'a customer without its table (DV-72)' '400 0x80048d19' PATCH "$ROW" '{"customerid@odata.bind":"/accounts(x)"}' -H 'If-Match: *'
says 'a column of its own' '400 0x80040203' PATCH "$ROW" '{"estimatedvalue_base":1}' -H 'If-Match: *'
says 'a text that is too long' '400 0x80044331' PATCH "$ROW" "{\"name\":\"$(printf 'x%.0s' {1..301})\"}" -H 'If-Match: *'
ask GET 'teams?$select=teamid,name' >"$T/out"
TEAM=$(of '.value[0].teamid')
ask PATCH "$ROW" "{\"ownerid@odata.bind\":\"/teams($TEAM)\"}" -H 'If-Match: *' >"$T/out"
ask GET "$ROW?\$select=_ownerid_value&\$expand=owninguser(\$select=fullname),owningteam(\$select=name,emailaddress)" >"$T/out"
is 'an owner that is a team' "$TEAM null Sales Team North north@example.com" \
    "$(of '[._ownerid_value, (.owninguser|tostring), .owningteam.name, .owningteam.emailaddress]|join(" ")')"
edit dynamics "$THREE" _ownerid_value "$TEAM"
ask GET "$SET($THREE)?\$expand=owninguser(\$select=fullname),owningteam(\$select=name)" >"$T/out"
is 'also when somebody else makes it the owner' 'null Sales Team North' "$(of '[(.owninguser|tostring), .owningteam.name]|join(" ")')"

# --- closing (DV-77 to DV-83)

close() { printf '{"Status":%s,"OpportunityClose":{"subject":"x","opportunityid@odata.bind":"/opportunities(%s)"}}' "$1" "$2"; }
sim_set '{"quotes":1}'
says 'quotes keep it open' '400 0x80040516' POST WinOpportunity "$(close 3 "$ONE")"
sim_set '{"quotes":0}'
says 'a reason of another state' '400 0x80048408' POST WinOpportunity "$(close 4 "$ONE")"
says 'a PATCH does not close' '400 0x80040203' PATCH "$ROW" '{"statecode":1,"statuscode":3}' -H 'If-Match: *'
is 'the action does' 204 "$(ask POST WinOpportunity "$(close 3 "$ONE")")"
says 'once' '400 0x80040515' POST WinOpportunity "$(close 3 "$ONE")"
says 'what is closed cannot be edited' '400 0x80040515' PATCH "$ROW" '{"name":"x"}' -H 'If-Match: *'
is 'it can be opened' 204 "$(ask PATCH "$ROW" '{"statecode":0}' -H 'If-Match: *')"
says 'once, too' '400 0x8004051a' PATCH "$ROW" '{"statecode":0}' -H 'If-Match: *'

# --- flows (DV-63, DV-64)

ask GET 'opportunitysalesprocesses?$select=_opportunityid_value,_activestageid_value,traversedpath&$filter=statecode eq 0&$top=1' >"$T/out"
FLOW=$(of '.value[0].businessprocessflowinstanceid') PATHED=$(of '.value[0].traversedpath') DEAL=$(of '.value[0]._opportunityid_value')
ask GET "processstages?\$select=processstageid,_processid_value&\$orderby=processstageid" >"$T/out"
is 'three processes of four stages' '3 12' "$(of '([.value[]._processid_value]|unique|length|tostring) + " " + (.value|length|tostring)')"
here=${PATHED##*,} number=$((16#${PATHED: -2}))
move() { printf '{"activestageid@odata.bind":"/processstages(%s)","traversedpath":"%s,%s"}' "$1" "$PATHED" "$1"; }
stage() { printf '%s%02x' "${here:0:34}" "$1"; }
before=$(etag "$DEAL")
says 'two stages at once' '400 0x80040203' PATCH "opportunitysalesprocesses($FLOW)" "$(move "$(stage $((number + 2)))")" -H 'If-Match: *'
is 'the next one' 204 "$(ask PATCH "opportunitysalesprocesses($FLOW)" "$(move "$(stage $((number + 1)))")" -H 'If-Match: *')"
is 'does not move the opportunity' "$before" "$(etag "$DEAL")"

# --- $batch (DV-84 to DV-87)

batch() { # NEWLINE: a PATCH that is refused, and one that is not
    local nl=$1 id
    for id in "$TWO" "$THREE"; do
        printf "%s$nl" --b 'Content-Type: application/http' 'Content-Transfer-Encoding: binary' '' \
            "PATCH /api/data/v9.2/$SET($id) HTTP/1.1" 'Content-Type: application/json' \
            "If-Match: $([ "$id" = "$TWO" ] && echo 'W/"1"' || echo '*')" '' '{"name":"in a batch"}'
    done
    printf "%s$nl" --b--
}
send() { ask POST '$batch' '' -H 'Content-Type: multipart/mixed; boundary=b' --data-binary "@$T/in" "$@"; }
batch '\n' >"$T/in"
is 'a batch of other lines' 400 "$(send)"
has 'is not readable' 'Stream was not readable' "$T/body"
batch '\r\n' >"$T/in"
is 'the first error ends it' '412 1' "$(send) $(grep -c '^HTTP/1.1' "$T/body")"
is 'unless told otherwise' '200 2' "$(send -H 'Prefer: odata.continue-on-error') $(grep -c '^HTTP/1.1' "$T/body")"
sim_set '{"batch_limit":1}'
is 'it holds so many and no more' 400 "$(send)"
sim_set '{"batch_limit":1000}'

# --- FetchXML (DV-26, DV-29 to DV-32)

fetch() { ask GET "$SET" '' -G --data-urlencode "fetchXml=$1" -H 'Prefer: odata.include-annotations="*"' >"$T/out"; }
fetch '<fetch count="5" page="1"><entity name="opportunity"><attribute name="name"/><attribute name="budgetamount"/><order attribute="opportunityid"/></entity></fetch>'
is 'nulls are left out' '5 false true' \
    "$(of '[(.value|length), (.value[0]|has("budgetamount")), .["@Microsoft.Dynamics.CRM.morerecords"]]|join(" ")')"
has 'the cookie is encoded twice, its number is not to be trusted' '^<cookie pagenumber="2" pagingcookie="%253ccookie' \
    <(of '.["@Microsoft.Dynamics.CRM.fetchxmlpagingcookie"]')
fetch '<!DOCTYPE fetch [<!ENTITY e "x">]><fetch><entity name="opportunity"/></fetch>'
has 'no document type' error "$T/body"

# --- limits (DV-89, DV-90)

sim_set '{"limit_requests":3,"limit_window":60}'
for _ in 1 2 3; do ask GET WhoAmI >"$T/out"; done
says 'more requests than the window holds' '429 0x80072322' GET WhoAmI
has 'come too early' '^Retry-After: [1-9]' "$T/head"
sim_set '{"limit_requests":0,"affinity":1}'
ask GET WhoAmI >"$T/out"
has 'a cookie that ties to one server' '^Set-Cookie: ARRAffinity' "$T/head"

#!/usr/bin/env bash
# Signing in to Dynamics: by a secret or by a certificate in either way, tokens that end, refusals that say what to do.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 50
configure
cp "$T/dealsync.conf" "$T/plain.conf"
chmod 600 "$T/tls/dv-client.pem"

# with SED...: the configuration of dv, changed.
with() {
    cp "$T/plain.conf" "$T/dealsync.conf"
    for change in "$@"; do
        sed -i "/^\[connection dv\]/,\$ $change" "$T/dealsync.conf"
    done
}

certificate="s|^client_secret.*|certificate = file:$T/tls/dv-client.pem\nkey = file:$T/tls/dv-client.key|"

# tokens: how many have been given out for Dynamics.
tokens() {
    sim_get stats | jq .dynamics.tokens
}

with "$certificate"
sim set '{"dynamics":{"thumbprint":"x5t#S256"}}' >/dev/null
run 0 check dv
has 'a certificate, signed with PS256 (DV-4 to DV-6)' 'ok +organisation' "$T/out"
has 'and how long it is good' 'certificate is good until 20' "$T/out"
with "$certificate" 's|^authority|assertion = rs256\n&|'
sim set '{"dynamics":{"thumbprint":"x5t"}}' >/dev/null
run 0 check dv
has 'and with RS256' 'ok +organisation' "$T/out"
with "$certificate"
run 77 sync dv
has 'one that the tenant does not take' 'AADSTS(50012|700027)' "$T/err"
has 'and what to look at' "'certificate'" "$T/err"
hasnt 'the assertion is not shown' 'eyJ' "$T/err"
sim set '{"dynamics":{"thumbprint":""}}' >/dev/null

# Another key, another certificate.
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other -keyout "$T/other.key" -out "$T/other.pem" 2>/dev/null
chmod 600 "$T"/other.*
with "s|^client_secret.*|certificate = file:$T/other.pem\nkey = file:$T/tls/dv-client.key|"
run 78 sync dv
has 'a certificate of another key' 'belongs to another private key' "$T/err"
with "s|^client_secret.*|certificate = file:$T/other.pem\nkey = file:$T/other.key|"
run 77 sync dv
has 'a certificate that nobody uploaded' 'AADSTS(50012|700027)' "$T/err"
has 'and where to upload it' 'Certificates & secrets' "$T/err"

# A clock that is wrong looks like a wrong key.
with "$certificate"
sim set '{"jwt_sim_clock":true}' >/dev/null
sim clock '{"now":"2026-01-01T06:00:00Z"}' >/dev/null
run 77 sync dv
has 'a clock that is wrong' 'clock of this machine is [0-9]+ s ahead' "$T/err"
sim clock "{\"now\":\"$(date -u +%FT%TZ)\"}" >/dev/null
sim set '{"jwt_sim_clock":false}' >/dev/null

# Refusals, and which setting they mean.
printf wrong >"$T/dynamics.secret"
cp "$T/plain.conf" "$T/dealsync.conf"
run 77 sync dv
has 'a wrong secret' 'the client secret is wrong .AADSTS7000215' "$T/err"
has 'and what it must be' "'client_secret' .*not the secret's id" "$T/err"
printf '%s' 'sim~secret+/=&%' >"$T/dynamics.secret"
with 's|^client_id.*|client_id = bbbbbbbb-bbbb-cccc-dddd-eeeeeeeeeeee|'
run 77 sync dv
has 'an unknown application' AADSTS700016 "$T/err"
has 'and what to compare' "'client_id'" "$T/err"
with 's|^tenant.*|tenant = nobody.example|'
run 78 sync dv
has 'an unknown tenant' AADSTS90002 "$T/err"
has 'which may be in another cloud' "'tenant' .*'cloud'" "$T/err"
with 's|^authority|scope = https://else.crm.dynamics.com/.default\n&|'
run 78 sync dv
has 'another environment' 'AADSTS(500011|70011)' "$T/err"
with 's|^authority.*|cloud = gchigh|'
run 78 sync dv
has 'a cloud that is none' "no cloud 'gchigh'" "$T/err"
has 'with the nearest' "did you mean 'gcchigh'" "$T/err"

# What Entra says, by its number, in words of ours and with what to do.
cp "$T/plain.conf" "$T/dealsync.conf"
for case in '7000222 has expired.*make a new one' '7000112 is disabled.*Enterprise applications' '7000218 no proof' \
    '7000229 no service principal.*Enterprise applications' '53003 conditional access policy.*sign-in logs' \
    '900023 neither an id nor a domain name.*tenant' '900382 another cloud.*cloud' '500011 no environment of this address.*url' \
    '1002012 scope.*/.default' '700022 more than one service' '90055 too many sign-ins' '90033 sign-in service is busy' \
    '700027 signature of the certificate' '500133 outside its time.*clock' '12345 refused with 400: invalid_request: AADSTS12345'; do
    sim fault "{\"crm\":\"dynamics\",\"match\":\"/token\",\"kind\":\"status\",\"status\":400,\"content_type\":\"application/json\",
        \"body\":\"{\\\"error\\\":\\\"invalid_request\\\",\\\"error_description\\\":\\\"AADSTS${case%% *}: so.\\\",\\\"error_codes\\\":[${case%% *}]}\"}" >/dev/null
    drive dv identify retries=0
    has "AADSTS${case%% *}" "${case#* }" <(jq -r 'select(.error).error | .text + " " + .hint' "$T/out")
    sim reset '{}' >/dev/null
done

# A token that ends is renewed once, for the request that met it (DV-7).
cp "$T/plain.conf" "$T/dealsync.conf"
sim fault '{"crm":"dynamics","match":"/opportunities","kind":"expire_token"}' >/dev/null
before=$(tokens)
run 0 sync dv
is 'everything came' '50 fetched: 50 created' "$(sum)"
is 'with one more sign-in' $((before + 2)) "$(tokens)"
before=$(tokens)
run 0 backfill dv
is 'else one for all requests' $((before + 1)) "$(tokens)"
sim fault '{"crm":"dynamics","match":"/opportunities","kind":"forever401"}' >/dev/null
before=$(tokens)
run 77 backfill dv
is 'a refusal that stays is not asked again' $((before + 2)) "$(tokens)"
sim reset '{}' >/dev/null

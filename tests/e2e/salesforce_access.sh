#!/usr/bin/env bash
# Logging in to Salesforce: what is refused says which setting to look at, and a refresh token that is replaced
# with every login survives whatever ends a run (SF-8).
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 50
sim clock "{\"now\":\"$(date -u +%FT%TZ)\"}" >/dev/null # a login is judged by real time
configure
jwt=$(sed '/^\[connection dv\]/,$d' "$T/dealsync.conf")

# settings LINE...: the connection, with the lines replaced or added.
settings() {
    local line
    echo "$jwt" >"$T/dealsync.conf"
    for line; do
        sed -i "/^${line%% *} = /d" "$T/dealsync.conf"
        echo "$line" >>"$T/dealsync.conf"
    done
}

# refused TEXT EXIT PATTERN HINT LINE...: with these settings there is no login.
refused() {
    local text=$1 status=$2 pattern=$3 hint=$4
    shift 4
    settings "$@"
    run "$status" sync sf
    has "$text" "$pattern" "$T/err"
    has "$text: where to look" "$hint" "$T/err"
    hasnt "$text: no secret" 'sim-client-secret|5Aep861|BEGIN' "$T/err"
}

# --- what is refused -------------------------------------------------------------------------------

refused 'a user nobody approved' 77 "hasn't approved this consumer" 'Permitted Users' \
    'user = unapproved@example.com'
refused 'the wrong audience' 77 'audience is invalid' 'test.salesforce.com' 'audience = https://elsewhere.example'
refused 'an app that is not known' 77 'invalid_client_id' 'consumer key' 'client_id = another'
cp "$T/salesforce.secret" "$T/wrong.secret"
echo x >>"$T/wrong.secret"
refused 'a secret that is not that of the app' 77 'invalid_client' "'client_secret'" \
    'auth = client_credentials' "client_secret = file:$T/wrong.secret"
refused 'client credentials at the login host (SF-33)' 78 'login page of all orgs' 'My Domain' \
    'auth = client_credentials' "client_secret = file:$T/salesforce.secret" 'login_url = https://login.salesforce.com'
refused 'the address of the pages (SF-32)' 78 'address of the pages' 'My Domain' \
    'url = https://example.lightning.force.com'

# A login that is refused with this body; the org's words come through, and nothing is tried again.
tells() {
    local text=$1 body=$2 hint=$3 before
    sim fault "{\"crm\":\"salesforce\",\"match\":\"/oauth2/token\",\"kind\":\"status\",\"status\":400,
        \"content_type\":\"application/json\",\"body\":$(jq -n --arg b "$body" '$b')}" >/dev/null
    before=$(sim_get stats | jq .salesforce.requests)
    refused "$text" 77 'login at .* refused' "$hint"
    is "$text: asked once" $((before + 1)) "$(sim_get stats | jq .salesforce.requests)"
    sim reset '{}' >/dev/null
}
tells 'an error without a description (SF-28)' '{"error":"invalid_grant"}' 'Login History'
tells 'a user that is not active' '{"error":"inactive_user","error_description":"user is inactive"}' 'Setup > Users'
tells 'an address that is not allowed' '{"error":"invalid_grant","error_description":"ip restricted"}' 'IP Relaxation'
tells 'an app that is not installed' \
    '{"error":"invalid_client","error_description":"app must be installed into org"}' 'Connected Apps OAuth Usage'
tells 'a flow that is off' '{"error":"unsupported_grant_type"}' 'Flow Enablement'

# A clock that is an hour off makes every assertion bad (SF-34).
sim clock "{\"now\":\"$(date -u -d '+1 hour' +%FT%TZ)\"}" >/dev/null
sim set '{"jwt_sim_clock":true}' >/dev/null
refused 'a clock that is slow' 77 'login at .* refused' 'clock of this machine is 3[0-9]* s behind'
sim set '{"jwt_sim_clock":false}' >/dev/null
clock 2026-08-21T06:00:00Z

# --- a refresh token -------------------------------------------------------------------------------

token=$T/kept/sf.token
mkdir -m 700 "$T/kept"
good() { sim_get refresh_token | jq -r .refresh_token; }
renew() { # what a person does who authorises the app again
    sim refresh_token '{}' | jq -r .refresh_token >"$token"
    chmod 600 "$token"
}
refresh() {
    settings 'auth = refresh_token' "refresh_token_file = $token" "client_secret = file:$T/salesforce.secret"
}
renew
refresh
first=$(cat "$token")
run 0 sync sf -v -v -v
is 'records come in' '50 fetched: 50 created' "$(sum)"
is 'the new token is in the place of the old one' "$(good)" "$(cat "$token")"
ok 'it is a new one' test "$first" != "$(cat "$token")"
is 'and ours alone' 600 "$(stat -c %a "$token")"
hasnt 'no token in the log' '5Aep861' "$T/err"
is 'nothing is left of the exchange' 'sf.token sf.token.lock' "$(cd "$T/kept" && echo *)"

sim fault '{"crm":"salesforce","match":"/query","kind":"expire_token","times":1}' >/dev/null
run 0 backfill sf
is 'a session that ends half way: one more exchange' "$(good)" "$(cat "$token")"
sim set '{"refresh_rotation":false}' >/dev/null
before=$(cat "$token")
run 0 sync sf
is 'an org that replaces nothing: the token stays' "$before" "$(cat "$token")"
sim set '{"refresh_rotation":true}' >/dev/null

# Runs side by side never send the same token: that would end it for all of them.
pids=()
for n in 1 2 3 4; do
    "$BUILD/dealsync" check sf >"$T/side.$n" 2>&1 &
    pids+=($!)
done
failed=0
for pid in "${pids[@]}"; do wait "$pid" || failed=$((failed + 1)); done
is 'four runs side by side' 0 "$failed"
is 'and the token is still good' "$(good)" "$(cat "$token")"

# Killed at every step. One instant is left in which the new token is here and nowhere else: then the next run
# says what happened, and everything is as it should be once the app is authorised again.
steps=$(steps_of check sf)
ok 'there are steps to die at' test "$steps" -ge 5
lost=0
for ((n = 1; n <= steps; n++)); do
    DEALSYNC_DIE_AT=$n "$BUILD/dealsync" check sf >/dev/null 2>&1
    if "$BUILD/dealsync" sync sf >"$T/out" 2>"$T/err"; then
        is "killed at step $n: the token is the good one" "$(good)" "$(cat "$token")"
        continue
    fi
    lost=$((lost + 1))
    has "killed at step $n: the next run says so" 'was killed while it exchanged the token' "$T/err"
    run 77 sync sf
    has 'and so does the one after it' 'was killed while it exchanged the token' "$T/err"
    renew
    run 0 sync sf
done
is 'one step can lose a token, no other does' 1 "$lost"

# A lost answer is the same as a kill.
sim fault '{"crm":"salesforce","match":"/oauth2/token","kind":"cut","times":99}' >/dev/null
run 69 sync sf
sim reset '{}' >/dev/null
run 77 sync sf
has 'an answer that was lost' 'was killed while it exchanged the token|authorise the app again' "$T/err"
renew
run 0 sync sf

echo "$first" >"$token"
run 77 sync sf
has 'a token that was used before' 'expired access/refresh token' "$T/err"
has 'what to look at' 'Refresh Token Policy' "$T/err"
hasnt 'without the token' '5Aep861' "$T/err"
renew
chmod 640 "$token"
run 78 sync sf
has 'a token that others can read' 'chmod 600' "$T/err"
chmod 600 "$token"
touch "$token.new"
chmod 666 "$token.new"
run 0 sync sf
is 'what others can read does not stay so' 600 "$(stat -c %a "$token")"

settings 'auth = refresh_token' 'refresh_token_file = kept/sf.token'
run 78 sync sf
has 'a path that depends on where one is' 'must begin with /' "$T/err"

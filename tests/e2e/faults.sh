#!/usr/bin/env bash
# What remotes do wrong: each fault has a message that says what happened, no fault loses anything, moves a
# cursor or sends a token astray (P-2, P-7, P-9).
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 500 --page 200
configure 'retries = 1' 'timeout = 20'
strangers
clock 2026-08-21T06:00:00Z

# arm CRM JSON: the fault waits for a query of opportunities; sets the connection. The first query to
# Salesforce only counts.
arm() {
    local match=/query first=1
    connection=sf
    [ "$1" = dynamics ] && connection=dv && match=orderby=modifiedon, && first=0
    sim reset '{}' >/dev/null
    sim fault "$(jq -c --arg crm "$1" --arg match $match --argjson first $first \
        '. + {crm: $crm, match: $match, after: ((.after // 0) + $first)}' <<<"$2")" >/dev/null
}

# fault TEXT EXIT PATTERN JSON: with the fault armed the command fails as it should; nothing is lost, and
# the next run is complete.
fault() {
    local text=$1 exit=$2 pattern=$3 crm connection
    rm -f "$T"/deals.db*
    for crm in salesforce dynamics; do
        arm $crm "$4"
        run "$exit" sync "$connection"
        has "$crm: $text" "$pattern" "$T/err"
        is "$crm: $text: no cursor" 0 "$(sql "SELECT count(*) FROM connections WHERE cursor IS NOT NULL AND name = '$connection'")"
        sim reset '{}' >/dev/null
        run 0 sync "$connection"
        is "$crm: $text: complete the next time" 500 \
            "$(sql "SELECT count(*) FROM links l JOIN connections c ON c.id = l.connection WHERE c.name = '$connection'")"
    done
}

fault 'a 500' 69 '500' "{\"kind\":\"status\",\"status\":500,\"body\":\"\",\"times\":9}"
fault 'an HTML page instead of JSON' 69 'HTML' "{\"kind\":\"html200\",\"times\":9}"
fault 'truncated JSON' 69 'JSON' "{\"kind\":\"truncate\",\"times\":9}"
fault 'a connection cut half way' 69 '.' "{\"kind\":\"cut\",\"times\":9}"
fault 'a cut on the third page' 69 '.' "{\"kind\":\"cut\",\"after\":2,\"times\":9}"
fault 'a redirect is not followed' 69 '302|redirect' "{\"kind\":\"redirect\",\"times\":9}"
fault 'an empty answer' 69 'empty' "{\"kind\":\"empty\",\"times\":9}"
fault 'gzip that is none' 69 '.' "{\"kind\":\"gzip_lie\",\"times\":9}"
fault 'a next link to another host' 69 'evil|host|origin' "{\"kind\":\"foreign_next\",\"times\":9}"
fault 'a next link that leads back' 69 'leads to itself|leads back|circle' "{\"kind\":\"loop_next\",\"times\":99}"
fault 'throttled for longer than we wait' 75 'no requests before' "{\"kind\":\"throttle\",\"retry_after\":7200,\"times\":9}"
fault 'a 401 that a new login does not cure' 77 '401|session|token|log in|login' "{\"kind\":\"forever401\",\"times\":99}"

# mended TEXT JSON: what is over after one try costs nothing but the try.
mended() {
    local crm connection
    for crm in salesforce dynamics; do
        rm -f "$T"/deals.db*
        arm $crm "$2"
        run 0 sync "$connection"
        is "$crm: $1" '500 fetched: 500 created' "$(sum)"
    done
}
mended 'a token that ends half way is renewed once' "{\"kind\":\"expire_token\",\"after\":1}"
mended 'throttled once, with Retry-After' "{\"kind\":\"throttle\",\"retry_after\":1}"
mended 'one 503' "{\"kind\":\"status\",\"status\":503,\"body\":\"\"}"
mended 'one cut' "{\"kind\":\"cut\",\"after\":1}"

# one_bad TEXT KIND PATTERN: a bad record in a page rejects only itself.
one_bad() {
    local crm connection
    for crm in salesforce dynamics; do
        rm -f "$T"/deals.db*
        arm $crm "{\"kind\":\"$2\"}"
        run 3 sync "$connection"
        is "$crm: $1" '500 fetched: 499 created, 1 rejected' "$(sum)"
        run 0 rejects "$connection"
        has "$crm: $1 is named" "$3" "$T/out"
    done
}
one_bad 'invalid UTF-8' invalid_utf8 'UTF-8'
one_bad 'a NUL' nul 'NUL'
one_bad 'a number with 30 digits' bignumber '18 digits'
one_bad 'a day that does not exist' baddate 'does not exist'

# Certificates, names, ports.
sim reset '{}' >/dev/null
sed -i "s|tls/ca.pem|tls/other-ca.pem|" "$T/dealsync.conf"
run 78 sync sf
has 'a certificate nobody vouches for' 'certificate' "$T/err"
has 'and what to do' 'ca_file' "$T/err"
sed -i "s|tls/other-ca.pem|tls/ca.pem|" "$T/dealsync.conf"
cp "$T/dealsync.conf" "$T/right.conf"
sed -i "s|^url = .*|url = https://localhost:1|" "$T/dealsync.conf"
run 69 sync sf
has 'nobody listens' 'localhost' "$T/err"
cp "$T/right.conf" "$T/dealsync.conf"

# Another organisation answers under the same address.
run 3 sync dv
run 0 sync sf
for crm in salesforce dynamics; do
    sim fault "{\"crm\":\"$crm\",\"kind\":\"wrong_org\"}" >/dev/null
done
run 78 sync sf
has 'another organisation is refused' 'another organisation' "$T/err"
run 78 sync dv

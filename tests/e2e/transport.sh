#!/usr/bin/env bash
# How requests travel: TLS 1.2 or later, through a proxy, bounded answers, one connection, nothing secret in the log.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 400 --page 100
configure 'retries = 0'
clock 2026-08-21T06:00:00Z

# A server that speaks TLS 1.1 only.
openssl s_server -accept 0 -www -tls1_1 -cipher 'ALL:@SECLEVEL=0' -cert "$T/tls/server.pem" -key "$T/tls/server.key" \
    >"$T/old.log" 2>&1 &
old=$!
for _ in $(seq 100); do grep -q ACCEPT "$T/old.log" && break; sleep 0.05; done
cp "$T/dealsync.conf" "$T/right.conf"
sed -i "s|^url = .*|url = https://localhost:$(sed -n 's/ACCEPT.*:\([0-9]*\)$/\1/p' "$T/old.log" | head -n 1)|" "$T/dealsync.conf"
run 69 sync sf
has 'TLS 1.1 is not spoken' 'TLS' "$T/err"
kill $old
cp "$T/right.conf" "$T/dealsync.conf"

# Through a proxy, which sees a tunnel and no request.
via=$((20000 + RANDOM))
ncat --listen --proxy-type http --verbose 127.0.0.1 $via >"$T/proxy.log" 2>&1 &
proxy=$!
for _ in $(seq 100); do grep -q 'Listening on' "$T/proxy.log" && break; sleep 0.05; done
sed -i "s|^ca_file = .*|&\nproxy = http://127.0.0.1:$via|" "$T/dealsync.conf"
run 0 sync sf
is 'through a proxy' '400 fetched: 400 created' "$(sum)"
kill $proxy
wait $proxy 2>/dev/null
run 69 sync dv
has 'no proxy there: which setting to look at' 'proxy' "$T/err"
run 69 check dv # which is no fault of the configuration
cp "$T/right.conf" "$T/dealsync.conf"
https_proxy=http://127.0.0.1:$via ALL_PROXY=http://127.0.0.1:$via run 0 sync sf # nor does the environment name one
rm -f "$T"/deals.db*

sim fault '{"crm":"salesforce","match":"/query","after":1,"kind":"bigfield","bytes":41943040,"times":-1}' >/dev/null
run 69 sync sf
has 'an answer longer than we take is not taken' 'longer than' "$T/err"
sim reset '{}' >/dev/null

sim fault '{"crm":"dynamics","match":"orderby=modifiedon,","kind":"duplicate"}' >/dev/null
run 0 sync dv
is 'a row that a page repeats is seen twice and made once' 400 "$(sql 'SELECT count(*) FROM deals')"
rm -f "$T"/deals.db*

before=$(sim_get stats | jq .salesforce.tokens)
run 0 sync sf -v -v -v
is 'one login for all pages' $((before + 1)) "$(sim_get stats | jq .salesforce.tokens)"
has 'requests are told with status, size and time' 'GET /services/data/v67.0/query.* status 200, [0-9]+ bytes, [0-9]+ ms' "$T/err"
hasnt 'without the values of the query' 'SELECT|q=|Bearer|access_token|assertion=' "$T/err"

# Where the standard files are closed, a connection must not take their numbers: the log would go into it.
ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" strace -f -o "$T/trace" -e trace=socket \
    "$BUILD/dealsync" check sf -v -v -v <&- >&- 2>&-
is 'closed standard files: what cannot be printed is an error' 74 $?
has 'there are connections' 'socket\(AF_INET.*= [0-9]+$' "$T/trace"
hasnt 'and none of them is a standard file' 'socket\(.*= [012]$' "$T/trace"

# What a server sends that is none of ours is refused at once, not once for every retry.
cp "$T/right.conf" "$T/dealsync.conf"
sed -i "s/^retries = .*/retries = 4/" "$T/dealsync.conf"
raw=$((20000 + RANDOM))
sed -i "s|^url = .*|url = https://localhost:$raw|" "$T/dealsync.conf"
# served TEXT EXIT PATTERN: every request is answered with $T/raw.
served() {
    ncat --listen --keep-open --ssl --ssl-cert "$T/tls/server.pem" --ssl-key "$T/tls/server.key" --verbose \
        --sh-exec "cat '$T/raw'; sleep 1" 127.0.0.1 $raw >"$T/raw.log" 2>&1 &
    raw_pid=$!
    for _ in $(seq 100); do grep -q 'Listening on' "$T/raw.log" && break; sleep 0.05; done
    run "$2" diff sf
    has "$1" "$3" "$T/err"
    is "$1: asked once" 1 "$(grep -c 'Connection from .*:' "$T/raw.log")"
    kill $raw_pid
    wait $raw_pid 2>/dev/null || true
}
{
    printf 'HTTP/1.1 200 OK\r\n'
    seq -f 'X-%g: and so on, and so on' 5000 | sed 's/$/\r/'
    printf '\r\n{}'
} >"$T/raw"
served 'headers without end' 69 'the header of the answer is longer than'

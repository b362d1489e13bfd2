# shellcheck shell=bash
# lib.sh - what the tests of the whole program share; sourced
#
# BUILD is where the programs are. Everything a test makes is in $T, which goes when it ends.
# Simulated remotes listen on loopback over TLS, with a certificate of a throwaway authority.

set -u
BUILD=$(cd "${BUILD:-build}" && pwd) || exit 1
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # used where it is sourced
PUBLIC_DATA=$HERE/../../shared/data/crm-sales-opportunities # a public dataset; not part of the project
T=$(mktemp -d "${TMPDIR:-/tmp}/dealsync.XXXXXX") || exit 1
SIM_PID=
trap 'stop_sim; rm -rf "$T"' EXIT
trap 'exit 130' INT TERM

export DEALSYNC_CONFIG=$T/dealsync.conf
unset DEALSYNC_NOW DEALSYNC_DIE_AT DEALSYNC_STEPS
: >"$T/out" && : >"$T/err"

# --- results -----------------------------------------------------------------------------------

# ok TEXT COMMAND...: passes when the command succeeds.
ok() {
    local text=$1
    shift
    if "$@" >"$T/ok.out" 2>&1; then
        echo "ok - $text"
    else
        echo "not ok - $text"
        echo "# $*"
        sed 's/^/# /' "$T/ok.out" | tail -n 20
    fi
}

# is TEXT EXPECTED ACTUAL
is() {
    if [ "$2" = "$3" ]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        printf '# expected: %s\n# actual:   %s\n' "$2" "$3"
    fi
}

# has TEXT PATTERN FILE: passes when a line of the file matches the extended regular expression.
has() {
    if grep -qE -- "$2" "$3"; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        echo "# no line matches: $2"
        sed 's/^/# /' "$3" | tail -n 30
    fi
}

hasnt() {
    if grep -qE -- "$2" "$3"; then
        echo "not ok - $1"
        grep -nE -- "$2" "$3" | sed 's/^/# /' | head -n 5
    else
        echo "ok - $1"
    fi
}

# run EXIT ARGUMENTS...: runs dealsync; its output is in $T/out and $T/err, and a wrong exit status is
# a failed test.
run() {
    local want=$1 got
    shift
    "$BUILD/dealsync" "$@" >"$T/out" 2>"$T/err"
    got=$?
    if [ "$got" -ne "$want" ]; then
        echo "not ok - dealsync $* exits with $want"
        echo "# exit status $got"
        sed 's/^/# out: /' "$T/out" | tail -n 15
        sed 's/^/# err: /' "$T/err" | tail -n 15
        return 1
    fi
    echo "ok - dealsync $* exits with $want"
}

# drive CONNECTION WORD ARGUMENTS...: one call into the connector of a connection, with the settings it
# has in the configuration; JSON lines in $T/out. The exit status is that of the call.
drive() {
    local settings
    mapfile -t settings < <(awk -v name="[connection $1]" '
        /^\[/ { inside = $0 == name }
        inside && / = / && !/^(mapping|connector|shareable_solutions) / { sub(/ = /, "="); print }
        ' "$T/dealsync.conf")
    "$BUILD/dealsync-drive" "$(sed -n "/^\[connection $1\]/,/^\[/s/^connector = //p" "$T/dealsync.conf")" \
        "$2" "${@:3}" "${settings[@]}" >"$T/out" 2>"$T/err"
}

# The sum line of a run's report: "412 fetched: 1 created, ..."
sum() {
    sed -nE "s/^([a-z]+: )?([0-9,]+ fetched.*)/\2/p" "$T/out" | tail -n 1
}

sql() {
    sqlite3 -batch "$T/deals.db" "PRAGMA busy_timeout=5000" "$@" | tail -n +2
}

# steps_of ARGUMENTS...: runs dealsync, and tells how many places there were to die in.
steps_of() {
    rm -f "$T/steps"
    DEALSYNC_STEPS=$T/steps "$BUILD/dealsync" "$@" >"$T/out" 2>"$T/err"
    cat "$T/steps"
}

# The deal of a record.
deal_of() {
    sql "SELECT deal FROM links WHERE remote_id = '$1'"
}

# --- the simulator -------------------------------------------------------------------------------

# start_sim OPTIONS...: both remotes, in place of those before; sets SALESFORCE and DYNAMICS to their addresses.
start_sim() {
    stop_sim
    [ -d "$T/tls" ] || bash "$HERE/sim/certs.sh" "$T/tls" >/dev/null || exit 1
    rm -f "$T/ready"
    "$BUILD/dealsync-sim" --cert "$T/tls/server.pem" --key "$T/tls/server.key" \
        --jwt-cert "$T/tls/jwt.pub.pem" --ready "$T/ready" "$@" >"$T/sim.log" 2>&1 &
    SIM_PID=$!
    for _ in $(seq 1500); do
        [ -s "$T/ready" ] && break
        kill -0 "$SIM_PID" 2>/dev/null || break
        sleep 0.01
    done
    if [ ! -s "$T/ready" ]; then
        echo "not ok - the simulator starts"
        sed 's/^/# /' "$T/sim.log"
        exit 1
    fi
    SALESFORCE=$(sed -n 's/^salesforce=//p' "$T/ready")
    DYNAMICS=$(sed -n 's/^dynamics=//p' "$T/ready")
}

stop_sim() {
    [ -n "$SIM_PID" ] && kill "$SIM_PID" 2>/dev/null && wait "$SIM_PID" 2>/dev/null
    SIM_PID=
}

# sim WORD JSON: the control endpoint, for instance: sim edit '{"crm":...}'
sim() {
    curl --silent --show-error --fail-with-body --cacert "$T/tls/ca.pem" \
        --data-binary "$2" -H 'Content-Type: application/json' "$SALESFORCE/sim/$1"
}

# sim_get WORD: the answer of a question, for instance: sim_get 'stats'
sim_get() {
    curl --silent --show-error --fail-with-body --cacert "$T/tls/ca.pem" "$SALESFORCE/sim/$1"
}

# --- configurations --------------------------------------------------------------------------------

# Writes a configuration with both remotes, and more lines for both given as arguments.
configure() {
    local shareable='shareable_solutions = SOL-GTK-500 SOL-GTX-BASIC SOL-GTX-PRO'

    printf '%s' 'sim-client-secret!&=' >"$T/salesforce.secret"
    printf '%s' 'sim~secret+/=&%' >"$T/dynamics.secret"
    chmod 600 "$T"/*.secret
    cp "$HERE"/maps/*.conf "$T/"
    cat >"$T/dealsync.conf" <<CONF
[store]
path = deals.db

[connection sf]
connector = salesforce
url = $SALESFORCE
client_id = sim-consumer-key
user = sync@example.com
key = file:$T/tls/jwt.key
ca_file = $T/tls/ca.pem
mapping = salesforce.mapping.conf
$shareable
$(printf '%s\n' "$@")

[connection dv]
connector = dynamics
url = $DYNAMICS
authority = $DYNAMICS
tenant = 11111111-2222-3333-4444-555555555555
client_id = aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee
client_secret = file:$T/dynamics.secret
ca_file = $T/tls/ca.pem
mapping = dynamics.mapping.conf
$shareable
$(printf '%s\n' "$@")
CONF
}

# map_file: a mapping of a file where a test does not care for most fields. Its other lines come on standard input.
map_file() {
    cat - >"$T/lines" && cat - "$T/lines" >"$T/m.conf" <<'CONF'
[fields]
name = name
value = value
currency = "EUR"
close_date = "2027-12-31"
location = "1000001"
customer_name = "Contoso"
customer_street = "Main street 1"
customer_city = "Berlin"
customer_country = "DE"
team.name = "Deal desk"
team.email = "desk@example.com"
team.phone = "+49 30 1234"
CONF
}

# The deals of one CRM are none of the other's: they are about another customer.
strangers() {
    sed -i 's/^customer_name *= .*/customer_name = "Somebody Else"/' "$T/dynamics.mapping.conf"
}

# --- time and records ----------------------------------------------------------------------------

# clock INSTANT: what time it is, for the remotes and for dealsync.
clock() {
    export DEALSYNC_NOW=$1
    sim clock "{\"now\":\"$1\"}" >/dev/null
}

# some CRM WHERE N: the N-th record that is open, won or lost.
some() {
    sim_get "find?crm=$1&where=$2&n=$3" | jq -r ".ids[$(($3 - 1))]"
}

# anew COUNT LINES...: new remotes with so many records each, PAGE (20) in a page, a configuration with these
# lines, no store.
anew() {
    start_sim --count "$1" --page "${PAGE:-20}"
    configure 'guard_count = 1000' "${@:2}"
    rm -f "$T"/deals.db*
    now=1787290000
    later
}

# later [SECONDS]: so much time passes, or a quarter of an hour.
later() {
    now=$((now + ${1:-900}))
    clock "$(date -u -d "@$now" +%Y-%m-%dT%H:%M:%SZ)"
}

sync_later() { # CONNECTION EXIT
    later
    run "$2" sync "$1"
}

# fields JSON FIELD VALUE...: the object with these values; an empty one is null.
fields() {
    local set=$1
    shift
    while [ $# -gt 1 ]; do
        set=$(jq -c --arg f "$1" --arg v "$2" '. + {($f): (if $v == "" then null else $v end)}' <<<"$set")
        shift 2
    done
    echo "$set"
}

# edit CRM ID FIELD VALUE...: as a sales person would; an empty value clears the field.
edit() {
    sim edit "{\"crm\":\"$1\",\"id\":\"$2\",\"set\":$(fields '{}' "${@:3}")}" >/dev/null
}

# twin CRM ID FIELD VALUE...: a copy of a record, as a sales person makes one; its id.
twin() {
    local set
    set=$(sim_get "record?crm=$1&id=$2" | jq -c 'with_entries(select(.value != null and
        (.key | IN("Name", "AccountId", "OwnerId", "StageName", "Amount", "CloseDate", "CurrencyIsoCode",
        "Product_Code__c", "MPN_Location__c", "NextStep", "name", "_customerid_value", "_ownerid_value",
        "_owninguser_value", "_transactioncurrencyid_value", "estimatedvalue", "estimatedclosedate", "stepname",
        "salesstage", "statecode", "statuscode", "new_product", "new_location", "description"))))')
    sim create "{\"crm\":\"$1\",\"set\":$(fields "$set" "${@:3}")}" | jq -r .id
}

# field CRM ID NAME: what a record has, "null" for nothing; a whole number without decimals.
field() {
    sim_get "record?crm=$1&id=$2" | jq -r --arg name "$3" '.[$name] // "null" | tostring' | sed 's/\.0*$//'
}

# ours ID COLUMN: what the deal of a record has.
ours() {
    sql "SELECT $2 FROM deals WHERE id = $(deal_of "$1")"
}

# How many requests so far were such as change something.
writes() {
    sim_get stats | jq .mutating
}

# Everything that must be the same after any detour: deals, links, conflicts, holds, rejected records and
# the history without the times of day and the numbers of runs.
state() {
    sqlite3 -batch "$T/deals.db" <<'SQL'
.mode list
SELECT 'deal', l.remote_id, d.* FROM (SELECT id, version, name, status, stage, reason, value, currency,
  close_date, location, customer_name, customer_country, visibility, team, solutions, crm_id, notes FROM deals) d
  LEFT JOIN links l ON l.deal = d.id ORDER BY 2;
SELECT 'link', connection, remote_id, version, base, seen_version, deleted FROM links ORDER BY 2, 3;
SELECT 'conflict', connection, remote_id, field, case_number, rule, base, ours, theirs, decision,
  closed_ms IS NULL FROM conflicts ORDER BY 2, 3, 4, id;
SELECT 'hold', connection, remote_id, wanted, until_ms, rule FROM holds ORDER BY 2, 3;
SELECT 'reject', connection, remote_id, reasons FROM rejects ORDER BY 2, 3;
SELECT 'claim', connection, remote_id, deal, kind FROM claims ORDER BY 2, 3;
SELECT 'intent', connection, remote_id, deal, wanted, sent, changes FROM outbox ORDER BY 2, 4;
SELECT 'touched', connection, deal FROM touched ORDER BY 2, 3;
SELECT 'history', l.remote_id, h.kind, h.changes FROM history h LEFT JOIN links l ON l.deal = h.deal
  ORDER BY 2, h.rowid;
SELECT 'connection', name, fingerprint, cursor IS NOT NULL, resume, links, seen_deal, answer
  FROM connections ORDER BY 2;
SQL
}

# --- many ----------------------------------------------------------------------------------------

# many_edits N: changes the first N linked Salesforce records, each as somebody would.
many_edits() {
    sql "SELECT remote_id FROM links WHERE connection = 1 ORDER BY id LIMIT $1" |
        awk -v url="$SALESFORCE/sim/edit" -v ca="$T/tls/ca.pem" '{
            if (NR > 1)
                print "next"
            printf "url = \"%s\"\ncacert = \"%s\"\noutput = /dev/null\nfail\n", url, ca
            printf "data = \"{\\\"crm\\\":\\\"salesforce\\\",\\\"id\\\":\\\"%s\\\",", $1
            printf "\\\"set\\\":{\\\"NextStep\\\":\\\"call %d\\\"}}\"\n", NR
        }' >"$T/edits"
    curl --silent --show-error --config "$T/edits"
}

# many_links N: N more deals, each with a record on the first connection that nobody changes.
many_links() {
    sql "BEGIN;
         INSERT INTO deals(name, value, currency, created_run, connection)
           WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
           SELECT 'Deal ' || i, '1000', 'EUR', 1, 1 FROM n;
         INSERT INTO links(connection, remote_id, deal, version, seen_version, base)
           SELECT 1, printf('006ZZ%013d', id), id, 'v', 1, json_object('name', name, 'value', value)
           FROM deals ORDER BY id DESC LIMIT $1;
         UPDATE connections SET links = links + $1 WHERE id = 1;
         COMMIT; PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
}

# shellcheck shell=bash
# shellcheck disable=SC2034 # used where it is sourced
# measure.sh - how a command is timed, and how a remote is asked the same again by curl; sourced by bench.sh

die() {
    printf 'bench: %s\n' "$1" >&2
    sed 's/^/  /' "$T/bench.err" >&2
    exit 1
}

# timed COMMAND...: sets seconds, those of processors (all threads, kernel too), and the memory in MiB.
timed() {
    local user kernel kib
    /usr/bin/time -f '%e %U %S %M' -o "$T/time" "$@" >"$T/bench.out" 2>"$T/bench.err" || die "$* failed"
    read -r seconds user kernel kib < <(tail -n 1 "$T/time")
    cpu=$(awk -v a="$user" -v b="$kernel" 'BEGIN { printf "%.2f", a + b }') mib=$((kib / 1024))
}

# best PREPARE COMMAND...: the same of the shortest of several runs, each after PREPARE. Runs of one command
# differ by what else the machine does.
best() {
    local prepare=$1 shortest=
    shift
    for _ in $(seq "$RUNS"); do
        "$prepare"
        timed "$@"
        if [ -z "$shortest" ] || [ "$(larger "${shortest%% *}" "$seconds")" != "$seconds" ]; then
            shortest="$seconds $cpu $mib"
        fi
    done
    read -r seconds cpu mib <<<"$shortest"
}

larger() { awk -v a="$1" -v b="$2" 'BEGIN { print (a > b ? a : b) }'; }

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / (b > 0 ? b : 0.001) }'; }

# --- the remotes -----------------------------------------------------------------------------------

# delayed MS: from now on every request takes so long. Bulk jobs stay, to be read again by curl.
delayed() {
    sim reset '{}' >/dev/null
    sim fault '{"crm":"salesforce","match":"DELETE","kind":"status","status":404,"body":"[]","times":-1}' >/dev/null
    [ "$1" -eq 0 ] && return
    sim fault "{\"crm\":\"salesforce\",\"match\":\"/\",\"kind\":\"latency\",\"ms\":$1}" >/dev/null
    sim fault "{\"crm\":\"dynamics\",\"match\":\"/\",\"kind\":\"latency\",\"ms\":$1}" >/dev/null
}

# Remembers how long the simulator's log is.
logged() {
    since=$(sim_get 'log?since=999999999999' | jq .next)
}

token_of() { # CONNECTION
    local curl=(curl --silent --fail --cacert "$T/tls/ca.pem")
    if [ "$1" = sf ]; then
        "${curl[@]}" -d grant_type=client_credentials -d client_id=sim-consumer-key \
            --data-urlencode 'client_secret=sim-client-secret!&=' "$SALESFORCE/services/oauth2/token"
    else
        "${curl[@]}" -d grant_type=client_credentials -d client_id=aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee \
            --data-urlencode 'client_secret=sim~secret+/=&%' --data-urlencode "scope=$DYNAMICS/.default" \
            "$DYNAMICS/11111111-2222-3333-4444-555555555555/oauth2/v2.0/token"
    fi | jq -r .access_token
}

# Begins a curl configuration: what every request to the remote of a connection needs.
curl_begin() { # CONNECTION
    local accept=application/json
    [ "$1" = sf ] && accept='*/*'
    cat >"$T/curl.conf" <<CONF
silent
show-error
compressed
globoff
cacert = "$T/tls/ca.pem"
header = "Authorization: Bearer $(token_of "$1")"
header = "Accept: $accept"
header = "OData-Version: 4.0"
header = "OData-MaxVersion: 4.0"
header = "Prefer: odata.maxpagesize=2000"
header = "Sforce-Query-Options: batchSize=2000"
CONF
    cp "$T/curl.conf" "$T/curl.head"
}

# Adds what was asked for with GET since the sim's log was N entries long; the answers are thrown away.
curl_questions() { # CONNECTION
    local crm=salesforce origin=$SALESFORCE
    [ "$1" = dv ] && crm=dynamics origin=$DYNAMICS
    sim_get "log?since=$since" | jq -r --arg crm "$crm" --arg url "$origin" '
        .requests[] | select(.crm == $crm and .method == "GET" and .status == 200)
        | "url = \($url + .path | @json)\noutput = /dev/null"' >>"$T/curl.conf"
}

# Adds one request with a body, which curl cannot mix with others in one list.
curl_write() { # METHOD URL TYPE FILE
    {
        echo next
        cat "$T/curl.head"
        printf 'request = %s\nurl = "%s"\nheader = "Content-Type: %s"\ndata-binary = "@%s"\noutput = /dev/null\n' "$@"
    } >>"$T/curl.conf"
}

#!/usr/bin/env bash
# Deleted and restored opportunities, those that left the recycle bin, and what happens when the org no
# longer knows what was deleted (SF-47 to SF-49).
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

PATHS=Name,Amount

start_sim --count 300
configure
now=2026-08-21T06:00:00Z
clock $now

later() { # "N minutes"
    now=$(date -u -d "$now + $1" +%Y-%m-%dT%H:%M:%SZ)
    clock "$now"
}

fails() {
    ! "$@"
}

fetch() { # OPTIONS...
    drive sf fetch --paths "$PATHS" "$@" && cursor=$(jq -r 'select(.next) | .next' "$T/out")
}

# "ID deleted" of each record
told() {
    jq -r 'select(.record) | .record | "\(.id) \(.deleted)"' "$T/out" | sort
}

of_sim() { # WORD ID
    sim "$1" "{\"crm\":\"salesforce\",\"id\":\"$2\"}" >/dev/null
}

mapfile -t id < <(sim_get 'find?crm=salesforce&where=open&n=20' | jq -r '.ids[]')

fetch
has 'the cursor tells the window and the deletions' '^(2026-08-21T05:55:0[0-9]Z)[|]\1$' <(echo "$cursor")

later '10 minutes'
fetch --cursor "$cursor"
is 'nothing was deleted' '' "$(told)"
is 'deletions are known up to what the org covers, in whole minutes' '2026-08-21T06:05' "$(cut -c1-16 <<<"$cursor")"

of_sim delete "${id[0]}"
of_sim delete "${id[1]}"
of_sim purge "${id[1]}"
later '10 minutes'
fetch --cursor "$cursor"
is 'one in the bin, one gone for good: both are tombstones' "$(printf '%s true\n' "${id[0]}" "${id[1]}" | sort)" "$(told)"
gone=$(jq -c --arg id "${id[1]}" 'select(.record.id == $id) | .record' "$T/out")
has 'what is gone has the time it was deleted as its version' '"version":"deleted 2026-08-21T06:' <(echo "$gone")
has 'and no values' '"values":\{"Name":null,"Amount":null\}' <(echo "$gone")

later '1 hour'
fetch --cursor "$cursor" # the overlap
later '10 minutes'
fetch --cursor "$cursor"
is 'once' '' "$(told)"

of_sim undelete "${id[0]}"
later '10 minutes'
fetch --cursor "$cursor"
is 'a restored one is alive again' "${id[0]} false" "$(told)"

# Deletions that do not move the stamp: nowhere is it promised that they do.
later '1 hour'
fetch --cursor "$cursor"
stamp=$(sim_get "record?crm=salesforce&id=${id[2]}" | jq -r .SystemModstamp)
of_sim delete "${id[2]}"
sim edit "{\"crm\":\"salesforce\",\"id\":\"${id[2]}\",\"touch\":false,\"set\":{\"SystemModstamp\":\"$stamp\"}}" >/dev/null
later '10 minutes'
fetch --cursor "$cursor"
is 'a deletion that left the stamp alone is seen' "${id[2]} true" "$(told)"

old=$cursor
later '10 minutes'
fetch --cursor "${cursor%%|*}"
ok 'an older cursor, without deletions, still works' test -n "$cursor"
has 'and grows' '\|' <(echo "$cursor")
fetch --cursor "$old"

# --- what the org no longer knows

later '2 minutes'
of_sim delete "${id[3]}"
sim empty_bin '{"crm":"salesforce"}' >/dev/null
later '10 minutes'
fetch --cursor "$cursor"
has 'an emptied log: all is read again, and said so' '"whole":"the org no longer knows' "$T/out"
is 'before the first record' whole "$(jq -r 'select(.record or .whole) | keys[0]' "$T/out" | head -n 1)"
is 'all of it that is left' 297 "$(told | wc -l)"

later '1 hour'
fetch --cursor "$cursor"
hasnt 'and only once' whole "$T/out"

sim fault '{"crm":"salesforce","match":"/deleted/","kind":"status","status":400,"body":"[{\"errorCode\":\"EXCEEDED_ID_LIMIT\",\"message\":\"exceeded\"}]","content_type":"application/json"}' >/dev/null
later '10 minutes'
fetch --cursor "$cursor"
has 'too many deletions: the same' '"whole":"more was deleted' "$T/out"

later '10 minutes'
sim fault "{\"crm\":\"salesforce\",\"match\":\"/deleted/\",\"kind\":\"status\",\"status\":200,\"bytes\":40000000,\"body\":\"{\\\"deletedRecords\\\":[],\\\"earliestDateAvailable\\\":\\\"2026-08-20T00:00:00.000+0000\\\",\\\"latestDateCovered\\\":\\\"$now\\\"}\",\"content_type\":\"application/json\"}" >/dev/null
fetch --cursor "$cursor"
has 'a list that is longer than an answer may be: the same' '"whole":"more was deleted' "$T/out"

later '10 minutes'
fetch --cursor "$cursor"
hasnt 'an answer that reaches back far enough is good' whole "$T/out"
later '10 minutes'
sim fault "{\"crm\":\"salesforce\",\"match\":\"/deleted/\",\"kind\":\"status\",\"status\":200,\"body\":\"{\\\"deletedRecords\\\":[],\\\"earliestDateAvailable\\\":\\\"$now\\\",\\\"latestDateCovered\\\":\\\"$now\\\"}\",\"content_type\":\"application/json\"}" >/dev/null
fetch --cursor "$cursor"
has 'one that does not is not' '"whole":"the org no longer knows' "$T/out"

later '16 days'
fetch --cursor "$cursor"
has 'a cursor older than the log: the same' '"whole":"the last fetch is longer ago' "$T/out"
is 'all of it again' 297 "$(told | wc -l)"

fetch --cursor 2027-01-01T00:00:00Z
has 'a cursor of the future: the same' '"whole":"the last fetch ended in the future' "$T/out"

fetch --cursor "$(date -u -d "$now - 5 minutes" +%Y-%m-%dT%H:%M:%SZ)" commit_lag=3600
hasnt 'one that a longer commit_lag has not reached yet is no such thing' whole "$T/out"
is 'there is nothing to read then' '' "$(told)"
has 'until it has' "\"next\":\"$(date -u -d "$now - 1 hour" +%Y-%m-%dT%H:%M):" "$T/out"

ok 'a cursor that is none is refused' fails fetch --cursor '2026-08-21T06:00:00Z|x'
has 'by name' 'no cursor of a Salesforce fetch' "$T/out"

# --- an answer that says nothing

for body in '{}' '{\"deletedRecords\":[],\"latestDateCovered\":\"yesterday\"}' '{\"deletedRecords\":[{\"id\":\"x\"}],\"latestDateCovered\":\"2026-09-06T00:00:00.000+0000\"}'; do
    later '10 minutes'
    sim fault "{\"crm\":\"salesforce\",\"match\":\"/deleted/\",\"kind\":\"status\",\"status\":200,\"body\":\"$body\",\"content_type\":\"application/json\"}" >/dev/null
    ok 'half an answer concludes nothing (P-7)' fails fetch --cursor "$cursor"
done

# --- the whole program: deals of deleted opportunities stay, and are told

sed -i '/^crm_id/d' "$T/salesforce.mapping.conf"
run 0 sync sf
of_sim delete "${id[5]}"
of_sim purge "${id[5]}"
later '10 minutes'
run 0 sync sf
has 'a deletion for good arrives' '1 ignored' "$T/out"
later '10 minutes'
run 0 sync sf
is 'once' '0 fetched' "$(sum)"

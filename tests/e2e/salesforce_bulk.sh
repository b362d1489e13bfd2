#!/usr/bin/env bash
# Large windows: as Bulk jobs, or page by page on several lanes. Both give the same records, go on where they
# were interrupted, and notice whatever is missing.
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

PATHS=Name,Amount,StageName,CloseDate,Account.Name,Owner.Email,CurrencyIsoCode,Description

start_sim --count 13000
configure 'retries = 1'
clock 2026-08-21T06:00:00Z
sim set '{"bulk_page":2000}' >/dev/null

fetch() { # OPTIONS AND SETTINGS...
    drive sf fetch --paths "$PATHS" "$@"
}

fails() {
    ! "$@"
}

records() { # FILE...
    jq -c 'select(.record) | .record' "$@" | sort
}

has_all() { # TEXT FILE...: no record is missing, none is another
    ok "$1" cmp "$T/all" <(records "${@:2}" | uniq)
}

requests() { # PATTERN
    sim_get log | jq -r '.requests[] | "\(.method) \(.path) \(.status)"' | grep -cE "$1"
}

fault() {
    sim fault "{\"crm\":\"salesforce\",$1}" >/dev/null
}

name=$(sim_get 'find?crm=salesforce&where=open&n=1' | jq -r '.ids[0]')
edit salesforce "$name" Description $'one "two"\r\nthree,\n\n=cmd()' Name '  spaces  ' Amount 12345678901234.56
sim delete "{\"crm\":\"salesforce\",\"id\":\"$(sim_get 'find?crm=salesforce&where=open&n=2' | jq -r '.ids[1]')\"}" >/dev/null
clock 2026-08-21T07:00:00Z

# --- both ways

fetch bulk=never
records "$T/out" >"$T/all"
is 'page by page: all of them' 13000 "$(wc -l <"$T/all")"
is 'each once' 13000 "$(jq -r .id "$T/all" | sort -u | wc -l)"
has 'no page is read twice' '"expect":13000' "$T/out"
fetch bulk=always
has_all 'as a Bulk job: the same, byte for byte (SF-39)' "$T/out"
has 'the cost tells the job' '1 Bulk job' "$T/out"
is 'the job is deleted when done' 1 "$(requests '^DELETE .*/jobs/query/.* 204$')"
for version in v60.0 v67.0; do
    for switch in bulk_shuffle bulk_next_record_url bulk_no_count; do
        sim set "{\"$switch\":true}" >/dev/null
        fetch bulk=always api_version=$version
        has_all "$version $switch: the same (SF-81, SF-88)" "$T/out"
        sim set "{\"$switch\":false}" >/dev/null
    done
done
fault '"match":"DESC%20LIMIT%201","kind":"status","status":400,"content_type":"application/json","body":"[{\"errorCode\":\"QUERY_TIMEOUT\",\"message\":\"Your query request was running for too long.\"}]"'
fetch bulk=never
has_all 'without knowing the last id' "$T/out"
fetch bulk=auto bulk_from=13000 --quiet
is 'auto: a job from so many on' 1 "$(grep -c '1 Bulk job' "$T/out")"
fetch bulk=auto bulk_from=13001 --quiet
is 'auto: no job below' 0 "$(grep -c 'Bulk job' "$T/out")"
for way in auto never; do
    fault '"match":"COUNT%28%29","kind":"status","status":400,"content_type":"application/json","body":"[{\"errorCode\":\"QUERY_TIMEOUT\",\"message\":\"Your query request was running for too long.\"}]"'
    fetch bulk=$way
    has_all "$way: what cannot be counted in time is many" "$T/out"
    has "$way: and the log says so" 'QUERY_TIMEOUT: .*read as very many' "$T/err"
    is "$way: a job is made where it may be" "$([ $way = auto ] && echo 1 || echo 0)" "$(grep -c '1 Bulk job' "$T/out")"
done
fetch bulk=always --cursor 2026-08-21T06:05:00Z
is 'a small window as a job' 2 "$(records "$T/out" | wc -l)"
sim set '{"bulk_empty_body":true}' >/dev/null
clock 2026-08-21T08:00:00Z
fetch bulk=always --cursor 2026-08-21T07:55:00Z
has 'an empty one' '"next"' "$T/out"
ok 'a wrong word is refused' fails fetch bulk=often
clock 2026-08-21T07:00:00Z

# Children are read for the rows of a page, whichever way it came.
children=Name,OpportunityTeamMembers,OpportunityContactRoles
drive sf fetch --paths $children bulk=never where="CloseDate > 2029-01-31"
records "$T/out" >"$T/with"
drive sf fetch --paths $children bulk=always where="CloseDate > 2029-01-31"
ok 'children and a condition: the same both ways' cmp "$T/with" <(records "$T/out")
ok 'there are some' test "$(grep -c '"email' "$T/with")" -gt 50

# --- interrupted and resumed

for way in never always; do
    for marks in 1 3 5; do
        fetch bulk=$way --die-after $marks
        cp "$T/out" "$T/begun"
        resume=$(jq -r 'select(.mark) | .mark' "$T/begun" | tail -n 1)
        jobs=$(requests '^POST .*/jobs/query 200$')
        fetch bulk=$way --resume "$resume"
        cp "$T/out" "$T/resumed"
        has_all "bulk=$way, $marks marks: all is there" "$T/begun" "$T/resumed"
        is "bulk=$way, $marks marks: nothing comes again but the page under way" 13000 \
            "$(cat "$T/begun" "$T/resumed" | records | wc -l)"
        is "bulk=$way, $marks marks: no other job" "$jobs" "$(requests '^POST .*/jobs/query 200$')"
    done
done
fetch bulk=always --stop-after 7000
resume=$(jq -r 'select(.mark) | .mark' "$T/out" | tail -n 1)
fetch bulk=always --resume "$resume"
has 'the rows of a resumed job add up' '"next"' "$T/out"
fetch bulk=always --stop-after 7000
cp "$T/out" "$T/begun"
resume=$(jq -r 'select(.mark) | .mark' "$T/out" | tail -n 1)
fetch bulk=always api_version=v66.0 --resume "$resume"
has_all 'SF-38: a job is read with the version it was made with' "$T/begun" "$T/out"
job=$(sed -E 's/.*\|v[0-9.]+ ([^ ]+) .*/\1/' <<<"$resume")
fetch bulk=always --resume "${resume/$job/7505e00000009zzAAA}"
has_all 'SF-80: a job that is gone makes place for another' "$T/out"
sim set '{"bulk_other_user":true}' >/dev/null
fetch bulk=always --die-after 1
resume=$(jq -r 'select(.mark) | .mark' "$T/out" | tail -n 1)
sim set '{"bulk_other_user":false}' >/dev/null
fetch bulk=always --resume "$resume"
has_all 'so does one that another user made' "$T/out"
has 'and the log says so' 'INVALIDUSER: The job was created by another user' "$T/err"
fetch --resume '2026-08-21T06:55:00Z|'
has_all 'a place of an older version' "$T/out"
ok 'a place that is none is refused' fails fetch --resume '2026-08-21T06:55:00Z||v67.0 x'

# --- jobs that come to nothing (SF-16, SF-17)

for kind in job_fails job_aborts job_gone; do
    fault "\"match\":\"/jobs/query/\",\"kind\":\"$kind\",\"times\":9"
    fetch bulk=auto bulk_from=1
    has_all "$kind: read page by page instead" "$T/out"
    ok "$kind: an error where only a job will do" fails fetch bulk=always
    sim reset '{}' >/dev/null
done
sim set '{"bulk_enabled":false}' >/dev/null
fetch bulk=auto bulk_from=1
has_all 'SF-15: Bulk is switched off: page by page' "$T/out"
has 'and the log says so' 'page by page' "$T/err"
ok 'an error where only a job will do' fails fetch bulk=always
sim set '{"bulk_enabled":true}' >/dev/null

# --- no job left for today, by our share of them or by the org's own count

jobs=$(requests '^POST .*/jobs/query ')
fetch bulk=auto bulk_from=1 bulk_share=0
has_all 'the share of jobs is used up: page by page' "$T/out"
has 'and the log says so' 'daily Bulk query jobs of the org are used, .* read page by page instead' "$T/err"
is 'no job is made' "$jobs" "$(requests '^POST .*/jobs/query ')"
fetch bulk=auto bulk_from=1 bulk_share=0 --die-after 2
cp "$T/out" "$T/begun"
resume=$(jq -r 'select(.mark) | .mark' "$T/begun" | tail -n 1)
fetch bulk=auto bulk_from=1 --resume "$resume"
has_all 'what was begun so goes on so' "$T/begun" "$T/out"
is 'with no job either' "$jobs" "$(requests '^POST .*/jobs/query ')"
ok 'where only a job will do the run ends' fails fetch bulk=always bulk_share=0
has 'for later' '"status":"later".*bulk_share' "$T/out"
used=$(sim_get stats | jq .salesforce.requests)
sim set "{\"calls_of_others\":$((79995 - used))}" >/dev/null
ok 'the share of requests holds for it, too' fails fetch bulk=auto bulk_from=1 bulk_share=0
has 'with what it asked for kept' '"status":"later".*daily_share' "$T/out"
sim set '{"calls_of_others":18,"bulk_jobs_max":1}' >/dev/null
fetch bulk=auto bulk_from=1 bulk_share=100
has_all "the org's own count is used up: page by page" "$T/out"
sim set '{"bulk_jobs_max":0}' >/dev/null
fetch bulk=auto bulk_from=1 bulk_share=100
has_all 'so it is when the limits do not tell' "$T/out"
has 'in the words of the org' 'EXCEEDEDQUOTA: Max bulk v2 query jobs .*page by page' "$T/err"
ok 'where only a job will do that ends the run' fails fetch bulk=always bulk_share=100
has 'for later, too' '"status":"later".*EXCEEDEDQUOTA' "$T/out"
sim set '{"bulk_jobs_max":10000,"bulk_polls":1000000}' >/dev/null
ok 'SF-79: a job that takes too long' fails fetch bulk=always bulk_wait=1
has 'is for a later run' '"status":"later"' "$T/out"
resume=$(jq -r 'select(.mark) | .mark' "$T/out" | tail -n 1)
sim set '{"bulk_polls":1}' >/dev/null
jobs=$(requests '^POST .*/jobs/query 200$')
fetch bulk=always --resume "$resume"
has_all 'which goes on with it' "$T/out"
is 'and makes no other' "$jobs" "$(requests '^POST .*/jobs/query 200$')"

# --- a job that is gone while its pages are read

for version in v60.0 v67.0; do
    fault '"match":"/results","kind":"status","status":404,"after":2,"times":99,"content_type":"application/json","body":"[{\"errorCode\":\"NOT_FOUND\",\"message\":\"The requested resource does not exist\"}]"'
    ok "$version: it ends the run" fails fetch bulk=always api_version=$version
    cp "$T/out" "$T/begun"
    has "$version: which says so" '"status":"remote".*Bulk job 750.* is gone' "$T/out"
    sim reset '{}' >/dev/null
    fault '"match":"GET /services/data/'$version'/jobs/query/750","kind":"job_gone"'
    fetch bulk=always api_version=$version --resume "$(jq -r 'select(.mark) | .mark' "$T/begun" | tail -n 1)"
    has_all "$version: the next one sends its query again" "$T/out"
    sim reset '{}' >/dev/null
done

# --- pages that are not what they should be (SF-10, SF-19, SF-89)

for version in v60.0 v67.0; do
    ok "cut short every time: $version" fails eval "fault '\"match\":\"/results\",\"kind\":\"cut\",\"times\":99'; fetch bulk=always api_version=$version"
    sim reset '{}' >/dev/null
    fault '"match":"/results","kind":"cut","after":1'
    fetch bulk=always api_version=$version
    has_all "$version: cut short once" "$T/out"
    fault '"match":"/results","kind":"expire_token","after":1'
    fetch bulk=always api_version=$version
    has_all "$version: the token ends half way" "$T/out"
    sim reset '{}' >/dev/null
    fault '"match":"/results","kind":"html200","after":2'
    ok "$version: a page of HTML ends the run" fails fetch bulk=always api_version=$version
    cp "$T/out" "$T/begun"
    has "$version: and says what it is" '"status":"remote".*a page of Bulk job 750.* was answered with an HTML page' "$T/out"
    jobs=$(requests '^POST .*/jobs/query 200$')
    fetch bulk=always api_version=$version --resume "$(jq -r 'select(.mark) | .mark' "$T/begun" | tail -n 1)"
    has_all "$version: the next one goes on behind it" "$T/begun" "$T/out"
    is "$version: with the same job" "$jobs" "$(requests '^POST .*/jobs/query 200$')"
    sim reset '{}' >/dev/null
    fault '"match":"/results","kind":"gzip_cut","after":1'
    ok "$version: gzip that is cut short is noticed" fails fetch bulk=always api_version=$version
    hasnt "$version: no cursor comes of it" '"next"' "$T/out"
    sim reset '{}' >/dev/null
    fault '"match":"/results","kind":"stall","ms":600,"after":1,"times":2'
    fetch bulk=always api_version=$version
    has_all "$version: bytes that come slowly" "$T/out"
    fault '"match":"/results","kind":"stall","ms":4000,"after":1'
    fetch bulk=always api_version=$version timeout=2
    has_all "$version: bytes that do not come are asked for again" "$T/out"
    sim reset '{}' >/dev/null
    fault '"match":"/results","kind":"lost_rows","after":1'
    ok "$version: rows that are missing are noticed" fails fetch bulk=always api_version=$version
    hasnt "$version: no cursor comes of it" '"next"' "$T/out"
    sim reset '{}' >/dev/null
done
fault '"match":"/resultPages","kind":"lost_rows"'
ok 'a page that the list leaves out is noticed' fails fetch bulk=always
has 'by the sum' 'its pages held' "$T/out"
sim reset '{}' >/dev/null
sim set '{"bulk_no_locator":true}' >/dev/null
ok 'SF-19: no locator: an error, and no endless loop' fails fetch bulk=always api_version=v57.0
sim set '{"bulk_no_locator":false}' >/dev/null

# --- page by page on several lanes

fault '"match":"/query/0","kind":"status","status":400,"body":"[{\"errorCode\":\"INVALID_QUERY_LOCATOR\",\"message\":\"invalid query locator\"}]","content_type":"application/json","after":2,"times":3'
fetch bulk=never
has_all 'SF-44: locators that are lost' "$T/out"
sim reset '{}' >/dev/null
fault '"match":"/query/0","kind":"cut","after":3,"times":1'
fetch bulk=never
has_all 'pages that are cut short' "$T/out"
sim reset '{}' >/dev/null
fault '"match":"/query/0","kind":"short_page","after":1,"times":5'
fetch bulk=never
has_all 'SF-43: short pages' "$T/out"
sim reset '{}' >/dev/null

fault '"match":"/query/0","kind":"gzip_cut","after":1'
ok 'gzip that is cut short is noticed' fails fetch bulk=never
hasnt 'no cursor comes of it' '"next"' "$T/out"
sim reset '{}' >/dev/null
fault '"match":"/query/0","kind":"stall","ms":4000,"after":1'
fetch bulk=never timeout=2
has_all 'bytes that do not come are asked for again' "$T/out"
sim reset '{}' >/dev/null

fault '"match":"","kind":"latency","ms":100'
fetch bulk=never --quiet
is 'pages are read four at once' 4 "$(sim_get stats | jq .salesforce.peak)"
sim reset '{}' >/dev/null

# --- pages longer than we take

fault '"match":"/query/0","kind":"bigfield","bytes":34000000,"after":2'
fetch bulk=never
has_all 'page by page: one that is too long is read again in smaller ones' "$T/out"
fault '"match":"/queryAll/?q=SELECT%20Id","kind":"bigfield","bytes":34000000,"times":-1'
ok 'a record that is too long alone is an error' fails fetch bulk=never
has 'that says what to do' '"status":"remote".*very long text field' "$T/out"
sim reset '{}' >/dev/null

start_sim --count 190000
configure
clock 2026-08-21T06:00:00Z
sim set '{"bulk_page":190000}' >/dev/null
fetch bulk=always --quiet
has 'a listed page that is too long is read in smaller ones' '"records":190000' "$T/out"
has 'to the end' '"next"' "$T/out"
ok 'at first it was asked for' test "$(requests '/results.locator=[^&]* 200$')" = 1
is 'then in pages of our own size' 8 "$(requests '/results.maxRecords=25000')"

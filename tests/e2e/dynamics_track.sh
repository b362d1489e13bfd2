#!/usr/bin/env bash
# Change tracking of Dynamics 365, and that reading by the time of change comes to the same.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

PATHS=name,estimatedvalue,statuscode.label,customerid_account.name,owninguser.fullname

start_sim --count 600
configure
clock 2026-08-21T06:00:00Z

sim_set() { sim set "{\"dynamics\":$1}" >/dev/null; }
fetch() { drive dv fetch --paths "$PATHS" "$@"; }
cursor() { jq -r 'select(.next).next' "$T/out"; }
names() { jq -r 'select(.record).record | select(.deleted | not) | .values.name' "$T/out" | sort; }
deleted() { jq -r 'select(.record.deleted).record.id' "$T/out"; }
records() { jq -r 'select(.records).records' "$T/out"; }
whole() { jq -r 'select(.whole).whole' "$T/out"; }
remove() { sim delete "{\"crm\":\"dynamics\",\"id\":\"$1\"}" >/dev/null; }

# --- the first fetch, and the ones after ------------------------------------------------------------

ok 'the first fetch' fetch
is 'says before how much it will be' 600 "$(jq -r 'select(.expect).expect' "$T/out")"
is 'hands over everything, once' '600 600' "$(records) $(jq -r 'select(.record).record.id' "$T/out" | sort -u | wc -l)"
c=$(cursor)
has 'its cursor is a moment and a link (DV-42)' '^2026-08-21T06:00:..Z https://.*deltatoken' <(echo "$c")
is 'the link was asked for before the records' 'track window' \
    "$(sim_get 'log?since=0' | jq -r '.requests[].path | select(test("/opportunities\\?")) | if test("orderby=modifiedon,") then "window" elif test("versionnumber$") then "track" else empty end' | uniq | paste -sd' ')"

ok 'nothing has changed' fetch --cursor "$c"
is 'nothing comes' 0 "$(records)"
c=$(cursor)

one=$(some dynamics open 1) two=$(some dynamics open 2) three=$(some dynamics open 3)
edit dynamics "$one" name 'by name'
edit dynamics "$two" name 'gone soon'
remove "$two"
sim create '{"crm":"dynamics","set":{"name":"brand new"}}' >/dev/null
ghost=$(sim create '{"crm":"dynamics","set":{"name":"came and went"}}' | jq -r .id)
remove "$ghost"
clock 2026-08-21T06:30:00Z
ok 'changes' fetch --cursor "$c"
is 'what is new and what has changed' 'brand new|by name' "$(names | paste -sd'|')"
is 'and what was deleted, known or not (DV-43, DV-45)' "$(printf '%s\n' "$two" "$ghost" | sort)" "$(deleted | sort)"
is 'is not the whole' '' "$(whole)"
ok 'the same cursor again' fetch --cursor "$c"
is 'tells the same (P-3)' '4' "$(records)"
c=$(cursor)

sim_set '{"delta_both":1}'
remove "$three"
ok 'deleted, and said to have changed as well (DV-46)' fetch --cursor "$c"
is 'is deleted' "$three" "$(deleted)"
sim undelete "{\"crm\":\"dynamics\",\"id\":\"$three\"}" >/dev/null
ok 'and restored in the same window' fetch --cursor "$c"
is 'is not' " $three" "$(deleted) $(jq -r 'select(.record).record.id' "$T/out" | grep "$three")"
sim_set '{"delta_both":0}'
c=$(cursor)

# --- a condition, and what a delta may not ask (DV-39) ----------------------------------------------

ok 'with a filter' fetch 'filter=estimatedvalue gt 50000'
f=$(cursor)
large=$(jq -r 'select(.record).record.id' "$T/out" | head -n 1)
edit dynamics "$large" name 'large'
edit dynamics "$one" name 'small' estimatedvalue 1
ok 'with a filter, changes' fetch --cursor "$f" 'filter=estimatedvalue gt 50000'
is 'only those that match' large "$(names)"

# --- tokens that end (DV-47 to DV-49) ---------------------------------------------------------------

for status in 400 410; do
    for style in 0 1 2; do
        sim_set "{\"expired_status\":$status,\"code_style\":$style,\"retention\":7}"
        clock 2026-08-21T06:40:00Z
        fetch && c=$(cursor)
        clock 2026-09-21T06:40:00Z
        ok "a token that has expired, $status, code style $style" fetch --cursor "$c"
        is 'announces everything' '1 1' "$(jq -s '[map(select(.whole)) | length, ([.[] | has("whole")] | index(true)) == 0] | map(if . == true then 1 else . end) | .[0], .[1]' "$T/out" | paste -sd' ')"
        is 'and reads it' "$(sim_get 'find?crm=dynamics&n=1000' | jq '.ids | length')" "$(records)"
        clock 2026-08-21T06:40:00Z
    done
done
sim_set '{"code_style":0,"expired_status":400}'
fetch && c=$(cursor)
sim metadata '{"crm":"dynamics"}' >/dev/null
ok 'a table that was customised' fetch --cursor "$c"
has 'announces everything, too' 'customised' <(whole)
fetch && c=$(cursor)
clock 2026-09-21T06:40:00Z
sim_set '{"expired_dumps":1}'
ok 'an environment that tells everything instead (DV-48)' fetch --cursor "$c"
is 'does no harm' "$(sim_get 'find?crm=dynamics&n=1000' | jq '.ids | length')" "$(records)"
sim_set '{"expired_dumps":0}'
fetch && c=$(cursor)
ok 'a token that is none' fetch --cursor "${c%%deltatoken*}deltatoken=12"
has 'announces everything' refused <(whole)
ok 'a link to somewhere else' fetch --cursor "${c%% *} https://evil.example/opportunities?\$deltatoken=1"
has 'is not followed' 'another address' <(whole)
for status in 403 429; do
    sim fault "{\"crm\":\"dynamics\",\"match\":\"deltatoken\",\"kind\":\"status\",\"status\":$status,\"times\":-1}" >/dev/null
    ok "$status" test "$(fetch --cursor "$c" retries=0 --deadline 3; echo $?)" = 1
    is 'is no reason to read everything' '' "$(whole)"
    sim reset '{}' >/dev/null
done

fetch && c=$(cursor)
for n in $(seq 1 20); do edit dynamics "$(some dynamics open "$n")" stepname "moved $n"; done
sim set '{"page":10}' >/dev/null
sim fault '{"crm":"dynamics","match":"skiptoken","kind":"status","status":400,"code":"0x80044352",
    "message":"Version stamp associated with the client has expired. Please perform a full sync."}' >/dev/null
ok 'a token that ends between two pages' fetch --cursor "$c"
is 'announces everything before the first record' true "$(jq -s 'map(has("whole")) | index(true) == 0' "$T/out")"
is 'and reads it, once' "$(sim_get 'find?crm=dynamics&n=1000' | jq '.ids | length')" "$(records)"
sim set '{"page":0}' >/dev/null
sim reset '{}' >/dev/null
sim_set '{"tracking":0}'
ok 'a link that nobody follows any more, change tracking being off' fetch --cursor "$c"
has 'announces everything' refused <(whole)
hasnt 'and leaves no link' deltatoken <(cursor)
sim_set '{"tracking":1}'

# --- where there is no change tracking (DV-41, DV-55) ------------------------------------------------

for kind in 0 2; do
    sim_set "{\"tracking\":$kind}"
    ok "without change tracking, kind $kind" fetch
    is 'everything comes' "$(sim_get 'find?crm=dynamics&n=1000' | jq '.ids | length')" "$(records)"
    hasnt 'the cursor has no link' deltatoken <(cursor)
    ok 'when it must be used' test "$(fetch tracking=on; echo $?)" = 1
    has 'that is an error' 'change tracking' "$T/out"
done
c=$(cursor)
sim_set '{"tracking":1,"denied":"prvReadOpportunity:org"}'
ok 'a role that does not reach the whole organisation (DV-53)' fetch
has 'is told what is lost' 'deleted opportunities are not seen.* whole organisation' "$T/err"
hasnt 'the cursor has no link' deltatoken <(cursor)
sim_set '{"denied":""}'
ok 'a cursor of before it was switched on' fetch --cursor "${c:-2026-09-21T06:40:00Z}"
has 'goes on with it' deltatoken <(cursor)

# --- what changes without the opportunity (DV-64) -----------------------------------------------------

# other SET ID JSON: a change in another table.
other() {
    sim edit "{\"crm\":\"dynamics\",\"object\":\"$1\",\"id\":\"$2\",\"set\":$3}" >/dev/null
}
customer_of() { sim_get "record?crm=dynamics&id=$1" | jq -r ._customerid_value; }
PATHS+=,process.stage
for way in on off; do
    fetch "tracking=$way"
    c=$(cursor)
    account=$(customer_of "$one")
    version=$(jq -r --arg id "$one" 'select(.record.id == $id).record.version' "$T/out")
    other accounts "$account" "{\"name\":\"renamed, $way\"}"
    clock "$(date -u -d "${c%% *} + 30 minutes" +%FT%TZ)"
    ok "a customer is renamed, tracking $way" fetch --cursor "$c" "tracking=$way"
    is 'its opportunities come' "renamed, $way" "$(jq -r --arg id "$one" 'select(.record.id == $id).record.values["customerid_account.name"]' "$T/out")"
    ok 'only those' test "$(records)" -lt 60
    is 'once each' "$(records)" "$(jq -r 'select(.record).record.id' "$T/out" | sort -u | wc -l)"
    ok 'with another version' test "$version" != "$(jq -r --arg id "$one" 'select(.record.id == $id).record.version' "$T/out")"
    c=$(cursor)
    clock "$(date -u -d "${c%% *} + 30 minutes" +%FT%TZ)"
    ok 'the time after that' fetch --cursor "$c" "tracking=$way"
    is 'nothing comes' 0 "$(records)"
    stage=a1000008-5f2a-4d1c-8b00-00000000000$([ $way = on ] && echo 2 || echo 3)
    flow=a100000a-5f2a-4d1c-8b00-000000000005
    owner=$(sim_get "record?crm=dynamics&object=opportunitysalesprocesses&id=$flow" | jq -r ._opportunityid_value)
    other opportunitysalesprocesses $flow "{\"_activestageid_value\":\"$stage\"}"
    ok "a stage moves in its flow, tracking $way" fetch --cursor "$c" "tracking=$way"
    is 'its opportunity comes, and no other' "1 $owner" "$(records) $(jq -r 'select(.record).record.id' "$T/out")"
done

# A table that does not say when its rows were modified is not watched (DV-37); an owner is, user or team.
PATHS=name,campaignid.name,ownerid.name,ownerid.email
fetch
c=$(cursor)
edit dynamics "$one" _ownerid_value a100000e-5f2a-4d1c-8b00-000000000001
clock "$(date -u -d "${c%% *} + 30 minutes" +%FT%TZ)"
ok 'an opportunity gets a team as its owner' fetch --cursor "$c"
is 'with its name and address' 'Sales Team North north@example.com' \
    "$(jq -r 'select(.record).record.values | .["ownerid.name"] + " " + .["ownerid.email"]' "$T/out")"
c=$(cursor)
other teams a100000e-5f2a-4d1c-8b00-000000000001 '{"name":"North by another name"}'
clock "$(date -u -d "${c%% *} + 30 minutes" +%FT%TZ)"
ok 'the team is renamed' fetch --cursor "$c" --verbose
is 'and brings its opportunity' "$one North by another name" \
    "$(jq -r 'select(.record).record | .id + " " + .values["ownerid.name"]' "$T/out")"
has 'campaigns do not tell' "changes behind 'campaignid' cannot be seen by themselves" "$T/err"

# --- faults while the link is asked for ----------------------------------------------------------------

for kind in html200 truncate cut empty; do
    sim fault "{\"crm\":\"dynamics\",\"match\":\"opportunityid,versionnumber\",\"kind\":\"$kind\",\"times\":9}" >/dev/null
    ok "$kind instead of a link" test "$(fetch retries=1; echo $?)" = 1
    is 'nothing is handed over, no cursor' '0 ' "$(records) $(cursor)"
    sim reset '{}' >/dev/null
done

# --- the same history both ways ----------------------------------------------------------------------

start_sim --count 600
cp "$T/dealsync.conf" "$T/old.conf"
configure 'overlap = 600'
awk '/^\[connection dv\]/ { inside = 1 } inside && /^url/ { print "tracking = TRACKING" } { print }' \
    "$T/dealsync.conf" >"$T/template.conf"
clock 2026-08-21T06:00:00Z
both() {
    local way
    for way in on off; do
        sed "s/TRACKING/$way/; s/deals\.db/$way.db/" "$T/template.conf" >"$T/dealsync.conf"
        "$BUILD/dealsync" sync dv >"$T/$way.out" 2>"$T/$way.err"
    done
}
deals() {
    sqlite3 -batch "$T/$1.db" "SELECT l.remote_id, d.name, d.value, d.status, d.stage, d.customer_name
        FROM deals d JOIN links l ON l.deal = d.id ORDER BY 1"
}
both
is 'both ways begin alike' "$(deals off)" "$(deals on)"
for round in 1 2 3 4; do
    clock "2026-08-2${round}T0$round:10:00Z"
    for n in 1 2 3; do
        edit dynamics "$(some dynamics open $((round * 7 + n)))" name "round $round, $n" estimatedvalue $((1000 * round + n))
    done
    edit dynamics "$(some dynamics open $((round * 11)))" statuscode 2
    sim create "{\"crm\":\"dynamics\",\"set\":{\"name\":\"made in round $round\"}}" >/dev/null
    both
    is "round $round: both ways have the same" "$(deals off | sha256sum)" "$(deals on | sha256sum)"
done
is 'and it is what the environment has' 12 "$(deals on | grep -c '|round')"

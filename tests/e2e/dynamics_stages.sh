#!/usr/bin/env bash
# Stages from wherever a company keeps them: business process flows, sales stages, status reasons.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 300
configure
clock 2026-08-21T06:00:00Z
sed '/^\[stage\]/,$d' "$T/dynamics.mapping.conf" >"$T/head.conf"

# stages LINES...: the mapping with these lines at its end.
stages() {
    { cat "$T/head.conf" && printf '%s\n' "$@"; } >"$T/dynamics.mapping.conf"
}

# setting LINE: the connection dv with this line more.
cp "$T/dealsync.conf" "$T/plain.conf"
setting() {
    cp "$T/plain.conf" "$T/dealsync.conf"
    sed -i "s|^connector = dynamics|&\n$1|" "$T/dealsync.conf"
}

flow() { # table, instance's number, set
    sim edit "{\"crm\":\"dynamics\",\"object\":\"$1\",\"id\":\"a100000a-5f2a-4d1c-8b00-00000000000$2\",\"set\":$3}" >/dev/null
}
stage_id() {
    echo "a100000c-5f2a-4d1c-8b00-00000000000$1"
}
stage_of() {
    sql "SELECT stage FROM deals WHERE id = $(deal_of "$1")"
}

# The flow's stages, and which there are.
stages '[stage]' 'from = process.stage' '[stages]' '10 = Qualify' '20 = Develop' '60 = Propose' '80 = Close'
run 0 check dv
has 'check counts them' 'every stage has its place' "$T/out"
run 0 sync dv
is 'every deal has the stage of its flow' 0 \
    "$(sql "SELECT count(*) FROM deals WHERE status = 'accepted' AND stage NOT IN (10,20,60,80)")"
run 0 stages dv
has 'each with its flow and its count' '^process.stage +Opportunity Sales Process +Qualify .* open +yes +[1-9][0-9]* +10' "$T/out"
has 'the other flow as well' 'Lead to Opportunity Sales Process +Develop' "$T/out"

# Moving a stage changes the flow's instance and nothing else (DV-64).
first=$(sim_get 'record?crm=dynamics&object=opportunitysalesprocesses&id=a100000a-5f2a-4d1c-8b00-000000000001' |
    jq -r ._opportunityid_value)
was=$(stage_of "$first")
clock 2026-08-21T07:00:00Z
flow opportunitysalesprocesses 1 "{\"_activestageid_value\":\"$(stage_id 3)\"}"
run 0 sync dv
is 'a stage that was moved in its flow' '10|60' "$was|$(stage_of "$first")"
is 'is one change' 1 "$(sql "SELECT count(*) FROM history WHERE deal = $(deal_of "$first") AND kind = 'updated'")"
run 0 sync dv
hasnt 'and no change again' 'updated' "$T/out"

# Of several instances the one modified last counts (DV-63).
clock 2026-08-21T08:00:00Z
sim create "{\"crm\":\"dynamics\",\"object\":\"leadtoopportunitysalesprocesses\",\"set\":{
    \"_opportunityid_value\":\"$first\",\"_activestageid_value\":\"$(stage_id 8)\"}}" >/dev/null
run 0 sync dv
is 'a second flow that began later' 80 "$(stage_of "$first")"
clock 2026-08-21T09:00:00Z
flow opportunitysalesprocesses 1 "{\"_activestageid_value\":\"$(stage_id 2)\"}"
run 0 sync dv
is 'the first one moved again' 20 "$(stage_of "$first")"
clock 2026-08-21T09:20:00Z
flow opportunitysalesprocesses 1 '{"statecode":1,"statuscode":3}'
run 0 sync dv
is 'an aborted one counts less than another, however new' 80 "$(stage_of "$first")"
clock 2026-08-21T09:40:00Z
flow opportunitysalesprocesses 1 '{"statecode":0,"statuscode":2}'
run 0 sync dv
is 'a finished one counts' 20 "$(stage_of "$first")"
for n in $(seq 2 9); do # the first of an open one
    alone=$(sim_get "record?crm=dynamics&object=opportunitysalesprocesses&id=a100000a-5f2a-4d1c-8b00-00000000000$n" |
        jq -r ._opportunityid_value)
    [ "$(sql "SELECT status FROM deals WHERE id = $(deal_of "$alone")")" = accepted ] && break
done
flow opportunitysalesprocesses "$n" "{\"_activestageid_value\":\"$(stage_id 3)\",\"statecode\":1,\"statuscode\":3}"
run 0 sync dv
is 'and so does an aborted one without another' 60 "$(stage_of "$alone")"
# A flow of the company's own leads to the opportunity by a column of another name; one of accounts does not.
clock 2026-08-21T10:00:00Z
own=$(sim create "{\"crm\":\"dynamics\",\"object\":\"new_partnerflows\",\"set\":{
    \"_bpf_opportunityid_value\":\"$first\",\"_activestageid_value\":\"$(stage_id b)\"}}" | jq -r .id)
sim create "{\"crm\":\"dynamics\",\"object\":\"new_accountflows\",\"set\":{\"_activestageid_value\":\"$(stage_id 1)\"}}" >/dev/null
run 0 sync dv
is 'a flow of their own' 60 "$(stage_of "$first")"
hasnt 'a flow of other tables is not asked' new_accountflows <(sim_get 'log?since=0' | jq -r '.requests[].path')
setting 'processes = new_partnerflow'
run 0 stages dv
has 'is one that can be named' 'Partner Flow +Propose .* open +yes +1 ' "$T/out"
setting 'processes = new_accountflow'
run 78 sync dv
has 'the other one is none of opportunities' "no business process flow of opportunities has the table 'new_accountflow'" "$T/err"
cp "$T/plain.conf" "$T/dealsync.conf"

# An instance that is deleted tells nobody; the next change of the opportunity brings the stage of what is left.
sim delete "{\"crm\":\"dynamics\",\"object\":\"new_partnerflows\",\"id\":\"$own\"}" >/dev/null
clock 2026-08-21T11:00:00Z
run 0 sync dv
is 'an instance that was deleted is not seen at once' 60 "$(stage_of "$first")"
edit dynamics "$first" name 'and now'
clock 2026-08-21T12:00:00Z
run 0 sync dv
is 'but with the next change' 20 "$(stage_of "$first")"

setting 'processes = leadtoopportunitysalesprocess'
run 0 stages dv
run 3 backfill dv
is 'a flow that does not count' 80 "$(stage_of "$first")"
setting 'processes = salesprocess'
run 78 sync dv
has 'a flow that is not there' "salesprocess" "$T/err"
cp "$T/plain.conf" "$T/dealsync.conf"

# A stage that was taken out of its flow has no name; its id is looked up once, however many stand in it.
in_stage() { # ids of stages, for nine instances in turn
    for n in $(seq 1 9); do
        flow opportunitysalesprocesses "$n" "{\"_activestageid_value\":\"$1\"}"
        set -- "${@:2}" "$1"
    done
}
in_stage "$(stage_id 1 | sed 's/^a1/b1/')" "$(stage_id 2 | sed 's/^a1/b1/')"
clock 2026-08-21T13:00:00Z
since=$(sim_get 'log?since=999999999' | jq .next)
"$BUILD/dealsync" sync dv >"$T/out" 2>"$T/err"
is 'a stage that is none any more is asked for once' 3 \
    "$(sim_get "log?since=$since" | jq '[.requests[] | select(.path | contains("/processstages"))] | length')"
in_stage "$(stage_id 2)"

# A flow with its own list.
stages '[stage]' 'from = process.stage' 'process = process.name' '[stages]' '20 = Qualify' '40 = Develop' \
    '60 = Propose' '80 = Close' '[stages Opportunity Sales Process]' '10 = Qualify'
rm -f "$T"/deals.db*
run 0 sync dv
ok 'a stage means what its flow says' test "$(sql 'SELECT count(*) FROM deals WHERE stage = 10')" -gt 0

# Whoever may not read a flow is told which.
sim set '{"dynamics":{"denied":"prvReadOpportunitySalesProcess"}}' >/dev/null
rm -f "$T"/deals.db*
run 77 sync dv
has 'a flow that may not be read' "business process flow 'opportunitysalesprocess'.*" "$T/err"
has 'and what to do' "Read .* or name the flows" "$T/err"
is 'nothing was guessed' '' "$(sql 'SELECT 1 FROM deals LIMIT 1' 2>/dev/null)"
sim set '{"dynamics":{"denied":""}}' >/dev/null

# Pages of a flow are followed under the same guards as others (DV-19, DV-20).
stages '[stage]' 'from = process.stage' '[stages]' '10 = Qualify' '20 = Develop' '60 = Propose' '80 = Close'
sim set '{"page":100}' >/dev/null
for kind in foreign_next loop_next; do
    rm -f "$T"/deals.db*
    sim fault "{\"crm\":\"dynamics\",\"match\":\"/opportunitysalesprocesses\",\"kind\":\"$kind\",\"times\":99}" >/dev/null
    run 69 sync dv
    has "a flow's pages, $kind" 'instead of https|circle' "$T/err"
    sim reset '{}' >/dev/null
done
clock 2026-08-22T06:00:00Z
run 0 sync dv
in_stage "$(stage_id 3)"
sim set '{"page":2}' >/dev/null
clock 2026-08-22T07:00:00Z
sim fault '{"crm":"dynamics","match":"/opportunitysalesprocesses","kind":"stuck_next","times":-1}' >/dev/null
run 69 sync dv
has "a flow's pages that do not advance, in links that differ" 'the same records came again' "$T/err"
sim reset '{}' >/dev/null
sim set '{"page":0}' >/dev/null

# The other places. Labels come from metadata; a custom status reason is a stage like another (DV-38).
sim set '{"dynamics":{"custom_status":1}}' >/dev/null
for from in stepname salesstage salesstage.label salesstagecode.label statuscode.label statecode.label; do
    stages '[stage]' "from = $from" '[stages]' '20 = nothing like it'
    run 0 stages dv
    has "$from has a list" "^$from +- .* yes +[1-9][0-9]*" "$T/out"
done
stages '[stage]' 'from = statuscode.label' '[stages]' '20 = In Progress'
run 0 stages dv
has 'a status tells its outcome' '^statuscode.label +- +Out-Sold .* lost' "$T/out"
has 'on hold is open' '^statuscode.label +- +On Hold .* open' "$T/out"

# A column that divides the stages.
stages '[stage]' 'from = salesstage.label' 'process = new_helpwanted.label' '[stages]' '20 = Develop'
run 0 stages dv
ok 'counts for each process' test "$(grep -c '^salesstage.label .* Develop ' "$T/out")" -gt 1
has 'by its label' '^salesstage.label +[A-Z][a-z].* +Develop ' "$T/out"

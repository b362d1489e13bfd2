#!/usr/bin/env bash
# One history, read in both ways: change tracking and windows of modifiedon come to the same store, row by row and
# change by change, and both to what a full reading would come to. The history is made up by a seed: edits, stages
# that move in their flow alone, new flows, closing, opening, other customers, owners and currencies, renamed
# accounts, creations, deletions, restored records; in rounds that are shorter and longer than the overlap.
# SEED=N ROUNDS=N bash tests/e2e/dynamics_history.sh
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

RANDOM=${SEED:-7}
echo "# SEED=${SEED:-7}"
start_sim --count 160
configure 'guard_count = 1000'
sim set '{"dynamics":{"contact_share":20}}' >/dev/null
# What contacts and teams do not have is the same for all.
sed -i -e '/^\[stage\]/,$d' -e '/^\[values customer_country\]/,/^$/d' -e 's/^customer_country .*/customer_country = "US"/' \
    -e 's/^customer_street .*/customer_street = "1 Main Street"/' -e 's/^customer_city .*/customer_city = "Springfield"/' \
    -e 's/^team.phone .*/team.phone = "+1 555 0100"/' -e 's/^customer_name .*/customer_name = customerid.name/' \
    -e 's/^team.name .*/team.name = ownerid.name/' -e 's/^team.email .*/team.email = ownerid.email/' "$T/dynamics.mapping.conf"
printf '%s\n' '[stage]' 'from = process.stage' '[stages]' '10 = Qualify' '20 = Develop' '60 = Propose' '80 = Close' \
    >>"$T/dynamics.mapping.conf"
for way in on off; do
    sed "s|^connector = dynamics|&\ntracking = $way|; s/deals\.db/$way.db/" "$T/dealsync.conf" >"$T/$way.conf"
done

# both ARGUMENTS...: the same with either store.
both() {
    local way
    for way in on off; do
        DEALSYNC_CONFIG=$T/$way.conf "$BUILD/dealsync" "$@" >"$T/$way.out" 2>"$T/$way.err"
        echo "exit $?" >>"$T/$way.exits"
    done
}

# What a store holds, without what depends on the order of arrival. That a record is gone only change tracking knows.
rows() {
    sqlite3 -batch "$T/$1.db" <<'SQL'
.mode list
SELECT 'deal', l.remote_id, d.name, d.status, d.stage, d.reason, d.value, d.currency, d.close_date, d.location,
  d.customer_name, d.customer_country, d.visibility, d.team, d.solutions, d.notes, d.on_hold, l.base
  FROM deals d JOIN links l ON l.deal = d.id ORDER BY 2;
SELECT 'conflict', remote_id, field, case_number, rule, base, ours, theirs, decision, closed_ms IS NULL
  FROM conflicts ORDER BY 2, 3, 4, id;
SELECT 'hold', remote_id, wanted, until_ms, rule FROM holds ORDER BY 2, 3;
SELECT 'reject', remote_id, reasons FROM rejects ORDER BY 2;
SELECT 'history', l.remote_id, h.kind, h.changes FROM history h JOIN links l ON l.deal = h.deal ORDER BY 2, h.rowid;
SQL
}

# --- what happens ----------------------------------------------------------------------------------

mapfile -t open < <(sim_get 'find?crm=dynamics&where=open&n=60' | jq -r '.ids[]')
mapfile -t shut < <(sim_get 'find?crm=dynamics&where=won&n=10' | jq -r '.ids[]')
mapfile -t teams < <(printf 'a100000e-5f2a-4d1c-8b00-00000000000%s\n' 1 2)
LIKE=$(sim_get "record?crm=dynamics&id=${open[0]}" | jq -c '{estimatedclosedate, new_location, new_product, _customerid_value,
    _ownerid_value, statuscode, "transactioncurrencyid.isocurrencycode": "USD"}' | sed 's/^{//; s/}$//')
gone=() flows=()

# one ARRAY: a member of it, in $one; pick ARRAY: the same, and it is no member any more.
one() { local -n of=$1 && one=${of[RANDOM % ${#of[@]}]}; }
pick() {
    local -n of=$1
    local at=$((RANDOM % ${#of[@]}))
    one=${of[at]}
    unset "of[$at]" && of=("${of[@]}")
}
other() { sim edit "{\"crm\":\"dynamics\",\"object\":\"$1\",\"id\":\"$2\",\"set\":$3}" >/dev/null; }
stage() { printf 'a100000c-5f2a-4d1c-8b00-%012x' $((RANDOM % 4 + 1 + $1)); }

# happens KIND
happens() {
    one open
    case $1 in
    0) edit dynamics "$one" name "named $RANDOM" ;;
    1) edit dynamics "$one" estimatedvalue "$RANDOM.$((RANDOM % 90 + 10))75" ;;
    2) edit dynamics "$one" statuscode $((RANDOM % 2 + 1)) ;;
    3 | 4) # the stage alone, in the flow that every generated one has
        other opportunitysalesprocesses "a100000a-5f2a-4d1c-8b00-$(printf '%012x' $((RANDOM % 160 + 1)))" \
            "{\"_activestageid_value\":\"$(stage 0)\"}" ;;
    5) # another flow begins, or moves on
        if [ $((RANDOM % 2)) = 0 ] || [ ${#flows[@]} = 0 ]; then
            flows+=("$(sim create "{\"crm\":\"dynamics\",\"object\":\"new_partnerflows\",\"set\":{
                \"_bpf_opportunityid_value\":\"$one\",\"_activestageid_value\":\"$(stage 8)\"}}" | jq -r .id)")
        else
            one flows
            other new_partnerflows "$one" "{\"_activestageid_value\":\"$(stage 8)\"}"
        fi ;;
    6) # closed
        pick open
        edit dynamics "$one" statuscode $((RANDOM % 3 + 3)) new_lossreason 1 actualclosedate 2026-08-20
        shut+=("$one") ;;
    7) # and open again
        pick shut
        edit dynamics "$one" statuscode 1
        open+=("$one") ;;
    8) # made, and begun in a flow
        one=$(sim create "{\"crm\":\"dynamics\",\"set\":{\"name\":\"made $RANDOM\",\"estimatedvalue\":$RANDOM,$LIKE}}" | jq -r .id)
        sim create "{\"crm\":\"dynamics\",\"object\":\"leadtoopportunitysalesprocesses\",\"set\":{
            \"_opportunityid_value\":\"$one\",\"_activestageid_value\":\"$(stage 4)\"}}" >/dev/null
        open+=("$one") ;;
    9)
        pick open
        sim delete "{\"crm\":\"dynamics\",\"id\":\"$one\"}" >/dev/null
        gone+=("$one") ;;
    10)
        [ ${#gone[@]} -gt 0 ] || return
        pick gone
        sim undelete "{\"crm\":\"dynamics\",\"id\":\"$one\"}" >/dev/null
        edit dynamics "$one" name "back $RANDOM"
        open+=("$one") ;;
    11) other accounts "$(printf 'a1000001-5f2a-4d1c-8b00-%012x' $((RANDOM % 30 + 1)))" "{\"name\":\"renamed $RANDOM\"}" ;;
    12) edit dynamics "$one" _customerid_value "$(printf 'a1000008-5f2a-4d1c-8b00-%012x' $((RANDOM % 40 + 1)))" ;;
    13)
        if [ $((RANDOM % 2)) = 0 ]; then
            edit dynamics "$one" transactioncurrencyid.isocurrencycode "$([ $((RANDOM % 2)) = 0 ] && echo EUR || echo USD)"
        else
            edit dynamics "$one" _ownerid_value "${teams[RANDOM % 2]}"
        fi ;;
    esac
}

# --- read in both ways -----------------------------------------------------------------------------

now=$(date -u -d 2026-08-21T06:00:00Z +%s)

later 0
both sync dv
is 'everything comes' 160 "$(rows on | grep -c '^deal')"
is 'in both ways' "$(rows off)" "$(rows on)"
sim set '{"page":8}' >/dev/null # changes come in several pages
for round in $(seq "${ROUNDS:-14}"); do
    kinds=({0..13}) # of each kind once, then as it comes
    [ "$round" -eq 1 ] || mapfile -t kinds < <(for _ in $(seq $((RANDOM % 20 + 4))); do echo $((RANDOM % 14)); done)
    for kind in "${kinds[@]}"; do
        happens "$kind"
        later $((RANDOM % 40))
    done
    later $((RANDOM % 3 * 900 + 5))
    both sync dv
    rows on >"$T/on.rows" && rows off >"$T/off.rows"
    ok "round $round: both stores hold the same" diff "$T/on.rows" "$T/off.rows"
done
ok 'every run ended as its twin' diff "$T/on.exits" "$T/off.exits"
hasnt 'and well' 'exit ([124-9]|[1-9][0-9])' "$T/on.exits"
has 'the history closed some' '\|won\||\|lost\|' "$T/on.rows"
has 'and had teams as owners' 'north@example.com|south@example.com' "$T/on.rows"
has 'and contacts as customers' 'Moreau|Okafor|Schmidt|Tanaka' "$T/on.rows"
linked() { sqlite3 "$T/on.db" "SELECT remote_id FROM links WHERE $1 ORDER BY 1"; }
is 'change tracking has told what is gone, of all that ever arrived' \
    "$(comm -12 <(printf '%s\n' "${gone[@]}" | sort) <(linked true))" "$(linked deleted)"
is 'windows cannot' '' "$(sqlite3 "$T/off.db" 'SELECT remote_id FROM links WHERE deleted')"

later 4000
both backfill dv
for way in on off; do
    rows $way | grep -v '^conflict' >"$T/$way.full" # whose reasons may be others once a deal is closed
    ok "a full reading finds nothing that was missed, tracking $way" diff <(grep -v '^conflict' "$T/$way.rows") "$T/$way.full"
done

#!/usr/bin/env bash
# demo.sh - the main job, end to end, against simulated CRMs on this machine
#
# No account anywhere, no network but loopback. Everything it makes is in one directory, which it names.
set -u
BUILD=$(cd "${BUILD:-build}" && pwd) || exit 1
KEEP=$BUILD/demo
rm -rf "$KEEP"
mkdir -p "$KEEP"
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
rm -rf "$T"
T=$KEEP
trap 'stop_sim' EXIT
cd "$T" || exit 1 # where plans are saved
export DEALSYNC_CONFIG=$T/dealsync.conf
PATH=$BUILD:$PATH

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$(printf '\033[1m') plain=$(printf '\033[0m')
else
    bold='' plain=''
fi

say() {
    printf '\n%s\n' "$(tr '\n' ' ' <<<"$1" | fmt -w 96)"
}

# Shows a command as a person would type it, and runs it.
show() {
    printf '\n%s$ dealsync %s%s\n' "$bold" "$*" "$plain"
    dealsync "$@" 2>&1
    status=$?
    case $status in
    0 | 2 | 3) ;;
    *)
        printf '\nthe demo stopped: dealsync %s ended with exit status %s\n' "$*" "$status"
        exit 1
        ;;
    esac
}

# later MINUTES: time passes, here and there.
# It begins an hour ago, so that edits of the store, which has the real time, are made about now.
now=$(($(date -u +%s) - 3600))
later() {
    now=$((now + $1 * 60))
    clock "$(date -u -d "@$now" +%Y-%m-%dT%H:%M:%SZ)"
}

if [ -d "$PUBLIC_DATA" ]; then
    start_sim --dataset "$PUBLIC_DATA"
    what='a public dataset of 8,800 opportunities of a hardware seller'
else
    start_sim --count 8800
    what='8,800 generated opportunities of a hardware seller'
fi
configure
strangers
later 0
mapfile -t open < <(sim_get 'find?crm=salesforce&where=open&n=30' | jq -r '.ids[]')
if [ ! -d "$PUBLIC_DATA" ]; then
    for id in "${open[@]}"; do # as in the dataset
        edit salesforce "$id" Amount '' CloseDate ''
    done
fi
later 30

say "A Salesforce org and a Dynamics 365 environment are now simulated on this machine, over TLS with a
throwaway authority. Both hold $what; each is told to be about customers of its own. Sales people there call their stages Prospecting, Engaging, Won and
Lost; the deal store wants 10, 20, 40, 60, 80 and 100 percent."
say 'First: is everything in order? Configuration, secrets, login, fields, stages.'
show check
say 'What would the first sync do? A dry run writes nothing, neither here nor there. Some open
opportunities lack a value and a close date, so they cannot become deals: they are named, not guessed.'
show diff sf --limit 3
say 'Now for real, both CRMs into one store.'
show sync sf --limit 2
show sync dv --limit 2
say 'Once more: nothing has changed, so nothing is read twice and nothing is written.'
later 10
show sync sf

say 'Now people work. Seven opportunities are completed in Salesforce and become deals. Then, in Salesforce and in the
store: the first moves to another stage and gets another value; the second gets the same new name on both sides; the
third gets two different close dates; the fourth, which is shared with Microsoft, is won; the fifth gets a product
that the mapping does not know; and another one is renamed, but still lacks a value and a date.'
ready=()
for id in "${open[@]}"; do
    product=$(sim_get "record?crm=salesforce&id=$id" | jq -r .Product_Code__c)
    case $product in GTX*) ;; *) continue ;; esac
    edit salesforce "$id" StageName Prospecting Amount 1200 CloseDate 2027-03-31 Account.Name Cancity \
        Account.BillingCountry 'United States' Account.BillingStreet '1 Main Street' Account.BillingCity Springfield
    ready+=("$id")
    [ ${#ready[@]} -eq 7 ] && break
done
later 10
dealsync sync sf >/dev/null 2>&1
edit salesforce "${ready[0]}" StageName Engaging Amount 1850.50
edit salesforce "${ready[1]}" Name 'Cancity rollout'
sql "UPDATE deals SET name = 'Cancity rollout' WHERE id = $(deal_of "${ready[1]}")"
edit salesforce "${ready[2]}" CloseDate 2027-04-30
sql "UPDATE deals SET close_date = '2027-05-31' WHERE id = $(deal_of "${ready[2]}")"
sql "UPDATE deals SET visibility = 'yes' WHERE id = $(deal_of "${ready[3]}")"
edit salesforce "${ready[3]}" StageName Won
edit salesforce "${ready[4]}" Product_Code__c 'GTX 9000'
edit salesforce "${open[-1]}" Name 'Still without a value'
later 10
show diff sf
say 'The same plan, carried out.'
show sync sf --verbose
say 'The conflict is data: it stays, with all its values, until somebody settles it.'
show conflicts
say 'Where does the value of a deal come from? Every change has its time, run, case and rule.'
show explain "$(deal_of "${ready[2]}")"
say 'Who ran, when, and what waits for a person? The deal that was won waits until it is 72 hours old (R-78).'
show status
say 'Three days later a run carries it out, though Salesforce has sent nothing new.'
later 4320
show sync sf

# Shows what the CRM itself has.
there() {
    printf '\n%sin Salesforce:%s ' "$bold" "$plain"
    sim_get "record?crm=salesforce&id=$1" | jq -r '"\(.Name), \(.StageName), \(.Amount), \(.CloseDate)"'
}

sed -i '/^\[connection sf\]/a direction = both' "$DEALSYNC_CONFIG"
first=$(deal_of "${ready[0]}")
say 'Up to here nothing was written to a CRM. Now the line "direction = both" is put into [connection sf]. In the store
somebody gives the first deal another name and another close date; in Salesforce somebody changes its value. What would
go where? This time the plan is saved.'
sql "UPDATE deals SET name = 'Cancity, second floor', close_date = '2027-06-30' WHERE id = $first"
edit salesforce "${ready[0]}" Amount 1990
later 10
show diff sf --out plan.json
say 'A person reads it, and it is carried out: exactly that, each change under the version that it was based on.'
show apply plan.json
there "${ready[0]}"
say 'The conflict is settled for the store. The next run sends it.'
show resolve "$(sql 'SELECT id FROM v_open_conflicts LIMIT 1')" --take store
later 10
show sync sf
there "${ready[2]}"
say 'What was sent is in the story of the deal, too.'
show explain "$first" --field name
say 'And the plan was a mistake. Its run is taken back on both sides, by a plan like any other. The value came from
Salesforce, which still has it: that is a conflict now, so that the next run does not bring it in again.'
show undo "$(sql "SELECT max(id) FROM runs WHERE command = 'apply'")" --out undo.json
show apply undo.json
there "${ready[0]}"

printf '\n%s\n\n    %s\n\n%s\n' "Everything this demo made, the configuration, the mappings and the store, is in" "$KEEP" \
    "Look around:  sqlite3 $KEEP/deals.db 'SELECT * FROM v_pipeline'"

#!/usr/bin/env bash
# Deleted in the CRM: ignored, told, or lost with a reason, and never without a tombstone (P-7). `verify` tells
# what is out of sight and what differs, and writes nothing (P-6).
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

PAGE=200
gone() { sim "$1" "{\"crm\":\"$2\",\"id\":\"$3\"}" >/dev/null; } # delete|undelete|purge CRM ID

# silent TEXT CONNECTION: two runs change nothing, and tell nothing.
silent() {
    local n

    n=$(writes)
    state | grep -vE '^(connection|link)' >"$T/before"
    for _ in 1 2; do
        sync_later "$2" 0
        is "$1: silent" '' "$(sum | grep -oE '[0-9]+ (created|updated|conflict|held|ignored)')"
    done
    state | grep -vE '^(connection|link)' >"$T/after"
    ok "$1: nothing changes" diff "$T/before" "$T/after"
    is "$1: nothing is sent" "$n" "$(writes)"
}

# --- a tombstone -----------------------------------------------------------------------------------------

story() { # connection crm value
    local c=$1 crm=$2 value=$3 open won n

    for way in ignore report close; do
        reason=()
        [ $way = close ] && reason=('deleted_reason = others')
        anew 40 'direction = both' "deleted = $way" "${reason[@]}"
        run 0 sync "$c"
        open=$(some "$crm" open 1) won=$(some "$crm" won 1)
        gone delete "$crm" "$open"
        gone delete "$crm" "$won"
        n=$(writes)
        later
        run 0 diff "$c"
        is "$c, $way: a dry run does nothing" accepted "$(ours "$open" status)"
        run 0 sync "$c" --all
        is "$c, $way: nothing is sent" "$n" "$(writes)"
        is "$c, $way: a closed deal stays" won "$(ours "$won" status)"
        is "$c, $way: no deal is gone" 40 "$(sql 'SELECT count(*) FROM deals')"
        case $way in
        ignore)
            is "$c, ignore: the deal stays" accepted "$(ours "$open" status)"
            hasnt "$c, ignore: nobody is told" 'M-50|M-51' "$T/out"
            ;;
        report)
            is "$c, report: the deal stays" accepted "$(ours "$open" status)"
            has "$c, report: the report tells" "deal $(deal_of "$open") .*M-50" "$T/out"
            ;;
        close)
            is "$c, close: the deal is lost, for the reason" 'lost others' "$(ours "$open" status) $(ours "$open" reason)"
            run 0 explain "$(deal_of "$open")" --field status
            has "$c, close: the story says why" 'M-51' "$T/out"
            ;;
        esac
        silent "$c, $way" "$c"

        # edits in the store of a deal whose record is gone go nowhere
        sql "UPDATE deals SET notes = 'after its time' WHERE id = $(deal_of "$open")"
        sync_later "$c" 0
        silent "$c, $way: edited" "$c"

        gone undelete "$crm" "$open"
        [ $way = close ] || edit "$crm" "$open" "$value" 77
        later
        if [ $way = close ]; then # the CRM says open, the deal is closed: a person must say (R-61)
            run 3 sync "$c"
            is "$c, close: it is back, and a conflict" lost "$(ours "$open" status)"
            has "$c, close: that names the rule" 'status.*R-61' <(sql 'SELECT field, rule FROM v_open_conflicts')
            run 3 sync "$c"
        else
            run 0 sync "$c"
            is "$c, $way: it is back, and goes on" 77 "$(ours "$open" value)"
            is "$c, $way: and gets what was edited meanwhile" 1 \
                "$(sim_get "state?crm=$crm&stamps=no" | grep -c 'after its time')"
            silent "$c, $way: back" "$c"
        fi
    done
}

story sf salesforce Amount
story dv dynamics estimatedvalue

# gone for good, and never a deal
anew 40 'deleted = close' 'deleted_reason = others'
run 0 sync sf
one=$(some salesforce open 1)
gone delete salesforce "$one"
gone purge salesforce "$one"
sync_later sf 0
is 'gone for good is a tombstone, too' lost "$(ours "$one" status)"
new=$(sim create '{"crm":"salesforce","set":{"Name":"nobody knows it"}}' | jq -r .id)
gone delete salesforce "$new"
sync_later sf 0
sync_later sf 0 # the overlap brings it twice
silent 'deleted before it became a deal' sf

# What was deleted before everything is read anew: the new reading cannot tell of it.
for why in 'a token that is void' 'another mapping' 'a backfill'; do
    anew 40 'deleted = close' 'deleted_reason = others'
    run 0 sync dv
    one=$(some dynamics open 1)
    gone delete dynamics "$one"
    command=sync
    case $why in
    a\ token*) sim metadata '{"crm":"dynamics"}' >/dev/null ;;
    another*) sed -i '/^notes/d' "$T/dynamics.mapping.conf" ;;
    a\ backfill) command=backfill ;;
    esac
    later
    run 0 "$command" dv
    is "$why: what was deleted before is found" lost "$(ours "$one" status)"
    silent "$why" dv
done

# --- out of sight ----------------------------------------------------------------------------------------

# watched ARGUMENTS...: runs, and neither side moves by a byte.
watched() { # EXIT ARGUMENTS...
    local n

    n=$(writes)
    sqlite3 "$T/deals.db" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
    sha256sum "$T/deals.db" >"$T/bytes"
    run "$@"
    is "$2: nothing is sent (P-6)" "$n" "$(writes)"
    ok "$2: not a byte of the store changes (P-6)" sha256sum --quiet -c "$T/bytes"
}

sight() { # connection crm value filter
    local c=$1 crm=$2 value=$3 filter=$4 one two big

    anew 60 'direction = both' 'deleted = close' 'deleted_reason = others'
    run 0 sync "$c"
    later
    watched 0 verify "$c" --exit-code
    is "$c: both sides are the same" '60 fetched: 60 unchanged' "$(sum)"

    one=$(some "$crm" open 1) two=$(some "$crm" open 2)
    sim edit "{\"crm\":\"$crm\",\"id\":\"$one\",\"touch\":false,\"set\":{\"$value\":4242}}" >/dev/null
    sync_later "$c" 0
    is "$c: a change behind the stamp is not seen by a sync" 0 "$(sql "SELECT count(*) FROM deals WHERE value = 4242")"
    watched 2 verify "$c" --exit-code
    has "$c: but by verify" '-> 4242 ' "$T/out"
    is "$c: and it is the only one" '1 updated' "$(sum | grep -o '[0-9]* updated')"
    watched 0 verify "$c"
    sync_later "$c" 0
    is "$c: nothing is concluded from it" 0 "$(sql "SELECT count(*) FROM deals WHERE value = 4242")"
    sql "UPDATE deals SET close_date = '2029-12-12' WHERE id = $(deal_of "$two")"
    watched 2 verify "$c" --exit-code
    has "$c: drift of our side, too" '2029-12-12 .*to the CRM' "$T/out"
    later
    run 0 backfill "$c"
    is "$c: a backfill mends both" '1' "$(sql "SELECT count(*) FROM deals WHERE value = 4242")"
    later
    watched 0 verify "$c" --exit-code

    # some are out of sight: another filter, or a user who may see less
    big=$(sql "SELECT count(*) FROM deals WHERE CAST(value AS REAL) <= 30000")
    cp "$T/dealsync.conf" "$T/as-it-was"
    sed -i "/^connector = $crm/a $filter" "$T/dealsync.conf"
    later
    watched 2 verify "$c" --exit-code
    is "$c: what is out of sight is counted" "$big" "$(sed -nE 's/^([0-9]+) linked record.*/\1/p' "$T/out" | head -n 1)"
    run 0 verify "$c" --format json --all
    is "$c: and told one by one" "$big" "$(jq '[.items[] | select(.case == 53)] | length' "$T/out")"
    is "$c: beside the sum" "$((60 - big)) $big" "$(jq -r '.summary | "\(.fetched) \(.vanished)"' "$T/out")"
    sql 'SELECT id, version, status FROM deals ORDER BY id' >"$T/before"
    later
    run 0 sync "$c"
    later
    run 0 backfill "$c"
    sql 'SELECT id, version, status FROM deals ORDER BY id' >"$T/after"
    ok "$c: what is out of sight was not deleted (P-7)" diff "$T/before" "$T/after"
    cp "$T/as-it-was" "$T/dealsync.conf"
    later
    run 0 sync "$c"
    silent "$c: in sight again" "$c"

    # deleted ones are no vanished ones
    gone delete "$crm" "$one"
    sync_later "$c" 0
    later
    watched 0 verify "$c" --exit-code
    is "$c: a deleted one is not out of sight" 0 "$(grep -c 'M-53' "$T/out")"
}

sight sf salesforce Amount 'where = Amount > 30000'
sight dv dynamics estimatedvalue 'filter = estimatedvalue gt 30000'

# --- any number --------------------------------------------------------------------------------------------

# peak COUNT: the memory of a verify of so many, in kB; without what an address sanitizer keeps of what was freed.
peak() {
    anew "$1"
    run 0 sync sf
    later
    ASAN_OPTIONS=quarantine_size_mb=1 /usr/bin/time -f %M -o "$T/peak" "$BUILD/dealsync" verify sf >"$T/out" 2>"$T/err"
    is "$1 records are compared" "$1 fetched: $1 unchanged" "$(sum | tr -d ,)"
}
peak 1000
few=$(cat "$T/peak")
peak 10000
ok "verify streams: ten times the records take less than twice the memory ($few kB)" test "$(cat "$T/peak")" -lt $((few * 2))

#!/usr/bin/env bash
# What a person names as a record must be one: the store has met it, or the CRM is asked and tells how it spells
# the id. A word that no record has would hang at its deal for ever.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 6 --page 20
configure 'guard_count = 1000' 'retries = 0'

# deal: one that only the store has; its number.
deal() {
    sql "INSERT INTO deals(name, value, currency, customer_name) VALUES ('Only here', '7', 'EUR', 'Somebody');
        SELECT max(id) FROM deals"
}

# left TEXT: nothing was written, and no run was made.
left() {
    state >"$T/after"
    sql 'SELECT count(*) FROM runs' >>"$T/after"
    ok "$1: nothing is written" cmp "$T/before" "$T/after"
}

# unlinked CONNECTION CRM: $one is a record of which the store knows nothing any more.
unlinked() {
    one=$(some "$2" open 1)
    sql "DELETE FROM links WHERE remote_id = '$one'"
    state >"$T/before"
    sql 'SELECT count(*) FROM runs' >>"$T/before"
}

# story CONNECTION CRM MISSPELT...
story() {
    local c=$1 crm=$2 deal n word

    rm -f "$T"/deals.db*
    clock 2026-08-21T06:00:00Z
    run 0 sync "$c"
    deal=$(deal)
    unlinked "$c" "$crm"
    for word in "${@:3}"; do
        run 64 link "$c" "$word" "$deal"
        has "$c, $word: it says so" "has no record '$word'" "$T/err"
        run 64 link "$c" "$word" "$deal" --dry-run
        left "$c, $word"
    done

    sim fault "{\"crm\":\"$crm\",\"kind\":\"status\",\"status\":503,\"times\":9}" >/dev/null
    run 69 link "$c" "$one" "$deal"
    has "$c: the CRM cannot be reached" "whether '$one' is a record of '$c' could not be asked" "$T/err"
    left "$c: not reached"
    sim reset '{}' >/dev/null
    sim fault "{\"crm\":\"$crm\",\"kind\":\"wrong_org\"}" >/dev/null
    run 78 link "$c" "$one" "$deal"
    has "$c: another organisation" 'the remote is another organisation' "$T/err"
    left "$c: another organisation"
    sim reset '{}' >/dev/null

    run 0 link "$c" "$one" "$deal" --dry-run
    left "$c: a dry run"
    run 0 link "$c" "$one" "$deal"
    is "$c: a record that the store has not met is asked for" "$deal" "$(deal_of "$one")"
    run 0 unlink "$c" "$one"
    n=$(sim_get log | jq .next)
    run 0 link "$c" "$one" "$deal"
    is "$c: one that it has met is not" "$n" "$(sim_get log | jq .next)"

    deal=$(deal)
    unlinked "$c" "$crm"
    sim delete "{\"crm\":\"$crm\",\"id\":\"$one\"}" >/dev/null
    run 64 link "$c" "$one" "$deal"
    has "$c: one that was deleted" "has no record '$one': it was deleted" "$T/err"
    left "$c: deleted"
}

story sf salesforce 006000000000ZZZ 006000000000ZZZAAA nonsense
story dv dynamics 00000000-0000-0000-0000-0000000000ff nonsense

# --- as the connector spells it -----------------------------------------------------------------------------

# spelt CONNECTION CRM WORD: the word is the id of $one in another spelling.
spelt() {
    local deal

    deal=$(deal)
    run 0 link "$1" "$3" "$deal"
    is "$1: '$3' is the record" "$deal" "$(deal_of "$one")"
    is "$1: by one spelling" 0 "$(sql "SELECT count(*) FROM links WHERE remote_id = '$3'")"
    clock 2026-08-21T07:00:00Z
    "$BUILD/dealsync" sync "$1" >"$T/out" 2>"$T/err"
    is "$1: the next sync merges it with the deal" "$deal" \
        "$(sql "SELECT deal FROM links WHERE remote_id = '$one' AND version IS NOT NULL")"
}

start_sim --count 6 --page 20
configure 'guard_count = 1000'
rm -f "$T"/deals.db*
clock 2026-08-21T06:00:00Z
run 0 sync sf
unlinked sf salesforce
spelt sf salesforce "${one:0:15}"
rm -f "$T"/deals.db*
clock 2026-08-21T06:00:00Z
run 0 sync dv
unlinked dv dynamics
spelt dv dynamics "${one^^}"

# --- a file, which is read as a whole ------------------------------------------------------------------------

printf '%s\n' id,name 1,One 2,Two >"$T/in.csv"
printf '%s\n' '[fields]' 'name = name' >"$T/m.conf"
printf '%s\n' '[store]' 'path = deals.db' '[connection csv]' 'connector = file' "path = $T/in.csv" 'id = id' \
    'mapping = m.conf' >"$T/dealsync.conf"
rm -f "$T"/deals.db*
"$BUILD/dealsync" sync csv >"$T/out" 2>"$T/err"
deal=$(deal)
run 64 link csv 3 "$deal"
has 'a row that is not there' "has no record '3'" "$T/err"
printf '%s\n' 3,Three >>"$T/in.csv"
run 0 link csv 3 "$deal"
is 'a row that is' "$deal" "$(deal_of 3)"

#!/usr/bin/env bash
# A deal that was changed, and whose record cannot be seen: it is asked for once an hour and not by every run
# (P-12), nothing is concluded from that (P-7), and what was changed is sent when the record is there again.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

# asked: how often the record was asked for since the last time.
asked() {
    sim_get "log?since=$(cat "$T/from")" >"$T/log"
    jq .next "$T/log" >"$T/from"
    grep -o "$hidden" "$T/log" | wc -l
}

# fresh LINES...: a deal that was changed, and whose record is out of sight.
fresh() {
    start_sim --count 10 --page 20
    configure 'guard_count = 1000' "$@"
    rm -f "$T"/deals.db*
    now=1787290000
    later 0
    run 0 sync sf
    id=$(some salesforce open 1)
    deal=$(deal_of "$id")
    hidden=006000000000999AAA
    sql "UPDATE links SET remote_id = '$hidden' WHERE remote_id = '$id';
        UPDATE deals SET close_date = '2029-05-06' WHERE id = $deal"
    sim_get log | jq .next >"$T/from"
}

shown() { sql "UPDATE links SET remote_id = '$id' WHERE remote_id = '$hidden'"; }

fresh 'direction = both'
later 900
run 0 sync sf
is 'it is asked for' 1 "$(asked)"
state >"$T/before"
for _ in 1 2 3; do
    later 900
    run 0 sync sf
done
is 'and not by every run' 0 "$(asked)"
state >"$T/after"
ok 'which writes nothing either' cmp "$T/before" "$T/after"
run 0 diff sf
is 'nor by a dry run' 0 "$(asked)"
sql "UPDATE deals SET close_date = '2029-05-07' WHERE id = $deal"
later 300
run 0 sync sf
is 'nor when the deal changes again' 0 "$(asked)"
later 3600
run 0 sync sf
run 0 sync sf
is 'an hour later once more' 1 "$(asked)"
is 'the deal stays as it is, and to be looked at' '0 1' \
    "$(sql "SELECT (SELECT deleted FROM links WHERE deal = $deal), count(*) FROM touched" | tr '|' ' ')"
shown
later 3600
run 0 sync sf
is 'there again, it gets what was changed' '2029-05-07 0' "$(field salesforce "$id" CloseDate) $(sql 'SELECT count(*) FROM touched')"

fresh 'direction = both'
later 900
run 0 sync sf
shown
edit salesforce "$id" Name 'Seen again'
later 900
run 0 sync sf
is 'a fetch that brings it does not wait' 'Seen again 2029-05-06' \
    "$(sql "SELECT name FROM deals WHERE id = $deal") $(field salesforce "$id" CloseDate)"

fresh 'direction = pull'
later 900
run 0 sync sf
is 'a connection that only reads does not ask' '0 0' "$(asked) $(sql 'SELECT count(*) FROM touched')"
sql "UPDATE links SET version = NULL WHERE deal = $deal; UPDATE deals SET close_date = '2029-05-08' WHERE id = $deal"
later 900
run 0 sync sf
later 900
run 0 sync sf
is 'but for one that a person has linked, once an hour, too' 1 "$(asked)"
is 'which is not forgotten' 1 "$(sql 'SELECT count(*) FROM touched')"

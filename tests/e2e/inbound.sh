#!/usr/bin/env bash
# Deals that were sent to us (R-27 to R-29, R-55 to R-59): they wait for an answer, which is one item with its
# values; the rest follows in the same run, and nothing is answered or expired by itself.
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

export DEALSYNC_NOW=2026-08-21T06:00:00Z
LATER=2026-08-22T06:00:00Z

map_file <<'CONF'
origin = origin
reason = reason
expires = expires
solutions = "SOL-1"
[defaults]
origin = outbound
[stage]
from = stage
[stages]
received = Sent
declined = Refused
10 = Open
40 = Developed
won = Won
CONF
printf '%s\n' '[store]' 'path = deals.db' '[connection csv]' 'connector = file' "path = $T/in.csv" 'id = id' \
    'mapping = m.conf' 'our_domains = example.com' 'expiry_days = 10' 'expiry_warning_days = 2' \
    'incentive_solutions = SOL-1' >"$T/dealsync.conf"

# export_of: the lines of the standard input are the export.
export_of() {
    { echo id,name,value,stage,origin,reason,expires && cat; } >"$T/in.csv"
}
deals() { sql "SELECT name, value, status, stage FROM deals WHERE id = $1"; }
held() { sql 'SELECT count(*) FROM holds'; }

export_of <<'ROWS'
1,One,100,Sent,inbound,,
2,Two,100,Sent,inbound,,2026-08-22T12:00:00Z
3,Three,100,Sent,,,
4,Four,100,Sent,inbound,,
ROWS
run 3 sync csv
is 'what was sent to us is received; a deal of ours cannot be (R-55)' '3,R-55' \
    "$(sql "SELECT (SELECT count(*) FROM deals WHERE status = 'received') || ',R-' || (SELECT reasons ->> '\$[0].rule' FROM rejects)")"

export_of <<'ROWS'
1,One and a half,150,Sent,inbound,,
2,Two,100,Sent,inbound,,2026-08-22T12:00:00Z
4,Four,100,Refused,inbound,,
ROWS
run 3 sync csv
is 'changes wait while nothing is answered (R-56)' 'One|100|received|10' "$(deals 1)"
is 'until the other side lets it expire' '2026-08-31T06:00:00Z|56' \
    "$(sql "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', until_ms / 1000, 'unixepoch'), rule FROM holds")"
is 'declining needs a reason (R-58)' 'status|R-58' "$(sql 'SELECT field, rule FROM v_open_conflicts')"

export_of <<'ROWS'
1,One and a half,150,Developed,inbound,,
2,Two and more,100,Sent,inbound,,2026-08-22T12:00:00Z
4,Four,100,Refused,inbound,budget,
ROWS
DEALSYNC_NOW=$LATER run 0 diff csv
is 'each warning has a line of its own (R-59, R-81)' 3 "$(grep -c '^ *warning: .*(R-\(59\|81\))$' "$T/out")"
has 'and a count' '^ +2  solution .* has an incentive.*R-81' "$T/out"
DEALSYNC_NOW=$LATER run 0 sync csv --format json
is 'accepted with its values, and its stage in the same run (R-57)' 'One and a half|150|accepted|40' "$(deals 1)"
is 'as two steps' 'updated,released' \
    "$(sql "SELECT group_concat(kind) FROM (SELECT kind FROM history WHERE deal = 1 AND run = (SELECT max(id) FROM runs) AND kind <> 'held' ORDER BY id)")"
is 'declined with its reason' 'declined' "$(sql 'SELECT status FROM deals WHERE id = 3')"
has 'one that is about to expire is told (R-59)' "not answered, and expires at '2026-08-22 12:00 UTC' \(R-59\)" "$T/out"
is 'and nobody answers it' 'received|1' "$(sql 'SELECT status FROM deals WHERE id = 2')|$(held)"
state >"$T/before"
DEALSYNC_NOW=$LATER run 0 sync csv
state >"$T/after"
ok 'and all is settled (P-3)' cmp "$T/before" "$T/after"

sql "UPDATE deals SET status = 'accepted' WHERE id = 2"
DEALSYNC_NOW=2026-08-24T06:00:00Z run 0 sync csv
is 'answered by somebody else, what waited is done' 'Two and more|accepted' "$(sql 'SELECT name, status FROM deals WHERE id = 2')"

#!/usr/bin/env bash
# P-11: every value that a run replaced is kept, with run, rule and source.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 30
configure
clock 2026-08-21T06:00:00Z
run 0 sync sf
record=$(some salesforce open 1)
deal=$(sql "SELECT deal FROM links WHERE remote_id = '$record'")
first=$(sql "SELECT value FROM deals WHERE id = $deal")
for value in 111 222 333; do
    edit salesforce "$record" Amount $value
    clock "2026-08-21T0$((${value:0:1} + 6)):00:00Z"
    run 0 sync sf
done
sql "UPDATE deals SET value = '444' WHERE id = $deal"
run 0 explain "$deal" --field value
for value in "$first" 111 222 333 444; do
    has "explain: the value $value" "$value" "$T/out"
done
has 'explain: the case' 'M-2' "$T/out"
has 'explain: when' '2026-08-21 08:00' "$T/out"
has 'explain: by which connection' 'sf' "$T/out"
run 0 explain "$record"
has 'a deal is found by its CRM id too' 'created' "$T/out"
run 0 explain "$deal" --format json
ok 'as JSON' jq -e . "$T/out"
is 'the chain of old and new has no gap' 1 "$(sql "
    WITH c AS (SELECT h.rowid AS n, json_extract(e.value, '\$.old') AS old, json_extract(e.value, '\$.new') AS new
        FROM history h, json_each(h.changes) e WHERE h.deal = $deal AND json_extract(e.value, '\$.field') = 'value')
    SELECT count(*) = 4 AND sum(old IS (SELECT new FROM c p WHERE p.n < c.n ORDER BY n DESC LIMIT 1)) = 3 FROM c")"
run 64 explain 999999
has 'a deal that is not there' '999999' "$T/err"
run 64 explain "$deal" --field nmae
has 'a field that is not there, and the nearest' 'name' "$T/err"

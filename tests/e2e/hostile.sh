#!/usr/bin/env bash
# P-10: remote text is data: on a terminal, in JSON, in a spreadsheet, in the store, in the journal.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 30
configure
clock 2026-08-21T06:00:00Z
run 0 sync sf
names=($'\e]0;owned\a\e[2J' '=cmd|/c calc!A1' '@SUM(1+1)' "'; DROP TABLE deals; --" '<script>alert(1)</script>'
    $'\xe2\x80\xaegpj.exe' $'two\nlines' '+1 555' '-2+3' '%s%s%n' $'tab\there')
n=0
for name in "${names[@]}"; do
    n=$((n + 1))
    edit salesforce "$(some salesforce open $n)" Name "$name"
done
clock 2026-08-21T06:20:00Z
for format in text json csv; do
    run 0 diff sf --format $format
    cp "$T/out" "$T/$format"
    ok "$format: no control character comes through" sh -c "! LC_ALL=C grep -qP '[\\x00-\\x08\\x0b-\\x1f\\x7f]' '$T/$format'"
done
hasnt 'text: no change of direction' $'\xe2\x80\xae' "$T/text"
ok 'JSON is JSON' jq -e '.items | length == 11' "$T/json"
is 'and holds the names as they are' '<script>alert(1)</script>' \
    "$(jq -r '.items[].changes[] | select(.theirs | test("script")) | .theirs' "$T/json")"
hasnt 'CSV: no field is a formula' '(^|,)"?[=@+-][^0-9]' "$T/csv"
run 0 sync sf
is 'the store keeps them as they are' 1 "$(sql "SELECT count(*) FROM deals WHERE name = '''; DROP TABLE deals; --'")"
is 'and nothing that its own rules forbid' ok "$(sql 'PRAGMA integrity_check')"
is 'and all deals' 30 "$(sql 'SELECT count(*) FROM deals')"
run 0 explain "$(sql "SELECT id FROM deals WHERE name LIKE '%owned%'")"
ok 'explain: no control character' sh -c "! LC_ALL=C grep -qP '[\\x00-\\x08\\x0b-\\x1f\\x7f]' '$T/out'"

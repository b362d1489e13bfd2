#!/usr/bin/env bash
# P-10: remote text is data: on a terminal, in JSON, in a spreadsheet, in the store, in the journal.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 30
configure
clock 2026-08-21T06:00:00Z
run 0 sync sf
names=($'\e]0;owned\a\e[2J' '=cmd|/c calc!A1' '@SUM(1+1)' "'; DROP TABLE deals; --" '<script>alert(1)</script>'
    $'\xe2\x80\xaegpj.exe' $'two\nlines' '+1 555' '-2+3' '%s%s%n' $'tab\there'
    'Acme;=cmd|/c calc!A1' $'\xef\xbb\xbf=cmd')
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
ok 'JSON is JSON' jq -e '.items | length == 13' "$T/json"
is 'and holds the names as they are' '<script>alert(1)</script>' \
    "$(jq -r '.items[].changes[] | select(.theirs | test("script")) | .theirs' "$T/json")"
hasnt 'CSV: no field is a formula, nor where it ends at a semicolon' '(^|[,;])"?[=@+-][^0-9]' "$T/csv"
hasnt 'no mark of byte order' $'\xef\xbb\xbf' "$T/text"
run 0 sync sf
is 'the store keeps them as they are' 1 "$(sql "SELECT count(*) FROM deals WHERE name = '''; DROP TABLE deals; --'")"
is 'and nothing that its own rules forbid' ok "$(sql 'PRAGMA integrity_check')"
is 'and all deals' 30 "$(sql 'SELECT count(*) FROM deals')"
run 0 explain "$(sql "SELECT id FROM deals WHERE name LIKE '%owned%'")"
ok 'explain: no control character' sh -c "! LC_ALL=C grep -qP '[\\x00-\\x08\\x0b-\\x1f\\x7f]' '$T/out'"

# files that a person is given: never read without end, never written through
run 0 diff sf --backfill --out "$T/plan.json"
is 'a plan is for its owner alone' 600 "$(stat -c %a "$T/plan.json")"
mkfifo "$T/pipe"
for file in "$T/pipe" /dev/zero "$T"; do
    ok "apply $file does not wait" timeout 10 sh -c "'$BUILD/dealsync' apply '$file' 2>'$T/err'; [ \$? = 65 ]"
    has 'and says why' 'is no regular file' "$T/err"
    ok "nor does resolve" timeout 10 sh -c "'$BUILD/dealsync' resolve --from '$file' 2>'$T/err'; [ \$? = 65 ]"
    run 65 diff sf --out "$file"
    has 'and a plan does not take its place' 'is no regular file' "$T/err"
done
n=$(sim_get log | jq .next)
run 65 diff sf --backfill --out "$T/nowhere/plan.json"
has 'a place that cannot be written' "cannot write the plan '$T/nowhere/plan.json'" "$T/err"
is 'is known before the CRM is asked for anything' "$n" "$(sim_get log | jq .next)"
truncate -s 2G "$T/long.json"
run 65 apply "$T/long.json"
has 'a line that is too long is refused' 'a line is longer than any of a plan' "$T/err"
echo theirs >"$T/theirs"
ln -s "$T/theirs" "$T/new.json.partial"
run 0 diff sf --out "$T/new.json"
is 'what somebody else keeps is not written to through a link' theirs "$(cat "$T/theirs")"
ok 'and the plan is a file' test -f "$T/new.json" -a ! -L "$T/new.json"

# what may stand in the ids of an export
cat >"$T/m.conf" <<'CONF'
[fields]
name = name
value = "1"
currency = "EUR"
close_date = "2026-12-31"
location = "1000001"
customer_name = name
customer_country = "DE"
team.name = "Deal desk"
team.email = "desk@example.com"
team.phone = "+49 30 1234"
solutions = "SOL-1"
[stage]
from = stage
[stages]
20 = Open
CONF
printf '[store]\npath = file.db\n[connection csv]\nconnector = file\npath = %s/in.csv\nid = id\nmapping = m.conf\n' \
    "$T" >"$T/dealsync.conf"
printf 'id,name,stage\n%s\n7,Other,Open\n' "1'; touch $T/owned; ',One,Open" >"$T/in.csv"
run 0 backfill csv
echo '8,Third,Open' >>"$T/in.csv"
run 64 link csv 8 1
hasnt 'no command that would do more when it is pasted' 'touch.*dealsync unlink|dealsync unlink.*touch' "$T/err"
has 'but what to do' 'unlink that record first' "$T/err"
run 64 link csv 8 2
has 'a harmless one can be pasted' "dealsync unlink csv '7'" "$T/err"

# a store that has suffered: what it holds is not believed
rm -f "$T"/deals.db*
configure 'direction = both' 'retries = 0'
run 0 sync sf
id=$(some salesforce open 1)
sql "UPDATE deals SET close_date = '2029-05-06' WHERE id = $(deal_of "$id")"
sim fault '{"crm":"salesforce","match":"PATCH ","kind":"cut_before","times":9}' >/dev/null
sim fault '{"crm":"salesforce","match":"POST /services/data","kind":"cut_before","times":9}' >/dev/null
run 69 sync sf
sim reset '{}' >/dev/null
is 'a write waits' 1 "$(sql 'SELECT count(*) FROM outbox')"
sql "UPDATE outbox SET sent = '[[99999999,\"a\",\"b\"],[-5,\"a\",\"b\"],7,null]'"
run 0 sync sf
is 'a write that cannot be what it was is planned again' "2029-05-06 0" \
    "$(sim_get "record?crm=salesforce&id=$id" | jq -r .CloseDate) $(sql 'SELECT count(*) FROM outbox')"
sql "UPDATE history SET changes = '[{\"field\":7},{\"case\":\"M-4\"},null]' WHERE run = 3"
is 'its history' 1 "$(sql "SELECT count(*) FROM history WHERE run = 3 AND changes LIKE '[{%'")"
run 0 undo 3

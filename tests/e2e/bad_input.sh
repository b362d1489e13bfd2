#!/usr/bin/env bash
# P-8: bad input gets a message that says what, where and what to do, and stops only itself.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
export DEALSYNC_NOW=2026-08-21T06:00:00Z

HEADER=id,name,account,stage,value,close
GOOD='7,Good deal,Contoso,Open,10.5,2026-12-31'
cat >"$T/m.conf" <<'CONF'
[fields]
name = name
value = value
currency = "EUR"
close_date = close
location = "1000001"
customer_name = account
customer_country = "DE"
team.name = "Deal desk"
team.email = "desk@example.com"
team.phone = "+49 30 1234"
solutions = "SOL-1"
[stage]
from = stage
[stages]
20 = Open
won = Won
CONF
printf '[store]\npath = deals.db\n[connection csv]\nconnector = file\npath = %s/in.csv\nid = id\nmapping = m.conf\n' \
    "$T" >"$T/dealsync.conf"

# import EXIT SUM: reads $T/in.csv into an empty store.
import() {
    rm -f "$T"/deals.db*
    run "$1" backfill csv || return
    is "the sum: $2" "$2" "$(sum)"
}

# reject TEXT ROW PATTERN: a bad row beside a good one is rejected alone, and named.
reject() {
    printf '%s\n%s\n%b\n' "$HEADER" "$GOOD" "$2" >"$T/in.csv"
    import 3 '2 fetched: 1 created, 1 rejected'
    run 0 rejects csv
    has "$1" "$3" "$T/out"
    is "$1: the good one is in" 'Good deal' "$(sql 'SELECT name FROM deals')"
}

reject 'a number with 30 digits' '8,Big,Contoso,Open,123456789012345678901234567890,2026-12-31' '18 digits'
reject 'no number at all' '8,Bad,Contoso,Open,ten,2026-12-31' "value 'ten' is not a number"
reject 'the 31st of February' '8,Feb,Contoso,Open,1,2026-02-31' "close '2026-02-31' is a day that does not exist"
reject 'invalid UTF-8' '8,B\xc3\x28d,Contoso,Open,1,2026-12-31' 'not UTF-8'
reject 'a NUL byte' '8,N\x00l,Contoso,Open,1,2026-12-31' 'NUL'
reject 'a duplicate id names both rows' '7,Other,Contoso,Open,1,2026-12-31' 'row 1.*row 2'
reject 'a row with too few fields' '8,Short,Contoso' 'row 2.*6.*3|3.*6'
reject 'a stage nobody mapped' '8,X,Contoso,Pondering,1,2026-12-31' 'Pondering'
reject 'an empty id' ',X,Contoso,Open,1,2026-12-31' 'no id'

{
    printf '%s\n%s\n8,' "$HEADER" "$GOOD"
    head -c 41943040 /dev/zero | tr '\0' x
    printf ',Contoso,Open,1,2026-12-31\n9,Also good,Contoso,Open,1,2026-12-31\n'
} >"$T/in.csv"
import 3 '3 fetched: 2 created, 1 rejected'
run 0 rejects csv
has 'a field of 40 MB rejects its row, the next one is read' 'longer|too long|bytes' "$T/out"

printf '%s\n8,"two\nlines, one field",Contoso,Open,1,2026-12-31\n' "$HEADER" >"$T/in.csv"
import 0 '1 fetched: 1 created'
is 'a quoted newline belongs to its field' "two
lines, one field" "$(sql 'SELECT name FROM deals')"

printf '%s\r%s\r' "$HEADER" "$GOOD" >"$T/in.csv"
import 0 '1 fetched: 1 created'
printf '\xef\xbb\xbf%s\r\n%s\r\n' "$HEADER" "$GOOD" >"$T/in.csv"
import 0 '1 fetched: 1 created'
printf '%s\n' "$HEADER" >"$T/in.csv"
import 0 '0 fetched'

# whole TEXT PATTERN EXIT: the file as a whole is bad; nothing is written.
whole() {
    rm -f "$T"/deals.db*
    run "$3" backfill csv
    has "$1" "$2" "$T/err"
    is "$1: nothing is in the store" 0 "$(sql 'SELECT count(*) FROM deals' 2>/dev/null || echo 0)"
}

: >"$T/in.csv"
whole 'an empty file' 'in.csv.*empty' 65
printf 'id,name,account,stage,value\n1,a,b,c,d\n' >"$T/in.csv"
whole 'a missing column is named, and which there are' "'close'" 78
printf 'id,name,name,stage,value,close\n' >"$T/in.csv"
whole 'two columns of one name' "'name'" 65
printf '%s\n%s\n8,"cut off in the mid' "$HEADER" "$GOOD" >"$T/in.csv"
run 65 backfill csv
has 'an export that ends inside a field is no complete one (P-7)' 'line 3' "$T/err"
rm "$T/in.csv"
whole 'no file' 'in.csv' 65

printf '%s\n%s\n' '{"id":"7","name":"Good deal","account":"Contoso","stage":"Open","value":10.50,"close":"2026-12-31"}' \
    '{"id":"8","name":' >"$T/in.jsonl"
sed -i 's/in.csv/in.jsonl/' "$T/dealsync.conf"
import 3 '2 fetched: 1 created, 1 rejected'
run 0 rejects csv
has 'a broken line of JSON is rejected with its number' '2' "$T/out"
is 'numbers keep their digits' 10.5 "$(sql 'SELECT value FROM deals')"

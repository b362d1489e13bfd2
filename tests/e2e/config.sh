#!/usr/bin/env bash
# Configuration and mapping are strict: file, line, what is wrong, and what was probably meant.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
export DEALSYNC_NOW=2026-08-21T06:00:00Z

printf 'id,name\n' >"$T/in.csv"
good() {
    printf '[store]\npath = deals.db\n[connection csv]\nconnector = file\npath = %s/in.csv\nid = id\nmapping = m.conf\n' "$T" >"$T/dealsync.conf"
    printf '[fields]\nname = name\n[stage]\nfrom = name\n[stages]\n10 = Open\n' >"$T/m.conf"
}
# bad TEXT FILE LINE SED PATTERN: the file, edited, is refused at that line with such a message.
bad() {
    good
    sed -i "$4" "$T/$2"
    run 78 diff csv
    has "$1: file and line" "$2:$3: " "$T/err"
    has "$1: the message" "$5" "$T/err"
}
good
run 0 diff csv
bad 'unknown key' dealsync.conf 6 's/^id =/idd =/' "'idd'.*'id'|mean.*id"
bad 'unknown section' dealsync.conf 2 's/\[store\]/[stoer]/' 'store'
bad 'unknown connector' dealsync.conf 4 's/= file/= flie/' 'file'
bad 'a key twice' dealsync.conf 7 's/^id = id/id = id\nid = name/' 'line 6|:6'
bad 'a value out of range' dealsync.conf 8 "\$a guard_count = many" 'guard_count'
bad 'not yes or no' dealsync.conf 8 "\$a vetted = perhaps" 'vetted'
bad 'a line of 300 characters' dealsync.conf 8 "\$a delimiter = $(printf 'x%.0s' $(seq 300))" 'long'
bad 'unknown field' m.conf 2 's/^name =/nmae =/' "'name'|name"
bad 'unknown mapping section' m.conf 6 's/\[stages\]/[stagse]/' "'stage"
bad 'a percentage that is none' m.conf 6 's/^10 =/110 =/' '110'
bad 'hundred percent is said as won' m.conf 6 's/^10 =/100 =/' 'won'
bad 'one stage twice' m.conf 7 "\$a 20 = Open" 'Open'
good
sed -i '/^id =/d' "$T/dealsync.conf"
run 78 diff csv
has 'a missing key is named' "'id'" "$T/err"
good
sed -i 's/m.conf/nowhere.conf/' "$T/dealsync.conf"
run 78 diff csv
has 'a mapping that is not there' 'nowhere.conf' "$T/err"
good
run 64 diff nowhere
has 'an unknown connection, and those there are' 'csv' "$T/err"
run 64 frobnicate
run 64 diff --frobnicate csv
DEALSYNC_CONFIG=$T/none.conf run 78 status
has 'no configuration: how to make one' 'dealsync init' "$T/err"

mkdir "$T/conf.d"
printf '[connection more]\nconnector = file\npath = %s/in.csv\nid = id\nmapping = ../m.conf\n' "$T" >"$T/conf.d/20-more.conf"
run 0 diff more
printf 'what is this\n' >"$T/conf.d/30-bad.conf"
run 78 diff csv
has 'drop-ins are named too' '30-bad.conf:1' "$T/err"
rm -r "$T/conf.d"

for crm in salesforce dynamics file; do
    run 0 init --crm $crm --dir "$T/new-$crm"
    ok "init $crm writes a configuration" test -s "$T/new-$crm/dealsync.conf"
    ok "and does not overwrite it" sh -c "! '$BUILD/dealsync' init --crm $crm --dir '$T/new-$crm'"
    DEALSYNC_CONFIG=$T/new-$crm/dealsync.conf "$BUILD/dealsync" status >"$T/out" 2>"$T/err"
    hasnt "what init $crm writes is read without an error of syntax" 'unknown|:[0-9]+: .*(section|key)' "$T/err"
done
run 0 --help
run 0 --version
run 0 help
good
sed -i '$a shareable_solutions = SOL-1 SOL-2\nshareable_solutions = SOL-3' "$T/dealsync.conf"
run 0 diff csv
bad 'only long lists may stand on several lines' dealsync.conf 9 "\$a delimiter = comma\ndelimiter = tab" "'delimiter'"

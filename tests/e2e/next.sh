#!/usr/bin/env bash
# What a person is told to do next, and that the commands which are offered work just as they are printed.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$T" || exit 1 # where plans are saved

cat >dealsync.conf <<'CONF'
[store]
path = deals.db
[connection csv]
connector = file
path = in.csv
id = id
mapping = m.conf
guard_count = 1
guard_percent = 1
CONF
cat >m.conf <<'CONF'
[fields]
name = name
value = value
currency = "EUR"
close_date = "2030-01-31"
location = "4711"
customer_name = "Contoso"
customer_country = "DE"
team.name = "Ada"
team.email = "ada@example.com"
team.phone = "+49 30 1"
solutions = "SOL-1"
CONF
export_of() { # VALUE: what the CRM has exported
    printf 'id,name,value\n' >in.csv
    for id in 1 2 3; do echo "$id,Deal $id,$1"; done >>in.csv
}

# offered FILE N OPTION...: the N-th command that was printed there, with more options, can be given.
offered() {
    local command
    command=$(grep -oE "dealsync [a-z]+ [^']*" "$1" | sed 's/  .*//' | sed -n "$2p")
    ok "offered: $command" test -n "$command"
    # shellcheck disable=SC2086
    run 0 ${command#dealsync } "${@:3}"
}

export DEALSYNC_NOW=2026-08-21T06:00:00Z
export_of 100
run 3 status
has 'what has never run is told' 'csv: no run has succeeded yet' err
run 0 diff csv
has 'a first dry run says that it was one' '^nothing was written$' out
run 65 diff csv --out nowhere/plan.json
has 'where a plan can be saved' 'a directory that this user can write' err
run 0 sync csv
run 0 status
is 'all is well' '' "$(cat err)"
DEALSYNC_NOW=2026-08-23T06:00:00Z run 3 status
has 'what fell silent is told' 'csv: no success for 2 days \(alarm_after is 24 h\)' err
DEALSYNC_NOW=2026-08-20T06:00:00Z run 3 status
has 'so is a clock that went back' 'csv: the last success lies in the future; look at this .* clock' err

export_of 200
run 4 sync csv
has 'a guard names its settings' 'change 3 of 3 deals \(guard_count is 1, guard_percent 1\)' err
cp err stopped
offered stopped 1
offered stopped 2
is 'and all is in the store' 3 "$(sql "SELECT count(*) FROM deals WHERE value = '200'")"

export_of 300
sed -i 's/^guard_.*//' dealsync.conf
sql "UPDATE deals SET value = '250' WHERE id = 1"
run 3 sync csv
run 0 conflicts show 1
cp out ways
for n in 1 2 3; do
    offered ways $n --dry-run
done
run 0 resolve 1 --take store
has 'what becomes of the decision' '^the next sync tells the CRM, where' out

cat >>dealsync.conf <<'CONF'
[connection sf]
connector = salesforce
url = https://example.my.salesforce.com
client_id = id
user = sync@example.com
key = file:nowhere/sf.key
mapping = m.conf
CONF
run 78 check sf
has 'how to look for a secret that cannot be read' 'namei -l ' out
chmod 000 dealsync.conf
if [ -r dealsync.conf ]; then
    echo 'skipped: nothing is hidden from root'
else
    run 78 status
    has 'how to look for a configuration that cannot be read' 'namei -l ' err
fi

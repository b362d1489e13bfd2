#!/usr/bin/env bash
# The store is read and edited by other SQL clients: edits are noticed, versioned and kept in the history.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 60
configure
clock 2026-08-21T06:00:00Z
run 0 sync sf
one=$(sql "SELECT id FROM deals WHERE status = 'accepted' LIMIT 1")
record=$(sql "SELECT remote_id FROM links WHERE deal = $one")
sql "UPDATE deals SET notes = 'called them' WHERE id = $one"
is 'an edit moves the version' 2 "$(sql "SELECT version FROM deals WHERE id = $one")"
is 'and stands in the history' 'edited|notes|called them' \
    "$(sql "SELECT kind, json_extract(changes, '\$[0].field'), json_extract(changes, '\$[0].new') FROM history WHERE deal = $one AND run IS NULL")"
sql "UPDATE deals SET notes = 'called them' WHERE id = $one"
is 'no change is no edit' 2 "$(sql "SELECT version FROM deals WHERE id = $one")"
edit salesforce "$record" NextStep 'visit them'
clock 2026-08-21T06:20:00Z
run 3 sync sf
is 'our edit is not overwritten (M-5)' 'called them' "$(sql "SELECT notes FROM deals WHERE id = $one")"
ok 'a stage that is none is refused' sh -c "! sqlite3 '$T/deals.db' 'UPDATE deals SET stage = 50 WHERE id = $one'"
ok 'a deal cannot be deleted' sh -c "! sqlite3 '$T/deals.db' 'DELETE FROM deals WHERE id = $one'"

is 'every deal is in the view' 60 "$(sql 'SELECT count(*) FROM v_deals')"
is 'open conflicts have a view' 1 "$(sql 'SELECT count(*) FROM v_open_conflicts')"
is 'the pipeline adds up' "$(sql "SELECT count(*) FROM deals WHERE status = 'accepted'")" \
    "$(sql 'SELECT sum(deals) FROM v_pipeline')"
is 'WAL' wal "$(sql 'PRAGMA journal_mode')"
ok 'nobody else can read the store' test "$(stat -c %a "$T/deals.db")" = 600
is 'the file is sound' ok "$(sql 'PRAGMA integrity_check')"

run 0 explain "$one"
has 'explain tells of the edit by hand' 'called them' "$T/out"

sqlite3 "$T/deals.db" 'PRAGMA user_version = 99' >/dev/null
run 74 sync sf
has 'a store from a newer version is refused with both numbers' '99' "$T/err"
printf 'no database' >"$T/deals.db"
run 74 status
has 'a file that is no store is refused' 'deals.db' "$T/err"

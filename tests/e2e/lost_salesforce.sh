#!/usr/bin/env bash
# P-4 when the process lives and an answer does not: each request that changes the CRM is lost before it was
# carried out, and after; fails after it was carried out; meets a token that has ended, a limit, a service
# that is down. The runs that follow end as without.
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/replay.sh
. "$HERE/replay.sh"
# shellcheck source=tests/kill.sh
. "$HERE/kill.sh"

story sf salesforce Name
PREPARE=: lost sync edited sync "$CONNECTION"
PREPARE=undone lost undo edited apply "$T/plan.json"

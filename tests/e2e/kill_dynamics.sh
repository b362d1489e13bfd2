#!/usr/bin/env bash
# P-4 for runs that write on both sides: killed at every commit and on both sides of every request that
# changes the CRM, then run again. The end is that of a run that nobody killed: in the store, in the CRM,
# and in the number of writes that the CRM was sent.
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/replay.sh
. "$HERE/replay.sh"
# shellcheck source=tests/kill.sh
. "$HERE/kill.sh"

story dv dynamics name
deal=$(deal_of "${id[1]}")
everywhere sync edited sync dv
PREPARE=planned everywhere apply edited apply "$T/plan.json"
PREPARE=undone everywhere undo edited apply "$T/plan.json"
PREPARE=synced everywhere resolve edited resolve 1 --take store
PREPARE=synced everywhere unlink edited unlink dv "${id[1]}"
PREPARE=apart everywhere link edited link dv "${id[1]}" "$deal"
whole 'a plan' edited "$T/plan.json" diff dv --out "$T/plan.json"

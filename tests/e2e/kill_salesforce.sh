#!/usr/bin/env bash
# P-4 for runs that write on both sides: killed at every commit and on both sides of every request that
# changes the CRM, then run again. The end is that of a run that nobody killed: in the store, in the CRM,
# and in the number of writes that the CRM was sent.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/replay.sh
. "$HERE/replay.sh"
# shellcheck source=tests/kill.sh
. "$HERE/kill.sh"

story sf salesforce Name

#!/usr/bin/env bash
# P-2: nothing is lost at the edge of the window: late commits (SF-1), stamps of one second (SF-2), and what
# comes while pages are being read.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 60
configure
strangers
clock 2026-08-21T06:00:00Z
run 0 sync sf
run 0 sync dv

# Stamped 06:09:50, and visible only after the run of 06:10 has moved its cursor.
clock 2026-08-21T06:09:50Z
late=$(some salesforce open 1)
late_dv=$(some dynamics open 1)
clock 2026-08-21T06:10:00Z
run 0 sync sf
run 0 sync dv
clock 2026-08-21T06:09:50Z
edit salesforce "$late" Amount 4711
edit dynamics "$late_dv" estimatedvalue 4712
clock 2026-08-21T06:20:00Z
run 0 sync sf
is 'a row that was committed late is picked up' '4711' \
    "$(sql "SELECT value FROM deals d JOIN links l ON l.deal = d.id WHERE l.remote_id = '$late'")"
run 0 sync dv
is 'on Dynamics too' '4712' \
    "$(sql "SELECT value FROM deals d JOIN links l ON l.deal = d.id WHERE l.remote_id = '$late_dv'")"

# An edit in the lag is not seen yet, and not lost.
edit salesforce "$late" Amount 4713
clock 2026-08-21T06:21:00Z
run 0 sync sf
clock 2026-08-21T06:30:00Z
run 0 sync sf
is 'what lay in the lag comes with a later run' '4713' \
    "$(sql "SELECT value FROM deals d JOIN links l ON l.deal = d.id WHERE l.remote_id = '$late'")"

# Ten records of one second.
for n in 1 2 3 4 5 6 7 8 9 10; do edit salesforce "$(some salesforce open $n)" Amount "9876540$n"; done
clock 2026-08-21T06:40:00Z
run 0 sync sf
is 'ten stamps of one second, none is lost' 10 "$(sql "SELECT count(*) FROM deals WHERE value GLOB '9876540*'")"

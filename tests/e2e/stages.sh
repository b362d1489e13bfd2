#!/usr/bin/env bash
# Stages: which there are, what each maps to, how many records hold it, and lines to paste for the others (R-72).
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 200
configure
clock 2026-08-21T06:00:00Z
for connection in sf dv; do
    cp "$HERE"/maps/*.conf "$T/"
    run 0 stages $connection
    has "$connection: a mapped stage" 'Prospecting +.*10' "$T/out"
    sed -i '/Engaging/d' "$T"/salesforce.mapping.conf "$T"/dynamics.mapping.conf
    run 0 stages $connection
    has "$connection: a line to paste, for a person to decide" '^;.*= *(2-)?Engaging' "$T/out"
    run 3 sync $connection
    has "$connection: the run names what is not mapped" 'rejected' "$T/out"
    run 0 rejects $connection
    has "$connection: by its name" 'Engaging' "$T/out"
    is "$connection: none is guessed" 0 "$(sql "SELECT count(*) FROM deals WHERE stage = 20")"
    # The proposed lines, pasted under [stages], are a mapping.
    run 0 stages $connection
    mapping=$T/salesforce.mapping.conf
    [ $connection = dv ] && mapping=$T/dynamics.mapping.conf
    sed -n 's/^;.*= *\(\(2-\)\{0,1\}Engaging\).*/20 = \1/p' "$T/out" | head -n 1 >>"$mapping"
    clock 2026-08-21T06:30:00Z
    run 0 sync $connection
    is "$connection: with its line they come in" 0 "$(sql 'SELECT count(*) FROM rejects')"
    rm -f "$T"/deals.db*
done

# A stage that was renamed shows twice before a run meets it: a name without a line, a line without a stage.
cp "$HERE"/maps/*.conf "$T/"
sed -i 's/= Prospecting$/= Prospect/' "$T/salesforce.mapping.conf"
run 0 check sf
has 'the new name has no line' "stages without a line.*'Prospecting'" "$T/out"
has 'the old line no stage' "renamed.*'Prospect' \(line [0-9]+\)" "$T/out"
run 0 stages sf --format json
ok 'as JSON' jq -e . "$T/out"

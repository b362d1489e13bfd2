#!/usr/bin/env bash
# Random moves on both sides, crashes, faults, other terms and mappings, and the promises in between
# (docs/promises.md). What has failed once is played for ever; beside it some seeds of today.
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

# "SEED STEPS": a plan that creates what is there by now; a created record that kept another value; a deal
# that was looked at again and again; a stage behind a hold; a record that is there again beside another one;
# other terms; an undo before what was sent is known; a creation for a deal that is adopted; an undo of a
# creation; an empty answer beside records that are asked for by id.
for case in '1 200' '8 360' '10 320' '12 360' '19 240' '29 80' '80 280' '103 320'; do
    read -r seed steps <<<"$case"
    ok "seed $seed, $steps steps" "$BUILD/dealsync-random" --seed "$seed" --steps "$steps"
done

"$BUILD/dealsync-random" --seed $(($(date +%s) / 86400)) --seconds 20 >"$T/out"
is 'seeds of today' 0 $?
grep -A 100 broken: "$T/out" | sed 's/^/# /'
tail -n 1 "$T/out" | sed 's/^/# /'

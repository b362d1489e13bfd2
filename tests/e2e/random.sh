#!/usr/bin/env bash
# Random moves on both sides, crashes, faults, other terms and mappings, and the promises in between
# (docs/promises.md). What has failed once is played for ever; beside it some seeds of today.
# long
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

# "SEED STEPS": a plan that creates what is there by now; a new record that kept another value; a record
# that was looked at for nothing, run after run; a stage behind a hold; values sent and unlinked.
for case in '1 160' '1 191' '8 360' '10 181' '12 40' '13 200'; do
    read -r seed steps <<<"$case"
    ok "seed $seed, $steps steps" "$BUILD/dealsync-random" --seed "$seed" --steps "$steps"
done

"$BUILD/dealsync-random" --seed $(($(date +%s) / 86400)) --seconds 20 >"$T/out"
is 'seeds of today' 0 $?
grep -A 100 broken: "$T/out" | sed 's/^/# /'
tail -n 1 "$T/out" | sed 's/^/# /'

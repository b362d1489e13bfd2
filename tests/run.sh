#!/usr/bin/env bash
# run.sh KIND:BUILD... - run tests and count them
#
#   unit:DIR      every unit test program in DIR
#   e2e:DIR       every script of tests/e2e and the simulator's own, with the programs in DIR
#   short:DIR     those of them that do not say "# long": the long ones run the same code many times
#   valgrind:DIR  the unit tests, and the scripts that say "# valgrind", under valgrind
#   lint:DIR      every lint- target of the Makefile
#
# What a test prints decides: its lines "ok ...", "not ok ..." and "skipped: why" (cmocka's TAP is
# understood too). One without such lines counts as one test, by its exit status. A test that
# announced more results than it gave, that ended badly without a "not ok", that left a report of a
# sanitizer or of valgrind, or that left something running, has failed. Each finds the programs in
# $BUILD, has an empty standard input and a TMPDIR of its own, which is removed afterwards.
#
# Ends with the line "N passed, N failed"; exits 1 when something failed or nothing passed.
set -u
cd "$(dirname "$0")/.." || exit 1

jobs=${JOBS:-$(($(nproc) + 2))} # most of them wait for something now and then
limit=${TEST_TIMEOUT:-300} # seconds for one program or script
work=$(mktemp -d "${TMPDIR:-/tmp}/dealsync-test.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'kill $(jobs -rp) 2>/dev/null; wait; exit 130' INT TERM

export LC_ALL=C TZ=UTC CMOCKA_MESSAGE_OUTPUT=TAP
memcheck=(valgrind --quiet --leak-check=full --show-leak-kinds='definite,indirect'
    --errors-for-leak-kinds=definite --error-exitcode=99)

items() { # kind dir
    case $1 in
    unit) find tests/unit -name 'test_*.c' -printf "$2/%p\n" | sed 's/\.c$//' | sort ;;
    e2e) find tests/e2e tests/sim/selftest*.sh -name '*.sh' | sort ;;
    short) items e2e "$2" | xargs -r grep -L '^# long$' ;;
    valgrind) items unit "$2" && items e2e "$2" | xargs -r grep -l '^# valgrind$' ;;
    lint) sed -n 's/^LINTS *:= *//p' Makefile | tr ' ' '\n' ;;
    esac
}

# Makes what a script takes for the build directory, where dealsync runs under valgrind.
wrapped() { # dir
    mkdir -p "$work/wrapped"
    ln -sfn "$1/dealsync-sim" "$work/wrapped/dealsync-sim"
    # shellcheck disable=SC2016 # for the wrapper to expand
    printf '#!/bin/sh\nexec %s --log-file="$REPORT.%%p" "%s/dealsync" "$@"\n' \
        "${memcheck[*]}" "$1" >"$work/wrapped/dealsync"
    chmod +x "$work/wrapped/dealsync"
}

command_of() { # kind item
    case $1:$2 in
    lint:*) make --silent --keep-going --no-print-directory BUILD="$BUILD" "$2" ;;
    *:*.sh) alone bash "$2" ;;
    valgrind:*) alone "${memcheck[@]}" --log-file="$REPORT.%p" "$2" ;;
    *) alone "$2" ;;
    esac
}

# Runs a command within the limit, in a session of its own; what it leaves running there is told and ended.
alone() { # command...
    local session status
    setsid timeout -k 10 "$limit" "$@" &
    session=$!
    trap 'end $session; exit 143' TERM
    wait $session
    status=$?
    for _ in $(seq 100); do # what it has killed may take its time
        [ -n "$(left_in $session)" ] || return $status
        sleep 0.05
    done
    echo "not ok - left something running:"
    left_in $session
    end $session
    return 1
}

end() { # session
    left_in "$1" | cut -d ' ' -f 1 | xargs -r kill -KILL
}

# The processes of a session: number and command line.
left_in() { # session
    local stat fields
    for stat in /proc/[0-9]*/stat; do
        { read -r fields <"$stat"; } 2>/dev/null || continue
        # shellcheck disable=SC2086 # behind the name: state, parent, group, session
        set -- "$1" ${fields##*) }
        [ "$2" = Z ] || [ "$5" != "$1" ] || echo "${fields%% *} $(tr '\0' ' ' <"${stat%stat}cmdline")"
    done
}

# Prints "passed failed skipped" and completes the output with the failures it does not name.
judge() { # status output
    awk -v status="$1" -v output="$2" -v limit="$limit" '
        /^1\.\.[0-9]+$/ { announced += substr($0, 4) }
        /^(not )?ok [0-9]+ # SKIP/ || /^skipped: / { skipped++; next }
        /^ok( |$)/ { passed++ }
        /^not ok( |$)/ { failed++ }
        END {
            given = passed + failed + skipped
            if (status == 124)
                why = "took longer than " limit " s"
            else if (given < announced)
                why = "ended after " given + 0 " of " announced " tests"
            else if (status != 0 && !failed)
                why = "ended with status " status
            else if (!given)
                passed++
            if (why) {
                failed++
                print "not ok - " why >> output
            }
            print passed + 0, failed + 0, skipped + 0
        }' "$2"
}

# One test, in a shell of its own.
run() { # kind dir item output
    local began=$SECONDS status report passed failed skipped
    export BUILD=$2 TMPDIR=$4.tmp REPORT=$4.report
    [ "$1" != valgrind ] || BUILD=$work/wrapped
    export ASAN_OPTIONS=log_path=$REPORT UBSAN_OPTIONS=log_path=$REPORT:print_stacktrace=1
    mkdir "$TMPDIR"
    command_of "$1" "$3" >"$4" 2>&1 </dev/null
    status=$?
    for report in "$4".report.*; do
        [ -s "$report" ] && { echo "not ok - left a report" && cat "$report"; } >>"$4"
    done
    judge "$status" "$4" >"$4.sum"
    rm -rf "$4.tmp"
    read -r passed failed skipped <"$4.sum"
    printf '  %4d passed %3d failed %3d skipped %4d s  %s\n' "$passed" "$failed" "$skipped" \
        $((SECONDS - began)) "${3#"$2/"}"
}

# Runs the items of one group side by side, then tells what failed or was skipped in full.
run_group() { # kind dir output
    local began=$SECONDS n=0 item i
    local passed=0 failed=0 skipped=0 p f s
    mkdir "$3"
    while read -r item; do
        while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
        n=$((n + 1))
        echo "$item" >"$3/$n.item"
        run "$1" "$2" "$item" "$3/$n" &
    done < <(items "$1" "$2")
    wait
    for ((i = 1; i <= n; i++)); do
        read -r p f s <"$3/$i.sum"
        passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
        if [ "$f" -gt 0 ]; then
            echo "---- $1 $(cat "$3/$i.item") failed:"
            cat "$3/$i"
            echo "----"
        else
            sed -nE "/^skipped: |# SKIP/s|^|  $(basename "$(cat "$3/$i.item")"): |p" "$3/$i"
        fi
    done
    total_passed=$((total_passed + passed)) total_failed=$((total_failed + failed))
    summary+=$(printf '%-10s %5d passed %3d failed %3d skipped %4d s  %s' "$1" "$passed" \
        "$failed" "$skipped" $((SECONDS - began)) "${2#"$PWD/"}")$'\n'
}

total_passed=0 total_failed=0 summary=
groups=0
for group in "$@"; do
    dir=$(realpath "${group#*:}")
    echo "${group/:/ in }"
    [ "${group%%:*}" != valgrind ] || wrapped "$dir"
    run_group "${group%%:*}" "$dir" "$work/$((groups += 1))"
done
printf '\n%s%s passed, %s failed\n' "$summary" "$total_passed" "$total_failed"
[ "$total_failed" -eq 0 ] && [ "$total_passed" -gt 0 ]

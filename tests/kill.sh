# shellcheck shell=bash
# kill.sh - dying everywhere; sourced behind replay.sh
#
# Every step starts from the same store and the same CRM; what PREPARE names is done before.

PREPARE=:

# here START: both sides as they were there.
here() {
    restore "$1"
    again
    $PREPARE >"$T/prepared" 2>&1
}

# A command again until it is done, as a timer would.
until_done() {
    local n
    for ((n = 0; n < 4; n++)); do
        "$BUILD/dealsync" "$@" >"$T/out" 2>"$T/err" && return
        [ $? -ne 3 ] || return
    done
}

# ends: the CRM as it is, and both sides after another sync: a run that was made good has sent everything,
# and once more it looks at what it wrote itself.
ends() {
    echo "not confirmed: $(sql 'SELECT count(*) FROM outbox')"
    sim_get "state?crm=$CRM&stamps=no"
    "$BUILD/dealsync" sync "$CONNECTION" >"$T/out" 2>"$T/err"
    echo "settled with $?"
    both_sides "$CRM"
    echo "writes: $(mutations "$CRM")"
}

# everywhere TEXT START ARGUMENTS...: dies at each step of the command, from the start; runs it again, and
# ends as without.
everywhere() {
    local text=$1 start=$2 steps n status bad=0
    shift 2
    here "$start"
    steps=$(steps_of "$@")
    ends >"$T/expected"
    both_sides "$CRM" >"$T/before"
    n=$(mutations "$CRM")
    "$BUILD/dealsync" sync "$CONNECTION" >"$T/out" 2>"$T/err"
    both_sides "$CRM" >"$T/after"
    ok "$text: the run after that is silent" cmp "$T/before" "$T/after"
    is "$text: on both sides" "$n" "$(mutations "$CRM")"
    [ "$steps" -gt 1 ] || bad=1
    for ((n = 1; n <= steps; n++)); do
        here "$start"
        { DEALSYNC_DIE_AT=$n "$BUILD/dealsync" "$@" >"$T/out"; } 2>"$T/err"
        status=$?
        [ $status -eq 137 ] || { echo "# step $n: exit status $status, not killed"; bad=1; }
        "$BUILD/dealsync" "$@" >"$T/out" 2>"$T/err"
        status=$?
        ends >"$T/actual"
        diff -a "$T/expected" "$T/actual" >"$T/difference" && continue
        echo "# other ends after dying at step $n of $steps (then exit status $status)"
        head -n 10 "$T/difference" | cut -c1-300 | sed 's/^/# /'
        bad=1
    done
    is "$text: every one of its $steps steps" 0 $bad
}

# whole TEXT START FILE ARGUMENTS...: dies at each step of a command that makes a file, which is there as a
# whole or not at all.
whole() {
    local text=$1 start=$2 file=$3 steps n bad=0
    shift 3
    here "$start"
    steps=$(steps_of "$@")
    [ "$steps" -gt 1 ] || bad=1
    for ((n = 1; n <= steps; n++)); do
        rm -f "$file"
        { DEALSYNC_DIE_AT=$n "$BUILD/dealsync" "$@" >"$T/out"; } 2>"$T/err"
        [ ! -e "$file" ] || jq -e .sum "$file" >"$T/out" || bad=1
        "$BUILD/dealsync" "$@" >"$T/out" 2>"$T/err"
        jq -e .sum "$file" >"$T/out" || bad=1
    done
    is "$text: every one of its $steps steps" 0 $bad
    is "$text: and nothing is left over" '' "$(find "$(dirname "$file")" -name "$(basename "$file")?*")"
}

# --- the story ---------------------------------------------------------------------------------------

# theirs N FIELD VALUE, ours N FIELD VALUE: an edit of the N-th open record, of its deal.
theirs() { tell edit "{\"crm\":\"$CRM\",\"id\":\"${id[$1]}\",\"set\":{\"$2\":\"$3\"}}" >/dev/null; }
ours() { sql "UPDATE deals SET $2 = '$3' WHERE id = $(deal_of "${id[$1]}")"; }

synced() { "$BUILD/dealsync" sync "$CONNECTION"; }
planned() { "$BUILD/dealsync" diff "$CONNECTION" --out "$T/plan.json"; }
undone() { synced; "$BUILD/dealsync" undo 2 --out "$T/plan.json"; }
apart() { synced; "$BUILD/dealsync" unlink "$CONNECTION" "${id[1]}"; }

# story CONNECTION CRM NAME: edits on both sides, saved as "edited".
story() {
    local name=$3
    CONNECTION=$1 CRM=$2

    world --count 40 --page 20
    configure 'direction = both' 'create = yes' 'guard_count = 1000'
    sed -i '/^\[connection sf\]/a key_field = Deal_Key__c' "$T/dealsync.conf"
    export DEALSYNC_NOW=2026-08-21T06:00:00Z
    tell clock "{\"now\":\"$DEALSYNC_NOW\"}" >/dev/null
    run 0 sync "$CONNECTION"
    mapfile -t id < <(sim_get "find?crm=$CRM&where=open&n=9" | jq -r '.ids[]')

    ours 0 close_date 2029-05-06
    ours 0 value 4711.5
    theirs 1 "$name" 'Renamed over there'
    theirs 2 "$name" 'Renamed, too'
    ours 2 close_date 2029-06-07
    theirs 3 "$name" 'Their name'
    ours 3 name 'Our name'
    theirs 4 "$name" 'One name'
    ours 4 name 'One name'
    sql "UPDATE deals SET status = 'lost', reason = 'budget' WHERE id = $(deal_of "${id[5]}")"
    sql "INSERT INTO deals(name, value, currency, close_date, customer_name, customer_country)
        VALUES ('Born here', '99.5', 'USD', '2029-09-09', 'Somebody', 'US')"
    save edited
}

# --- lost answers ------------------------------------------------------------------------------------

# What the CRM was asked to change since request N, or to carry out as a batch: "PATCH /path".
changes_since() { # N
    sim_get "log?since=$1" | jq -r '.requests[] | select(.method == "PATCH" or .method == "POST") |
        "\(.method) \(.path | split("?")[0])"' | grep -vE '/oauth2/|/composite/sobjects/|/jobs/'
}

# What the CRM has done.
done_there() { sim_get stats | jq -c ".$CRM.kinds | [.create, .update, .upsert, .win, .lose, .reopen]"; }

# once KIND: the fault, and what the next run may end with.
fault_of() {
    case $1 in
    status_after) echo '"kind":"status_after","status":500' ;;
    down) echo '"kind":"status","status":503,"body":"<html>down</html>","content_type":"text/html","retry_after":1' ;;
    throttle) echo '"kind":"throttle","retry_after":1' ;;
    *) echo "\"kind\":\"$1\"" ;;
    esac
}

# lost TEXT START ARGUMENTS...: everything that can happen to one request, for each of them.
lost() {
    local text=$1 start=$2 n kind line first tried=0 bad=0 status
    shift 2
    here "$start"
    first=$(sim_get log | jq .next)
    "$BUILD/dealsync" "$@" >"$T/out" 2>"$T/err"
    changes_since "$first" >"$T/changes"
    ends | grep -v '^writes' >"$T/expected"
    done_there >"$T/done"
    while read -r n line; do
        for kind in cut_before cut_after status_after expire_token throttle down; do
            here "$start"
            sim fault "{\"crm\":\"$CRM\",\"match\":\"$line\",\"after\":$n,$(fault_of $kind)}" >/dev/null
            "$BUILD/dealsync" "$@" >"$T/out" 2>"$T/err"
            status=$?
            case $status in
            0 | 3 | 69 | 75) ;;
            *) echo "# $kind of $line: exit status $status: $(head -n 1 "$T/err")" && bad=1 ;;
            esac
            sim reset '{}' >/dev/null
            until_done "$@"
            ends | grep -v '^writes' >"$T/actual"
            tried=$((tried + 1))
            diff -a "$T/expected" "$T/actual" >"$T/difference" || {
                echo "# other ends after $kind of $line (exit status $status)"
                head -n 10 "$T/difference" | cut -c1-300 | sed 's/^/# /'
                bad=1
            }
            [ "$(done_there)" = "$(cat "$T/done")" ] || {
                echo "# $kind of $line: done $(done_there), not $(cat "$T/done")"
                bad=1
            }
        done
    done < <(sort "$T/changes" | uniq -c | while read -r times line; do
        for ((n = 0; n < times; n++)); do echo "$n $line"; done
    done)
    [ $tried -ge 6 ] || bad=1
    is "$text: what happens to one of $(wc -l <"$T/changes") requests, $tried times" 0 $bad
}

# --- what else goes wrong ------------------------------------------------------------------------------

# spread COUNT MOST: numbers from 1 to COUNT, all of them or MOST evenly spread ones.
spread() {
    local count=$1 most=$(($1 < $2 ? $1 : $2)) i
    for ((i = 0; i < most; i++)); do echo $((most > 1 ? 1 + i * (count - 1) / (most - 1) : 1)); done
}

# made_good WHAT STATUS CODES: judges how a run ended in which WHAT went wrong, in $T/err, and whether those
# that follow come to $T/expected. A run that does not end as usual says why, and what to do.
made_good() {
    local good=0
    case " $(cat "$T/usual") $3 " in
    *" $2 "*) ;;
    *) echo "# $1: exit status $2: $(head -n 1 "$T/err")" && good=1 ;;
    esac
    if [ "$2" -ne "$(cat "$T/usual")" ] && ! grep -qE '^error: .{10,}' "$T/err"; then
        echo "# $1: exit status $2 without a word" && good=1
    fi
    until_done sync "$CONNECTION"
    ends >"$T/actual"
    diff -a "$T/expected" "$T/actual" >"$T/difference" && return $good
    echo "# other ends after $1 (exit status $2)"
    head -n 6 "$T/difference" | cut -c1-300 | sed 's/^/# /'
    return 1
}

# usually: the run that nothing happens to.
usually() {
    here edited
    "$BUILD/dealsync" sync "$CONNECTION" >"$T/out" 2>"$T/err"
    echo $? >"$T/usual"
    ends >"$T/expected"
}

#!/usr/bin/env bash
# P-9: secrets are kept where others cannot read them, and never come out again.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 40
configure
strangers
clock 2026-08-21T06:00:00Z
printf '\n[connection cc]\nconnector = salesforce\nurl = %s\nauth = client_credentials\nclient_id = sim-consumer-key\nclient_secret = env:SF_SECRET\nca_file = %s\nmapping = salesforce.mapping.conf\n' \
    "$SALESFORCE" "$T/tls/ca.pem" >>"$T/dealsync.conf"
sed -i 's/^mapping = salesforce.mapping.conf/&\nshareable_solutions = SOL-GTK-500/' "$T/dealsync.conf"
sed -i '0,/^shareable_solutions = SOL-GTK-500$/{//d}' "$T/dealsync.conf"
export SF_SECRET='sim-client-secret!&='
run 0 sync cc
is 'a secret from the environment' 40 "$(sql "SELECT count(*) FROM deals")"
mkdir "$T/credentials"
printf 'sim~secret+/=&%%\n' >"$T/credentials/dv-secret"
chmod 600 "$T/credentials/dv-secret"
sed -i 's|^client_secret = file:.*|client_secret = credential:dv-secret|' "$T/dealsync.conf"
CREDENTIALS_DIRECTORY=$T/credentials run 0 sync dv
run 78 sync dv
has 'no credentials directory' 'CREDENTIALS_DIRECTORY' "$T/err"

: >"$T/all"
for command in 'check' 'diff cc --format json' "diff cc --backfill --out $T/plan.json" 'sync cc -v -v -v' 'status --format json' 'runs' 'explain 1'; do
    # shellcheck disable=SC2086
    CREDENTIALS_DIRECTORY=$T/credentials "$BUILD/dealsync" $command >>"$T/all" 2>&1
done
sqlite3 "$T/deals.db" .dump >>"$T/all"
cat "$T"/deals.db* "$T/plan.json" >>"$T/all"
hasnt 'the secrets are nowhere in output, logs, plans and store' 'sim-client-secret|sim~secret|PRIVATE KEY|eyJ[A-Za-z0-9_-]{20}|00D[A-Za-z0-9]{12,15}!' "$T/all"

ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" strace -f -s 4096 -e trace=execve -o "$T/strace" "$BUILD/dealsync" sync cc >/dev/null 2>&1
hasnt 'nor in any argument' 'sim-client-secret' "$T/strace"

# whoever can write the configuration says where secrets go, whoever can write a plan what is done
run 0 sync cc
hasnt 'no word about a configuration that only its owner can change' 'mode' "$T/err"
chmod 666 "$T/dealsync.conf"
run 0 sync cc
has 'one that everybody can change is told' 'dealsync.conf.*everybody can change it: chmod o-w' "$T/err"
chmod 644 "$T/dealsync.conf"
chmod 602 "$T/plan.json"
run 65 apply "$T/plan.json"
has 'a plan that everybody can change is not applied' 'plan.json.*0602, everybody can change it' "$T/err"

chmod 644 "$T/tls/jwt.key"
run 78 sync sf
has 'a key that others can read is refused' 'chmod 600' "$T/err"
has 'and named' 'jwt.key' "$T/err"
chmod 600 "$T/tls/jwt.key"
sed -i "s|^key = .*|key = file:$T/tls/nowhere.key|" "$T/dealsync.conf"
run 78 sync sf
has 'a key that is not there' 'nowhere.key' "$T/err"
sed -i "s|^key = .*|key = c2VjcmV0IHRleHQ|" "$T/dealsync.conf"
run 78 sync sf
hasnt 'a secret in the configuration is refused without repeating it' 'c2VjcmV0' "$T/err"
has 'and where it may stand is told' 'file:|credential:|env:' "$T/err"
export SF_SECRET='wrong'
run 77 sync cc
has 'a wrong secret: which setting to look at' 'client_secret' "$T/err"

# shellcheck shell=bash
# shellcheck disable=SC2154 # seconds and mib are set by timed()
# A thousand changed records, in the store as it is and beside a million more links: what a sync costs follows
# from what changed, not from what exists (P-12). Sourced by bench.sh.

bench_links() {
    local few
    rm -f "$T"/deals.db*
    timed "$BUILD/dealsync" backfill sf
    many_edits 1000
    sql 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
    cp "$T/deals.db" "$T/few.db"
    timed "$BUILD/dealsync" sync sf
    few=$seconds
    rm -f "$T"/deals.db*
    mv "$T/few.db" "$T/deals.db"
    many_links 1000000
    timed "$BUILD/dealsync" sync sf
    printf '1,000 changed: %s s; beside a million more links %s s, %s MiB\n' "$few" "$seconds" "$mib"
    timed "$BUILD/dealsync" verify sf
    printf 'verify of all of them: %s s, %s MiB\n' "$seconds" "$mib"
}

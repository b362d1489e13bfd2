#!/usr/bin/env bash
# What servers may legally do, and do: the deals are the same whichever of it they choose.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 2500 --page 1000
configure
sed -i 's/^connector = dynamics/&\nparallel = 1/' "$T/dealsync.conf" # so that deals are made in one order
clock 2026-08-21T06:00:00Z

# The customers are accounts and contacts, the owners users and teams.
sed -i -e 's/^customer_name .*/customer_name = customerid.name/' -e 's/^team.name .*/team.name = ownerid.name/' \
    "$T/dynamics.mapping.conf"
sim set '{"dynamics":{"contact_share":30}}' >/dev/null
run 3 sync dv
is 'all come' '2,500' "$(sum | sed 's/ fetched.*//')"
some=$(sql "SELECT l.remote_id FROM links l JOIN deals d ON d.id = l.deal WHERE d.status = 'accepted' LIMIT 1")
edit dynamics "$some" estimatedvalue 999999999999.9900
run 3 sync dv
is 'twelve digits and the rest (DV-58)' 999999999999.99 "$(sql "SELECT value FROM deals WHERE id = $(deal_of "$some")")"
rm -f "$T"/deals.db*
run 3 sync dv
state >"$T/plain"
drive dv fetch --paths customerid.name,customerid_account.name,ownerid.name
is 'customers of both kinds have names' 0 "$(jq -c 'select(.record and .record.values."customerid.name" == null)' "$T/out" | wc -l)"
ok 'contacts among them' test "$(jq -c 'select(.record and .record.values."customerid_account.name" == null)' "$T/out" | wc -l)" -gt 300

for choice in '"ignore_page":1' '"relative_next":1' '"etag_last":1' '"decimal_strings":1' '"date_times":1'; do
    rm -f "$T"/deals.db*
    sim set "{\"dynamics\":{$choice}}" >/dev/null
    run 3 sync dv
    state >"$T/odd"
    ok "the same with $choice" diff "$T/plain" "$T/odd"
    sim set "{\"dynamics\":{${choice%1}0}}" >/dev/null
done

#!/usr/bin/env bash
# Deals that become opportunities of Dynamics 365, in their own currency: an amount without one would be taken
# for one in the currency of the organisation.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

# deal CURRENCY: one that no record stands for.
deal() {
    sql "INSERT INTO deals(name, value, currency, close_date, location, customer_name, customer_country, solutions)
        VALUES ('In $1', '12.5', '$1', '2029-09-09', '4711', 'Contoso', 'US', '[\"SOL-GTK-500\"]')"
}

# made NAME: amount and currency of the opportunity of that name.
made() {
    sim_get 'state?crm=dynamics&stamps=no' | jq -r --arg name "$1" \
        'select(.name == $name) | "\(.estimatedvalue) \(.["transactioncurrencyid.isocurrencycode"])"'
}

anew 20 'direction = both' 'create = yes'
run 0 sync dv
deal EUR
deal USD
deal XXX
sync_later dv 3
is 'an amount in another currency than the organisation has' '12.5 EUR' "$(made 'In EUR')"
is 'one in the same' '12.5 USD' "$(made 'In USD')"
is 'one that the environment does not know is not made' '' "$(made 'In XXX')"
run 0 conflicts dv --format json
has 'and it says why' "'XXX' is the isocurrencycode of no transactioncurrency" "$T/out"
n=$(writes)
sync_later dv 3
is 'nothing is made twice' "$n" "$(writes)"

# They come back as the user's of this connection, who has no phone here, and without a customer.
run 0 rejects dv
has 'why the next run rejects them' 'In EUR .*owninguser.address1_telephone1 is empty: a team member needs' "$T/out"
sed -i 's/^team.phone .*/team.phone = "+49 30 1234"/' "$T/dynamics.mapping.conf"
sync_later dv 3
run 0 rejects dv
has 'with a phone from the mapping they are taken' 'no rejected records' "$T/out"
is 'and the deals keep their customer' 'Contoso|2' \
    "$(sql "SELECT customer_name, count(*) FROM deals JOIN links ON deal = deals.id WHERE name LIKE 'In %' GROUP BY 1")"

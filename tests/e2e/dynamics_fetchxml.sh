#!/usr/bin/env bash
# A view as the condition: the same deals as with the filter that says the same, page by page, with the oddest of
# cookies; what cannot be a condition is refused.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sim --count 4000
configure
clock 2026-08-21T06:00:00Z

# with LINES...: the connection dv with these lines more, and no store.
cp "$T/dealsync.conf" "$T/plain.conf"
with() {
    rm -f "$T"/deals.db*
    cp "$T/plain.conf" "$T/dealsync.conf"
    printf '%s\n' 'page_size = 1000' 'parallel = 1' "$@" >"$T/more"
    sed -i "/^connector = dynamics/r $T/more" "$T/dealsync.conf"
}

cat >"$T/open.xml" <<'XML'
<?xml version="1.0"?>
<!-- as a view gives it -->
<fetch version="1.0" output-format="xml-platform" mapping="logical" distinct="false" count="3" page="7">
  <entity name="opportunity">
    <attribute name="name" />
    <all-attributes />
    <order attribute="name" descending="true" />
    <filter type="and"><condition attribute="statecode" operator="eq" value="0" /></filter>
  </entity>
</fetch>
XML

with 'filter = statecode eq 0'
run 0 sync dv
open=$(sql 'SELECT count(*) FROM deals')
many=${open:0:1},${open:1} # as reports write it
state >"$T/filtered"
ok 'there are some of them' test "$open" -gt 1500

with 'fetchxml = open.xml'
run 0 check dv
before=$(sim_get stats | jq .dynamics.requests)
run 0 sync dv
is 'a view brings what its condition says' "$many fetched: $many created" "$(sum)"
ok 'page by page' test $(($(sim_get stats | jq .dynamics.requests) - before)) -lt 15
state >"$T/viewed"
ok 'and the same of each, columns behind lookups too' \
    diff <(grep -v '^connection' "$T/filtered") <(grep -v '^connection' "$T/viewed")
run 0 sync dv
is 'again, and nothing has changed' "$many fetched: $many unchanged" "$(sum)"

# Whatever the server does with its annotations.
sim set '{"dynamics":{"more_text":1}}' >/dev/null
run 0 sync dv
is 'morerecords as a text (DV-30)' "$many fetched: $many unchanged" "$(sum)"
sim set '{"dynamics":{"more_text":0,"no_cookie":1}}' >/dev/null
run 0 sync dv
is 'no cookie: pages by number (DV-32)' "$many fetched: $many unchanged" "$(sum)"
sim set '{"dynamics":{"no_cookie":0}}' >/dev/null

# Interrupted after a page, it goes on behind it.
with 'fetchxml = open.xml' 'retries = 0'
sim fault '{"crm":"dynamics","match":"fetchXml","kind":"status","status":503,"after":1,"times":1}' >/dev/null
run 69 backfill dv
before=$(sim_get log | jq '[.requests[] | select(.path | test("fetchXml"))] | length')
run 0 backfill dv
is 'the rest is read, and no page twice' 1 \
    $(($(sim_get log | jq '[.requests[] | select(.path | test("fetchXml"))] | length') - before))
is 'and all of them are there' "$open" "$(sql 'SELECT count(*) FROM deals')"

for other in '"querytype":4,"statecode":0' '"querytype":0,"statecode":1'; do # a quick find, one switched off
    sim create "{\"crm\":\"dynamics\",\"object\":\"savedqueries\",\"set\":{\"name\":\"Open Opportunities\",
        \"returnedtypecode\":\"opportunity\",\"fetchxml\":\"<fetch/>\",$other}}" >/dev/null
done
with 'view = Open Opportunities'
run 0 sync dv
is 'a public view by its name' "$many fetched: $many created" "$(sum)"

# What is no condition.
with 'view = Top Ten'
run 78 sync dv
has 'the first ten are no condition' "'top'" "$T/err"
with 'view = Nothing Like It'
run 78 sync dv
has 'a view that is not there' "no public view .* 'Nothing Like It'" "$T/err"
with 'fetchxml = open.xml' 'filter = statecode eq 0'
run 78 sync dv
has 'one condition, not two' "'filter' and 'fetchxml' cannot both be set" "$T/err"

with 'fetchxml = open.xml' 'tracking = on'
run 78 sync dv
has 'no view with change tracking' 'change tracking knows no views' "$T/err"
with 'view = Top Ten'
run 78 check dv
has 'check tells it as well' "'top'" "$T/out"

# refused TEXT EXIT PATTERN: what dealsync says to this document.
refused() {
    printf '%s\n' "$4" >"$T/bad.xml"
    with 'fetchxml = bad.xml'
    run "$2" sync dv
    has "$1" "$3" "$T/err"
}
refused 'a column that is not there' 78 "no column 'statcode'.*" \
    '<fetch><entity name="opportunity"><filter><condition attribute="statcode" operator="eq" value="0"/></filter></entity></fetch>'
has 'with the nearest name' "did you mean 'statecode'" "$T/err"
refused 'an entity that reads a file' 65 'DOCTYPE' \
    '<!DOCTYPE fetch [<!ENTITY e SYSTEM "file:///etc/passwd">]><fetch><entity name="opportunity">&e;</entity></fetch>'
refused 'XML that does not end' 65 'bad.xml' '<fetch><entity name="opportunity">'
refused 'another table' 78 'bad.xml:1' '<fetch><entity name="account"/></fetch>'
refused 'sums' 78 'aggregate' '<fetch aggregate="true"><entity name="opportunity"/></fetch>'

#!/usr/bin/env bash
# Stages of Salesforce: by record type, and out of exported metadata without an org.
# valgrind
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

# An export as people have it in their repositories; every name in it is made up.
metadata() {
    local at=$T/force-app/main/default ns='xmlns="http://soap.sforce.com/2006/04/metadata"'

    mkdir -p "$at/standardValueSets" "$at/objects/Opportunity/businessProcesses" \
        "$at/objects/Opportunity/recordTypes"
    cat >"$at/standardValueSets/OpportunityStage.standardValueSet-meta.xml" <<XML
<?xml version="1.0" encoding="UTF-8"?>
<StandardValueSet $ns>
    <sorted>false</sorted>
    <standardValue><fullName>Prospecting</fullName><default>false</default><label>Prospecting</label>
        <closed>false</closed><forecastCategory>Pipeline</forecastCategory><probability>10</probability><won>false</won></standardValue>
    <standardValue><fullName>Quote/Price</fullName><default>false</default><label>Quote</label>
        <closed>false</closed><forecastCategory>Forecast</forecastCategory><probability>75</probability><won>false</won></standardValue>
    <standardValue><fullName>Signed</fullName><closed>true</closed><probability>100</probability><won>true</won></standardValue>
    <standardValue><fullName>Shelved</fullName><closed>true</closed><probability>0</probability><won>false</won><isActive>false</isActive></standardValue>
</StandardValueSet>
XML
    cat >"$at/objects/Opportunity/businessProcesses/Hardware.businessProcess-meta.xml" <<XML
<BusinessProcess $ns><fullName>Hardware</fullName><isActive>true</isActive>
    <values><fullName>Quote%2FPrice</fullName><default>false</default></values>
    <values><fullName>Burn-in</fullName><default>false</default></values></BusinessProcess>
XML
    cat >"$at/objects/Opportunity/recordTypes/Partner.recordType-meta.xml" <<XML
<RecordType $ns><fullName>Partner</fullName><active>true</active><businessProcess>Hardware</businessProcess></RecordType>
XML
    METADATA=$at
}

# refused TEXT PATTERN: the file $T/x.xml lists no stages, and the message says why.
refused() {
    run 65 stages --from "$T/x.xml"
    has "$1" "$2" "$T/err"
    hasnt "$1: nothing of it is told" 'root:|Prospecting' "$T/out"
}

# --- without an org, and without a configuration -------------------------------------------------

metadata
run 0 stages --from "$METADATA/standardValueSets/OpportunityStage.standardValueSet-meta.xml"
has 'a stage with its probability' 'Quote/Price +Quote +75 +open +yes' "$T/out"
has 'a line for it' '^; 60 = Quote/Price   ; probability 75 %' "$T/out"
has 'won is what wins' '^; won = Signed' "$T/out"
hasnt 'a retired stage that no record can hold needs no line' '^;.*= Shelved' "$T/out"
run 0 stages --from "$METADATA" --connector salesforce
has 'a process goes by its record type' 'Partner +Quote/Price +Quote +75' "$T/out"
has 'what only one process has gets a section of its own' '^\[stages Partner\]' "$T/out"
is 'with that line in it' '; ?? = Burn-in' "$(sed -n '/^\[stages Partner\]/,$p' "$T/out" | sed -n 2p)"
is 'and nothing that is proposed for all' 1 "$(grep -c '^; .* = Quote/Price' "$T/out")"
run 0 stages --from "$METADATA" --format json
is 'as JSON' 'Partner Burn-in' "$(jq -r '[.. | objects | select(.stage? == "Burn-in")][0] | "\(.process) \(.stage)"' "$T/out")"

printf '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><StandardValueSet><standardValue><fullName>&a;</fullName></standardValue></StandardValueSet>' >"$T/x.xml"
refused 'an external entity' 'DOCTYPE'
{
    printf '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    for i in b c d e f g h i; do printf '<!ENTITY %s "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">' $i; done
    printf ']><StandardValueSet><standardValue><fullName>&i;</fullName></standardValue></StandardValueSet>'
} >"$T/x.xml"
refused 'entities of entities' 'DOCTYPE'
head -c 300 "$METADATA/standardValueSets/OpportunityStage.standardValueSet-meta.xml" >"$T/x.xml"
refused 'a file that is cut' 'line'
echo '<html><body>Please log in</body></html>' >"$T/x.xml"
refused 'a page' '<html>'
run 65 stages --from "$T/nothing.xml"
run 64 stages --from "$METADATA" --connector nothing
run 64 stages

# --- beside a mapping ------------------------------------------------------------------------------

start_sim --count 200
configure
clock 2026-08-21T06:00:00Z
requests=$(sim_get stats | jq .salesforce.requests)
run 0 stages sf --from "$METADATA"
has 'what the mapping has' 'Prospecting .* 10$' "$T/out"
hasnt 'is not proposed again' '^;.*= Prospecting' "$T/out"
has 'what it lacks is' '^;.*= Quote/Price' "$T/out"
is 'the org is not asked' "$requests" "$(sim_get stats | jq .salesforce.requests)"
run 64 stages sf --from "$METADATA" --connector salesforce

# --- names that a line has to be written for with care: what is proposed reads back as that name ------

names() { # FILE: the stages of $T/odd as a value set
    {
        echo '<StandardValueSet xmlns="http://soap.sforce.com/2006/04/metadata">'
        while IFS= read -r name; do
            printf '<standardValue><fullName>%b</fullName><closed>false</closed><probability>45</probability></standardValue>\n' \
                "${name//&/&amp;}"
        done <"$T/odd"
        echo '</StandardValueSet>'
    } >"$1"
}
long=$(printf 'x%.0s' $(seq 180))
cat >"$T/odd" <<NAMES
plain
say "yes"
"quoted"
"Hot" lead
Legal; review
Legal ; review
; first
# number one
a = b: c
[in brackets]
C:\\\\Deals
  blanks around  
Größe ≥ 5
$long
NAMES
names "$T/odd.xml"
run 0 stages sf --from "$T/odd.xml"
sed -n 's/^; //p' "$T/out" >"$T/lines"
is 'a line for each' "$(wc -l <"$T/odd")" "$(wc -l <"$T/lines")"
has 'facts stand behind it where there is room' '^40 = plain   ; probability 45 %$' "$T/lines"
cp "$T/salesforce.mapping.conf" "$T/before.conf"
sed -i "/^\[stages\]/r $T/lines" "$T/salesforce.mapping.conf"
run 0 stages sf --from "$T/odd.xml"
hasnt 'none is proposed again' '^;' "$T/out"
run 0 stages sf --from "$T/odd.xml" --format json
is 'and each maps to what was proposed' "$(wc -l <"$T/odd") 40" \
    "$(jq -r '[.. | objects | select(has("standard")) | .standard] | "\(length) \(unique | join(","))"' "$T/out")"
cp "$T/before.conf" "$T/salesforce.mapping.conf"

cat >"$T/odd" <<NAMES
two&#10;lines
"a" ; "b" ; c
the $long $long name
\\xe2\\x80\\xaereversed
NAMES
sed -i 's/two.*/two\&#10;lines/' "$T/odd"
names "$T/odd.xml"
sed -i 's/&amp;#10;/\&#10;/' "$T/odd.xml"
run 0 stages sf --from "$T/odd.xml"
hasnt 'what no line can hold is not proposed' '^; 40 =' "$T/out"
has 'but told: a line break' "^; no line can name the stage 'two.nlines': it holds a line break" "$T/out"
has 'quotes that would end it' "stage '\"a\" ; \"b\" ; c': its quotes" "$T/out"
has 'a long one' "xxx\.\.\.': it is too long" "$T/out"
has 'what cannot be seen' "stage '.u202ereversed': it holds a line break or" "$T/out"
sed -n '/^\[stages\]/,$p' "$T/out" >>"$T/salesforce.mapping.conf"
run 0 stages sf --from "$T/odd.xml"
cp "$T/before.conf" "$T/salesforce.mapping.conf"

sed 's/<fullName>Partner</<fullName>A [1] B</' "$METADATA/objects/Opportunity/recordTypes/Partner.recordType-meta.xml" >"$T/type"
cp "$T/type" "$METADATA/objects/Opportunity/recordTypes/Partner.recordType-meta.xml"
run 0 stages --from "$METADATA"
has 'so is a process that no section can name' "^; no line can name the process 'A \[1\] B': it holds a closing bracket" "$T/out"
hasnt 'and its stages are no other ones' 'Burn-in *$' "$T/out"

# --- from the org, by record type ------------------------------------------------------------------

sed -i 's/^\[stage\]/&\nprocess = RecordType.DeveloperName/' "$T/salesforce.mapping.conf"
run 0 stages sf --format json
type=$(sim_get "record?crm=salesforce&id=$(some salesforce open 1)" | jq -r '.["RecordType.DeveloperName"] // .RecordType.DeveloperName')
is 'each record is counted once' 200 "$(jq '[.. | objects | select(has("records")) | .records] | add' "$T/out")"
# shellcheck disable=SC2016 # for jq
ok "stages of the record type '$type'" jq -e --arg t "$type" \
    '[.. | objects | select(.process? == $t and .stage? == "Prospecting" and .records > 0)] | length == 1' "$T/out"
ok 'a stage that no record holds is offered to all' jq -e \
    '[.. | objects | select(.stage? == "Value Proposition" and .process == null)] | length == 1' "$T/out"

#!/usr/bin/env bash
# The documents and the program say the same of settings, options, exit statuses, numbers and commands.
# shellcheck disable=SC2016 # the backticks are those of the documents
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$HERE/.." || exit 1
man1=docs/man/dealsync.1
man5=docs/man/dealsync.conf.5
sources=(base cli connectors engine mapping)

# same TEXT FILE FILE: passes when both have the same lines, in any order, and any at all.
same() {
    sort -u "$2" >"$T/left"
    sort -u "$3" >"$T/right"
    ok "$1" test -s "$T/left"
    is "$1: nothing is missing on either side" '' "$(comm -3 "$T/left" "$T/right")"
}

# --- settings ------------------------------------------------------------------------------------

# known KIND: "name value" of each setting of a connection, as `init` writes them: two lines, what it is
# for and how it is set.
known() {
    awk -v RS= -F'\n' 'NF == 2 && $1 ~ /^; / { sub(/^; /, "", $2); sub(/ = ?/, " ", $2); print $2 }' \
        "$T/$1/dealsync.conf" | sed 's/^\([a-z]*\.\)NAME /\1* /'
    printf '%s\n' 'connector ' 'mapping '
}

# told KIND: "name what is said of it" of each setting of a connection in the manual.
told() {
    awk -v kind="$1" '
        function flush(  i) {
            for (i = 1; i <= n; i++)
                print name[i], text
            n = 0
            text = ""
        }
        /^\.S[sh] / {
            flush()
            on = /Section connection/ || ($0 ~ "Names of (.* and )?" kind "( |$)")
        }
        on && /^\.It Ic / {
            flush()
            gsub(/^\.It Ic | Ns Ar FIELD$/, "")
            sub(/\.(NAME)?$/, ".*")
            n = split($0, name, / , /)
            next
        }
        on { text = text " " $0 }
        END { flush() }' "$man5"
}

# rows KIND: "name default" of each row of the table of settings on the page of a connector.
rows() {
    sed -n '/^## Settings/,/^[A-Z`#O].*[a-z]/p' "docs/$1.md" | awk -F' *[|] *' '/^[|] `/ {
        gsub(/`/, "")
        n = split($2, name, /, /)
        for (i = 1; i <= n; i++)
            print name[i], $3
    }'
}

names() { cut -d' ' -f1; }

for kind in salesforce dynamics file; do
    "$BUILD/dealsync" init --crm $kind --dir "$T/$kind" >"$T/out"
    known $kind >"$T/$kind.known"
    told $kind >"$T/$kind.told"
    same "dealsync.conf(5) has the settings of $kind" <(names <"$T/$kind.known") <(names <"$T/$kind.told")
    is "dealsync.conf(5) has the numbers that settings of $kind fall back to" '' "$(awk '
        NR == FNR { said[$1] = $0 " "; next }
        $2 ~ /^[0-9]+$/ && said[$1] !~ "[ -]" $2 "[ .,;]" { print $1, $2 }' "$T/$kind.told" "$T/$kind.known")"
done
names <"$T/file.known" | sort >"$T/common"
for kind in salesforce dynamics; do
    rows $kind >"$T/rows"
    names <"$T/$kind.known" | sort | comm -23 - "$T/common" >"$T/own"
    same "docs/$kind.md has the settings of $kind" "$T/own" <(names <"$T/rows")
    is "docs/$kind.md has what they fall back to" '' "$(awk '
        NR == FNR { value[$1] = $2; next }
        NF == 2 && $2 ~ /^[a-z0-9.]+$/ && $2 !~ /^(required|none|url)$/ && value[$1] != $2' \
        "$T/$kind.known" "$T/rows")"
done

# --- commands, options, exit statuses, environment -------------------------------------------------

"$BUILD/dealsync" --help | sed -n 's/^  \([a-z]*\) .*/\1/p' >"$T/commands"
echo help >>"$T/commands"
section() { sed -n "/^\.S[hs] $1/,/^\.S[hs]/p" "$man1"; } # TITLE
section Commands | sed -n 's/^\.It Cm \([a-z]*\).*/\1/p' >"$T/told"
same 'dealsync(1) has the commands' "$T/commands" "$T/told"

# In the synopsis of a command stand all its options but those that many commands have.
: >"$T/options"
while read -r command; do
    [ "$command" = help ] && continue
    "$BUILD/dealsync" "$command" --help | sed -nE 's/^  +(-., )?--([a-z-]+).*/\2/p' | sort >"$T/takes"
    cat "$T/takes" >>"$T/options"
    section Commands | sed -n "s/^\.It Cm $command //p" | grep -oE 'Fl -[a-z-]+' | cut -c5- | sort -u >"$T/told"
    is "dealsync(1) has the options of $command" '' "$(comm -3 "$T/told" <(
        grep -vxE 'all|color|config|format|help|quiet|verbose|version' "$T/takes" |
            if [ "$command" = runs ] || [ "$command" = history ]; then cat; else grep -vx limit; fi
    ))"
done <"$T/commands"
section Options | grep '^\.It Fl' | grep -oE 'Fl -[a-z-]+' | cut -c5- >"$T/told"
same 'dealsync(1) has the options' "$T/options" "$T/told"

sed -n 's/.*DS_EXIT_[A-Z]* = \([0-9]*\).*/\1/p' cli/exit.h >"$T/statuses"
section 'EXIT STATUS' | sed -n 's/^\.It \([0-9]*\)$/\1/p' >"$T/told"
same 'dealsync(1) has the exit statuses' "$T/statuses" "$T/told"

grep -rhoE 'getenv\("[A-Z_]+"' "${sources[@]}" | cut -d'"' -f2 >"$T/variables"
section ENVIRONMENT | sed -n 's/^\.It Ev //p' | sed 's/ , /\n/g' | grep -vx TMPDIR >"$T/told" # of SQLite
same 'dealsync(1) has the environment' "$T/variables" "$T/told"

# --- numbers that are cited ----------------------------------------------------------------------

# numbers LETTERS FILE...: the numbers in the files, of "M-6 to M-9" all four.
numbers() {
    local letters=$1
    shift
    grep -hoE "\\b$letters-[0-9]+( to $letters-[0-9]+)?" "$@" | awk -F'[- ]' '{
        for (i = $2; i <= (NF > 2 ? $5 : $2); i++)
            print $1 "-" i
    }' | sort -u
}

# M-99 is a width, P-256 a curve; without a rule a reason has R-0.
find "${sources[@]}" tests docs conf systemd tools README.md CHANGELOG.md -type f ! -name docs.sh >"$T/files"
mapfile -t files <"$T/files"
while read -r letters page; do
    grep -E "^\\| $letters-" "$page" | cut -d'|' -f2 >"$T/column"
    numbers "$letters" "$T/column" >"$T/defined"
    ok "$page lists $letters-n" test -s "$T/defined"
    is "every $letters-n that is cited stands in $page" '' \
        "$(numbers "$letters" "${files[@]}" | grep -vxE 'M-99|R-0|P-256' | comm -13 "$T/defined" -)"
done <<'PAGES'
SF docs/salesforce.md
DV docs/dynamics.md
M docs/merge.md
R docs/rules.md
P docs/promises.md
PAGES
is 'nothing is cited by the sections of another text' '' "$(grep -nE '\b(SF|DV|PC) [0-9]|\bPC-[0-9]' "${files[@]}")"
grep -oE '^\| M-[0-9]+' docs/merge.md | cut -c3- >"$T/defined"
sed -n 's/^\.It \(M-[0-9]*\)$/\1/p' "$man1" >"$T/told"
same 'dealsync(1) has the merge table' "$T/defined" "$T/told"

# --- the store and its lists -----------------------------------------------------------------------

printf 'id,name\n1,A\n' >"$T/in.csv"
printf '[store]\npath = deals.db\n[connection csv]\nconnector = file\npath = in.csv\nid = id\nmapping = m.conf\n' >"$T/dealsync.conf"
printf '[fields]\nname = name\n' >"$T/m.conf"
run 3 backfill csv

sql "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%'" >"$T/there"
sed -n '/^## Views/,/^## Fields/s/^| `\([a-z_]*\)` |.*/\1/p' docs/store.md >"$T/told"
same 'docs/store.md has the tables and views' "$T/there" "$T/told"
while read -r view; do
    is "docs/store.md has the columns of $view" "$(sql "SELECT name FROM pragma_table_info('$view')" | xargs)" \
        "$(sed -n "s/^| \`$view\` | [^|]* | \(.*\) |$/\1/p" docs/store.md | tr -d '`')"
done < <(grep '^v_' "$T/there")
is 'docs/store.md has the number of the schema' "$(sql 'PRAGMA user_version')" \
    "$(sed -n 's/.*the number of the schema (now \([0-9]*\)).*/\1/p' docs/store.md)"
sql "SELECT sql FROM sqlite_schema WHERE name = 'history'" | sed -n '/kind = /s/kind = //gp' | grep -o "'[a-z]*'" |
    tr -d "'" >"$T/there"
sed -n '/^`history.kind` is/,/^$/p' docs/store.md | grep -oE '`[a-z]+`' | tr -d '`' | grep -vxE 'old|new|run' >"$T/told"
same 'docs/store.md has the kinds of history' "$T/there" "$T/told"

sql "SELECT name FROM pragma_table_info('deals')" |
    grep -vxE 'id|version|(created|updated)_(ms|run)|connection' >"$T/fields"
sed -n '/^## Fields/,/^Before/p' docs/store.md | grep '^| `' | cut -d'|' -f2 | tr -d '`' | xargs -n 1 >"$T/told"
same 'docs/store.md has the fields of a deal' "$T/fields" "$T/told"
# Three of them have sections of their own, and a member of a team has parts.
sed -n '/^The fields are$/,/^\.El/s/^\.It Ic //p' "$man5" | sed 's/ , /\n/g; s/team\.[a-z]*/team/g' >"$T/told"
same 'dealsync.conf(5) has the fields of a deal' <(grep -vxE 'status|stage|on_hold' "$T/fields") "$T/told"

# columns_of COMMAND: those that docs/reports.md names in the row of a list.
columns_of() {
    sed -n "s/^| [^|]*\`$1\`[^|]* | \`[a-z]*\` | \`\([^\`]*\)\`.*/\1/p" docs/reports.md
}
for list in conflicts holds rejects runs status history; do
    "$BUILD/dealsync" "$list" --format csv >"$T/out" 2>"$T/err"
    is "docs/reports.md has the columns of $list" "$(head -n 1 "$T/out" | tr ',' ' ')" "$(columns_of "$list")"
done
"$BUILD/dealsync" diff csv --format csv >"$T/out" 2>"$T/err"
is 'docs/reports.md has the columns of a report' "$(head -n 1 "$T/out" | tr ',' ' ')" "$(sed -n \
    '/^## CSV/,/^## Lists/p' docs/reports.md | tr '\n' ' ' | sed 's/.*Columns: //; s/\. Rows.*//; s/([^)]*)//g; s/[`,]//g' | xargs)"
"$BUILD/dealsync" diff csv --format json >"$T/out" 2>"$T/err"
# members TITLE: those in the table that has this heading in docs/reports.md.
members() {
    sed -n "/^| $1 |/,/^\$/p" docs/reports.md | grep '^| `' | cut -d'|' -f2 | grep -oE '`[a-z_]+`' | tr -d '`'
}
jq -r '.items[0] | keys[]' "$T/out" >"$T/there"
members 'member of an item' | sed '/^sum$/,$d' >"$T/told"
same 'docs/reports.md has the members of an item' "$T/there" "$T/told"
jq -r '.summary | keys[]' "$T/out" >"$T/there"
{
    members 'member of `summary`'
    printf '%s\n' created updated held conflict rejected ignored unchanged # "each outcome by name"
} >"$T/told"
same 'docs/reports.md has the members of the summary' "$T/there" "$T/told"
rm "$T/dealsync.conf"

# --- files and commands that are named -----------------------------------------------------------

# A file is known by its last name; samples are files of nobody.
samples='(acme|example)\.mapping\.conf|(dealsync@)?(NAME|salesforce)\.(service|timer)'
grep -hoE '[A-Za-z0-9_@.*-]+\.(c|h|sh|md|conf|service|timer)\b|\btest_[a-z_]+\b' \
    README.md docs/*.md "$man1" "$man5" conf/*.conf systemd/* | grep -v '[*]' | grep -vxE "$samples" >"$T/named"
sed 's|.*/||; s/^\(test_.*\)\.c$/&\n\1/' "$T/files" | sort -u >"$T/there"
ok 'documents name files' test -s "$T/named"
is 'every file that a document names is there' '' "$(sort -u "$T/named" | comm -23 - "$T/there")"

# Commands in documents, samples and messages. One of a single word is spoken of, not given.
{
    sed -nE 's/^(    +|;   |\.D1 |\.Dl |\.Ql )(sudo (-u dealsync )?)?(dealsync [a-z].*)/\4/p' \
        README.md docs/*.md "$man1" "$man5" conf/*.conf
    grep -h '^dealsync [a-z]' "$man1"
    grep -hoE '`(sudo (-u dealsync )?)?dealsync [a-z][^`]*`' README.md docs/*.md | tr -d '`' |
        sed -E 's/^sudo (-u dealsync )?//'
    grep -rhoE --include='*.c' "'dealsync [a-z][^'%]*'" "${sources[@]}" | tr -d "'"
} | sed -E 's/ *[#>;].*//; s/\b(ID|RUN|DEAL)\b/1/g' | sort -u >"$T/lines"
bad=
while read -r line; do
    rm -rf "${T:?}/etc"
    mkdir "$T/etc"
    read -ra words <<<"${line#dealsync }"
    (cd "$T" && "$BUILD/dealsync" "${words[@]/#\/etc/$T/etc}" >out 2>err </dev/null)
    [ $? -ne 64 ] && continue
    [ ${#words[@]} -eq 1 ] && grep -qx "${words[0]}" "$T/commands" && continue
    bad+="$line: $(head -n 1 "$T/err")"$'\n'
done <"$T/lines"
ok 'documents and messages name commands' test "$(wc -l <"$T/lines")" -gt 20
is 'every command that they name can be given' '' "$bad"

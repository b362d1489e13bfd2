# layers.awk - includes only point the way the rooms of the house do
#
#   awk -f tools/layers.awk FILE...
#
# The first line that fits a file says what of ours it may include; the second table says which
# rooms may see a library. Tests may see everything, the simulated remotes nothing but themselves.

function room(files, headers) { files_of[++rooms] = files; headers_of[rooms] = headers }
function library(header, files) { seen_by["^" header] = files }
function wrong(header)
{
    printf "%s:%d: may not include %s\n", FILENAME, FNR, header
    bad = 1
}

BEGIN {
    contracts = "^(mapping/mapping|connectors/connector|engine/(store/store|report/report))\\.h$"

    room("^tests/sim/",     "^tests/sim/")
    room("^tests/",         ".")
    room("^base/",          "^base/")
    room("^mapping/",       "^(base|mapping)/|^connectors/connector\\.h$")
    room("^connectors/registry\\.c$", "^(base|connectors)/")
    room("^connectors/[^/]+$", "^(base|connectors)/[^/]+$")
    room("^connectors/",    "^(base|connectors)/[^/]+$|^SAME/")
    room("^engine/store/",  "^(base|mapping)/|^engine/store/")
    room("^engine/report/", "^(base|mapping|engine)/[^/]+$|^engine/report/|" contracts)
    room("^engine/rules",   "^(base|mapping)/[^/]+$|^engine/rules[./]")
    room("^engine/",        "^(base|mapping|engine)/[^/]+$|" contracts)
    room("^cli/",           "^(base|engine|engine/report|cli)/[^/]+$|" contracts)

    library("sqlite3\\.h", "^engine/store/")
    library("curl/",       "^connectors/")
    library("libxml/",     "^connectors/")
    library("openssl/",    "^(base|connectors)/")
    library("ini\\.h",     "^base/")
}
FNR == 1 {
    for (i = 1; i <= rooms && FILENAME !~ files_of[i]; i++)
        ;
    may = headers_of[i]
    same = FILENAME
    sub("/[^/]*$", "", same)
    sub("SAME", same, may)
}
/^#include "/ {
    split($0, part, "\"")
    if (part[2] !~ may)
        wrong(part[2])
}
/^#include </ && FILENAME !~ "^tests/" {
    split($0, part, "[<>]")
    for (header in seen_by)
        if (part[2] ~ header && FILENAME !~ seen_by[header])
            wrong(part[2])
}
END { exit bad }

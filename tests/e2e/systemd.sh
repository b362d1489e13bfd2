#!/usr/bin/env bash
# The units: what systemd thinks of them, here and where `make install` puts them.
set -u

check() { # text command...
    local text=$1 said
    shift
    if said=$("$@" 2>&1); then
        echo "ok - $text"
    else
        echo "not ok - $text"
        printf '%s\n' "$said" | sed 's/^/    /'
    fi
}

# systemd-analyze exits 0 in spite of most of what it complains about.
verify() {
    local said
    said=$(systemd-analyze verify "$@" 2>&1)
    echo "$said"
    [ -z "$said" ]
}

place() { # goal prefix destdir
    make --silent --no-print-directory BUILD="$BUILD" PREFIX="$2" DESTDIR="$3" "$1"
}

unit_runs() { # program unit
    grep -qx "ExecStart=$1 --config /etc/dealsync/dealsync.conf sync %i" "$2"
}

work=$(mktemp -d "${TMPDIR:-/tmp}/dealsync.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
here=$work/prefix
package=$work/package
units=lib/systemd/system
check "make install into a prefix" place install "$here" ""
check "its unit runs the installed program" \
    unit_runs "$here/bin/dealsync" "$here/$units/dealsync@.service"
check "make install for a package" place install /usr "$package"
check "its unit knows nothing of the packager's directory" \
    unit_runs /usr/bin/dealsync "$package/usr/$units/dealsync@.service"

if command -v systemd-analyze >/dev/null; then
    check "the units verify" verify systemd/dealsync@.service systemd/dealsync@.timer
    check "the installed units verify" \
        verify "$here/$units/dealsync@.service" "$here/$units/dealsync@.timer"
    check "the service is exposed to 1.5 of 10 at most" \
        systemd-analyze security --offline=true --threshold=15 --no-pager \
        systemd/dealsync@.service
else
    echo "skipped: no systemd-analyze to look at the units with"
fi

check "make uninstall" place uninstall /usr "$package"
check "make uninstall leaves nothing behind" test -z "$(find "$package" -type f)"

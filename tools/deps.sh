#!/bin/sh
# deps.sh [--install] GROUP... - what is missing of tools/packages.tsv, and how to get it
#
# Says nothing and exits 0 when all is there. With --install, on Debian and its kin, installs what
# is missing; otherwise, or when that fails, prints the exact command and exits 1. Asks no questions
# (sudo may want a password, and only on a terminal).
set -u

install=no
if [ "${1:-}" = --install ]; then
    install=yes
    shift
fi

# Where this system's names stand in the table, and the command that takes them.
# shellcheck source=/dev/null
for id in $(. /etc/os-release 2>/dev/null && echo "${ID:-} ${ID_LIKE:-}") unknown; do
    case $id in
    debian | ubuntu)
        column=4 command='apt-get update && apt-get install -y --no-install-recommends' && break
        ;;
    fedora | rhel) column=5 command='dnf install -y' && break ;;
    arch) column=6 command='pacman -S --needed' && break ;;
    alpine) column=7 command='apk add' && break ;;
    unknown) column=2 command= ;;
    esac
done

# Rows of the table in these groups: how to detect it, what it is, packages.
wanted=$(awk -F '\t' -v groups=" $* " -v column="$column" '
    !/^#/ && index(groups, " " $1 " ") { print $2 "\t" $3 "\t" $column }
' "$(dirname "$0")/packages.tsv") || exit 1

present() {
    case $1 in
    cmd:*) command -v "${1#cmd:}" >/dev/null ;;
    pkg:*) pkg-config --exists "${1#pkg:}" 2>/dev/null ;;
    esac
}

# The wanted rows that are not there.
missing() {
    printf '%s\n' "$wanted" | while IFS='	' read -r detect rest; do
        present "$detect" || printf '%s\t%s\n' "$detect" "$rest"
    done
}

# With a terminal sudo may ask for a password there, without one it must do without.
sudo='sudo -n'
if [ "$(id -u)" = 0 ]; then
    sudo=
elif ! command -v sudo >/dev/null; then
    install=no
elif [ -t 2 ]; then
    sudo=sudo
fi

apt() {
    # shellcheck disable=SC2086 # words
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" \
        </dev/null >"$log" 2>&1
}

lacking=$(missing)
[ -n "$lacking" ] || exit 0
packages=$(printf '%s\n' "$lacking" | cut -f 3 | tr ' ' '\n' | sort -u | xargs)

if [ "$install" = yes ] && [ "$column" = 4 ]; then
    echo "installing $packages" >&2
    log=$(mktemp) || exit 1
    trap 'rm -f "$log"' EXIT
    apt update # when that fails, an older list may still do
    # shellcheck disable=SC2086 # words
    apt install -y --no-install-recommends $packages || tail -n 15 "$log" >&2
    lacking=$(missing)
    [ -n "$lacking" ] || exit 0
fi

{
    echo "missing, or too old:"
    printf '%s\n' "$lacking" | cut -f 1,2 | sed 's/^[a-z]*:\(.*\)\t\(.*\)/  \1 (\2)/'
    if [ -z "$command" ]; then
        echo "install them with the package manager of this system"
    else
        echo "install as root with:"
        echo "  $command $packages"
    fi
} >&2
exit 1

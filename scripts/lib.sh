# shellcheck shell=bash
# What the scripts share: messages, a working cargo, and missing Debian packages.

say() { printf '%s\n' "$*" >&2; }

die() {
    printf 'error: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf '\nhint: %s\n' "$2" >&2
    exit 3
}

# Makes `cargo` usable when HOME is empty or unset, as it is on some CI machines.
find_cargo() {
    if [ -z "${HOME:-}" ] || [ ! -w "$HOME" ]; then
        HOME=$(mktemp -d) && export HOME
    fi
    command -v cargo >/dev/null || PATH="$HOME/.cargo/bin:$PATH"
    command -v cargo >/dev/null ||
        die "Rust is not installed" "install it with https://rustup.rs, version 1.94 or later"
    if ! cargo --version >/dev/null 2>&1; then
        # rustup looks for its toolchains under HOME; they lie beside its own command.
        local beside
        beside=$(dirname "$(dirname "$(dirname "$(command -v cargo)")")")/.rustup
        [ ! -d "$beside" ] || export RUSTUP_HOME="$beside"
    fi
    cargo --version >/dev/null 2>&1 || die "cargo does not start" "see what \`cargo --version\` says"
}

# Usage: need COMMAND:PACKAGE… Installs the packages whose commands are missing, or says which they are.
# Returns 1 if something is still missing.
need() {
    local pair missing=()
    for pair in "$@"; do
        PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        say "missing packages (Debian's names): ${missing[*]}"
        say "  as root: apt-get install ${missing[*]}"
        return 1
    fi
    say "installing ${missing[*]}"
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}"; } \
        >/dev/null 2>&1 || { say "could not install ${missing[*]}"; return 1; }
}

# Builds the Dashboard's pages, which the server embeds; returns 1 where its packages cannot be had.
# The packages are those of the lock file, and what is built already is not built again.
build_dashboard() {
    local folder=server/dashboard built=server/dashboard/dist/index.html
    if [ -f "$built" ] && [ -z "$(find "$folder" -newer "$built" -not -path "$folder/node_modules*" -not -path "$folder/dist*" -type f -print -quit)" ]; then
        return 0
    fi
    command -v npm >/dev/null && npm ping >/dev/null 2>&1 || return 1
    (cd "$folder" && npm ci --no-audit --no-fund --loglevel=error && npm run --silent build) >&2
}

# Usage: python_with NAME REQUIREMENTS… Prints the Python of an environment in target/python that has what these
# files list, installed once; returns 1 where the packages cannot be had.
python_with() {
    local name=$1 sum folder lists=()
    shift
    sum=$(cat "$@" | sha256sum | cut -c1-12)
    folder=$PWD/target/python/$name-$sum
    if [ ! -e "$folder/complete" ]; then
        local list
        for list in "$@"; do lists+=(-r "$list"); done
        rm -rf "$folder"
        mkdir -p target/python
        {
            python3 -m venv "$folder" &&
                "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --timeout 20 "${lists[@]}"
        } >&2 || return 1
        touch "$folder/complete"
    fi
    printf '%s\n' "$folder/bin/python"
}

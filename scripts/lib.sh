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

# Usage: fashion_mnist FOLDER. Prints the folder that has the test images and labels of Fashion-MNIST, as they were
# published; fetches them below FOLDER where the machine lacks them. Says what is wrong and returns 1 otherwise.
fashion_mnist() {
    local data=$1 package=dataset-fashion-mnist inside=usr/share/datasets/fashion-mnist
    local images=t10k-images-idx3-ubyte.gz labels=t10k-labels-idx1-ubyte.gz from
    mkdir -p "$data"
    from=/$inside
    if [ ! -e "$from/$images" ]; then
        from=$data/unpacked/$inside
        if [ ! -e "$from/$images" ]; then
            say "fetching the Debian package $package (31 MB)"
            if ! need apt-get:apt dpkg-deb:dpkg; then
                say "the images come in a Debian package: put $images and $labels of Fashion-MNIST into $from"
                return 1
            fi
            if ! (cd "$data" && rm -f ./"$package"_*.deb && { apt-get download "$package" || { apt-get update && apt-get download "$package"; }; }) \
                >"$data/apt.log" 2>&1; then
                say "\`apt-get download $package\` does not work here: $(tail -n 1 "$data/apt.log")"
                return 1
            fi
            rm -rf "$data/unpacked" && dpkg-deb -x "$data/$package"_*.deb "$data/unpacked" || return 1
        fi
    fi
    # Not the data that the scripts were written for would give other numbers than their text.
    (cd "$from" && sha256sum --quiet --check --strict - >&2 <<END
cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa  $images
8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05  $labels
END
    ) || { say "the images in $from are not the published ones: remove that folder"; return 1; }
    printf '%s\n' "$from"
}

# Ends a process that this script or an earlier run of it has started, if it is still there and still that.
# Usage: end_process PID_FILE COMMAND
end_process() {
    local pid
    pid=$(cat "$1" 2>/dev/null) || return 0
    grep -q "$2" "/proc/$pid/cmdline" 2>/dev/null || return 0
    kill "$pid"
    for _ in $(seq 100); do
        [ -d "/proc/$pid" ] || return 0
        sleep 0.1
    done
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

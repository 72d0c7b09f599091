#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs what Tillwatch needs and the machine lacks: Debian 12 and newer, Ubuntu 24.04 and newer.
#
#   scripts/deps.sh [build] [web] [test] [bench] [lint] [duckdb]      (no argument: build duckdb)
#
# build   compiler, CMake, Ninja, and the C libraries (headers of every REQUIRED one)
# web     Node.js 18 or newer with npm, only when the machine has none
# test    Python modules of the test drivers, Chromium for the portal's tests, time zones, MLflow
# bench   the baselines' world: pandas, scikit-learn, FastAPI, Redis, DuckDB, XGBoost, LightGBM,
#         load generators
# lint    clang-format 14, clang-tidy, clang with its sanitizers and libFuzzer, universal-ctags
# duckdb  libduckdb.so and duckdb.h into .deps/duckdb, for the lake; left out when it cannot be had
#
# Safe to run again and quick when nothing is missing (one dpkg-query). Packages of the system come
# from apt, as root or through sudo. What the system's release does not carry goes into .deps/ of
# the checkout and touches nothing else. Silent unless something is installed or fails.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
deps=$root/.deps
log=''
python=/usr/bin/python3
duckdb_version=1.4.4
lightgbm_version=4.7.0
mlflow_version=3.17.2
playwright_version=1.56 # as in tests/e2e, whose Node.js may be 18
want=''

say() { printf 'deps: %s\n' "$*" >&2; }

die() {
    if [ -n "$log" ] && [ -s "$log" ]; then
        tail -n 15 "$log" >&2
    fi
    say "$*"
    exit 1
}

# run CMD...: its output goes to the log, which is shown only on failure.
run() { "$@" >>"$log" 2>&1 </dev/null; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        run env DEBIAN_FRONTEND=noninteractive "$@"
    elif command -v sudo >/dev/null 2>&1; then
        run sudo -n env DEBIAN_FRONTEND=noninteractive "$@" ||
            sudo env DEBIAN_FRONTEND=noninteractive "$@" >>"$log" 2>&1
    else
        die "packages are missing (${missing:-apt lists}); run this as root or install sudo."
    fi
}

apt_update() {
    as_root apt-get -q -o DPkg::Lock::Timeout=600 update ||
        die "apt-get update failed; check the machine's apt sources and network."
}

# Lists that were never fetched (fresh containers) or are old would name packages that are gone.
apt_lists_fresh() {
    fresh=$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -mtime -1 2>/dev/null |
        head -n 1)
    [ -n "$fresh" ] || apt_update
}

apt_has() {
    LC_ALL=C apt-cache policy "$1" 2>/dev/null | grep -q '^  Candidate: [^(]'
}

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# What of $want is not installed, in one query.
missing_of() {
    # shellcheck disable=SC2086 # a list of package names
    have=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $1 2>/dev/null |
        sed -n 's/ installed$//p') || true
    printf '%s\n' $1 | sort -u | while read -r package; do
        printf '%s\n' "$have" | grep -qxF "$package" || printf '%s ' "$package"
    done
}

install_missing() {
    [ -n "$want" ] || return 0
    missing=$(missing_of "$want")
    [ -n "$missing" ] || return 0
    apt_lists_fresh
    say "installing $missing"
    # shellcheck disable=SC2086
    as_root apt-get -q -y -o DPkg::Lock::Timeout=600 --no-install-recommends install $missing &&
        return 0
    apt_update
    # shellcheck disable=SC2086
    as_root apt-get -q -y -o DPkg::Lock::Timeout=600 --no-install-recommends install $missing ||
        die "apt could not install: $missing(on Ubuntu the universe component must be enabled)."
}

# yyjson: a plain package where the release has it (Debian 13+, Ubuntu 25.04+); else the package of
# a newer suite, unpacked into .deps/yyjson with apt's own tools, lists and signature check, from
# the mirror that the machine uses.
need_yyjson() {
    if [ -f "$deps/yyjson/include/yyjson.h" ] && [ -e "$deps/yyjson/lib/libyyjson.so" ]; then
        return 0
    fi
    is_installed libyyjson-dev && return 0
    apt_lists_fresh
    if apt_has libyyjson-dev; then
        want="$want libyyjson-dev"
    else
        yyjson_wanted=1
    fi
}

# Sets what yyjson comes from: origin, component and codename of this release, and the newer suite.
# The packages of both need nothing newer than libc6 2.14.
yyjson_source() {
    # shellcheck disable=SC1091
    codename=$(. /etc/os-release && printf '%s' "${UBUNTU_CODENAME:-${VERSION_CODENAME:-}}")
    case $codename in
    bookworm)
        origin=Debian component=main suite=trixie
        keyring=/usr/share/keyrings/debian-archive-keyring.gpg
        ;;
    noble)
        origin=Ubuntu component=universe suite=resolute
        keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg
        ;;
    *) die "this release ($codename) has no libyyjson-dev; use Debian 12+ or Ubuntu 24.04+." ;;
    esac
    [ -f "$keyring" ] || die "$keyring is missing; install $(basename "$keyring" .gpg)."
}

# The mirror of the machine's own source, whichever file format declares it: of the release itself
# rather than its updates, which may come from a host that has no other suites.
own_mirror() {
    # shellcheck disable=SC2016 # apt's own variables
    fields='$(ORIGIN)|$(COMPONENT)|$(CODENAME)|$(RELEASE)|$(REPO_URI)'
    targets=$(LC_ALL=C apt-get indextargets --format "$fields" 'Created-By: Packages' 2>/dev/null |
        grep "^$origin|$component|$codename|") || return 0
    exact=$(printf '%s\n' "$targets" | grep "^[^|]*|[^|]*|[^|]*|$codename|") || exact=$targets
    printf '%s\n' "$exact" | head -n 1 | sed 's/.*|//'
}

# optional PACKAGE: its name where the release has it, else nothing.
optional() {
    if is_installed "$1"; then
        printf '%s' "$1"
        return 0
    fi
    apt_lists_fresh
    if apt_has "$1"; then
        printf '%s' "$1"
    fi
}

# XGBoost trains models; the build does without it where the release has no package.
need_xgboost() {
    package=$(optional libxgboost-dev)
    if [ -n "$package" ]; then
        want="$want $package"
    elif [ ! -f /usr/include/xgboost/c_api.h ] && [ ! -f /usr/local/include/xgboost/c_api.h ]; then
        say "this release has no libxgboost-dev; models will be scored but not trained."
    fi
}

fetch_yyjson() {
    yyjson_source
    mirror=$(own_mirror)
    if [ -z "$mirror" ]; then
        apt_update
        mirror=$(own_mirror)
    fi
    [ -n "$mirror" ] || die "no apt source of $origin $component to take yyjson of $suite from."
    say "unpacking yyjson of $suite into .deps/yyjson"
    work=$deps/apt.$$
    rm -rf "$work"
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/unpacked"
    printf 'deb [signed-by=%s] %s %s %s\n' "$keyring" "$mirror" "$suite" "$component" \
        >"$work/sources.list"
    set -- -q -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=- \
        -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" \
        -o Acquire::Languages=none -o APT::Sandbox::User= -o APT::Update::Post-Invoke-Success::= \
        -o "APT::Default-Release=$suite"
    run apt-get "$@" update || die "could not read the package list of $suite from $mirror."
    (cd "$work/cache" && run apt-get "$@" download libyyjson0 libyyjson-dev) ||
        die "could not download libyyjson-dev of $suite."
    for package in "$work"/cache/*.deb; do
        run dpkg-deb -x "$package" "$work/unpacked" || die "could not unpack $package."
    done
    rm -rf "$deps/yyjson.new" "$deps/yyjson"
    mkdir -p "$deps/yyjson.new/lib"
    cp -R "$work/unpacked/usr/include" "$deps/yyjson.new/include"
    cp -P "$work"/unpacked/usr/lib/*/libyyjson* "$deps/yyjson.new/lib/"
    mv "$deps/yyjson.new" "$deps/yyjson"
    rm -rf "$work"
}

node_major() { node -p 'process.versions.node.split(".")[0]' 2>/dev/null || printf 0; }

need_node() {
    if [ "$(node_major)" -ge 18 ] && command -v npm >/dev/null 2>&1; then
        return 0
    fi
    if command -v node >/dev/null 2>&1 && [ "$(node_major)" -lt 18 ] && ! is_installed nodejs; then
        die "$(command -v node) is older than Node.js 18; remove it from PATH or update it."
    fi
    want="$want nodejs npm"
}

# Ubuntu's chromium is a snap only: there, Playwright's own build of Chromium is fetched instead.
need_chromium() {
    for name in "${CHROMIUM:-/usr/bin/chromium}" /usr/bin/chromium /usr/bin/google-chrome; do
        [ -x "$name" ] && return 0
    done
    [ -d "$deps/playwright" ] && return 0
    apt_lists_fresh
    if apt_has chromium && ! LC_ALL=C apt-cache show chromium 2>/dev/null | grep -qi 'snap'; then
        want="$want chromium"
    else
        playwright_wanted=1
    fi
}

fetch_playwright_chromium() {
    say "fetching Playwright's Chromium into .deps/playwright"
    export PLAYWRIGHT_BROWSERS_PATH="$deps/playwright"
    run npx --yes "playwright@$playwright_version" install --with-deps chromium || {
        rm -rf "$deps/playwright"
        say "no Chromium to be had here; the portal's browser tests will be skipped."
    }
}

fetch_duckdb() {
    if [ -f "$deps/duckdb/duckdb.h" ] && [ -f "$deps/duckdb/libduckdb.so" ]; then
        return 0
    fi
    [ -f /usr/include/duckdb.h ] && return 0
    case $(uname -m) in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *) die "no prebuilt libduckdb for $(uname -m); install libduckdb.so and duckdb.h yourself." ;;
    esac
    say "fetching DuckDB $duckdb_version into .deps/duckdb"
    work=$deps/npm.$$
    rm -rf "$work" "$deps/duckdb.new"
    mkdir -p "$work" "$deps/duckdb.new"
    bindings=@duckdb/node-bindings-linux-$arch
    version=$(npm view "$bindings" versions --json 2>>"$log" |
        sed -n "s/.*\"\(${duckdb_version}-r\.[0-9]*\)\".*/\1/p" | tail -n 1)
    [ -n "$version" ] || die "npm knows no $bindings@$duckdb_version-r.*."
    (cd "$work" && run npm pack --silent "$bindings@$version" "duckdb@$duckdb_version") ||
        die "npm could not download DuckDB $duckdb_version."
    for archive in "$work"/*.tgz; do
        for member in libduckdb.so duckdb.h; do
            path=$(tar -tzf "$archive" | grep "/$member\$" | head -n 1) || true
            [ -n "$path" ] && tar -xzf "$archive" -O "$path" >"$deps/duckdb.new/$member"
        done
    done
    [ -s "$deps/duckdb.new/libduckdb.so" ] && [ -s "$deps/duckdb.new/duckdb.h" ] ||
        die "the npm packages of DuckDB $duckdb_version hold no libduckdb.so or duckdb.h."
    rm -rf "$deps/duckdb" "$work"
    mv "$deps/duckdb.new" "$deps/duckdb"
}

# The Python modules that Debian does not package, in .deps/venv beside the system's own.
venv_has() {
    for folder in "$deps"/venv/lib/python3*/site-packages/"$1"; do
        [ -d "$folder" ] && [ -x "$deps/venv/bin/python" ] && return 0
    done
    return 1
}

# venv_add FOLDER MODULE==VERSION
venv_add() {
    venv_has "$1" && return 0
    say "installing Python $2 into .deps/venv"
    if ! "$deps/venv/bin/python" -c '' 2>/dev/null; then
        rm -rf "$deps/venv"
        run "$python" -m venv --system-site-packages "$deps/venv" || return 1
    fi
    run "$deps/venv/bin/python" -m pip install --quiet "$2"
}

venv_need() { venv_add "$@" || die "pip could not install $2 into .deps/venv."; }

venv_want() { venv_add "$@" || say "$2 is not to be had here; what needs it will be skipped."; }

[ -r /etc/os-release ] && command -v apt-get >/dev/null 2>&1 ||
    die "only Debian and Ubuntu are known here; docs/adr/0004-dependencies.md has the list."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
mkdir -p "$deps"
yyjson_wanted=''
playwright_wanted=''
duckdb_wanted=''
venv_bench=''
venv_test=''
[ $# -gt 0 ] || set -- build duckdb
for group in "$@"; do
    case $group in
    build)
        want="$want gcc g++ cmake ninja-build pkgconf git ca-certificates libc6-dev python3"
        want="$want libsqlite3-dev libzstd-dev zlib1g-dev libmicrohttpd-dev libcyaml-dev libargon2-dev libcjose-dev"
        want="$want libyaml-dev libssl-dev libxxhash-dev libcmocka-dev tzdata"
        want="$want libhpdf-dev libzip-dev fonts-dejavu-core"
        # Another flavour of curl's headers serves as well and would be removed by this one.
        is_installed libcurl4-gnutls-dev || want="$want libcurl4-openssl-dev"
        need_yyjson
        need_xgboost
        ;;
    web) need_node ;;
    test)
        want="$want python3 python3-yaml python3-jsonschema tzdata zstd fonts-liberation"
        want="$want python3-aiosmtpd openssl poppler-utils"
        want="$want universal-ctags python3-venv python3-pip python3-numpy python3-pandas"
        want="$want $(optional python3-xgboost)"
        need_node
        need_chromium
        venv_test=1
        ;;
    bench)
        want="$want python3 python3-venv python3-pip python3-numpy python3-pandas python3-sklearn"
        want="$want python3-fastapi python3-uvicorn python3-uvloop python3-httptools python3-redis"
        want="$want redis-server wrk"
        want="$want $(optional python3-xgboost)"
        venv_bench=1
        ;;
    lint)
        want="$want clang clang-tidy universal-ctags python3"
        apt_lists_fresh
        # libFuzzer and the sanitizers of the release's default clang.
        clang_version=$(apt-cache depends clang 2>/dev/null |
            sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p' | head -n 1)
        [ -z "$clang_version" ] || want="$want libclang-rt-$clang_version-dev"
        if is_installed clang-format-14 || apt_has clang-format-14; then
            want="$want clang-format-14"
        fi
        ;;
    duckdb)
        need_node
        duckdb_wanted=1
        ;;
    *) die "unknown group '$group'; use build, web, test, bench, lint or duckdb." ;;
    esac
done
install_missing
[ -z "$yyjson_wanted" ] || fetch_yyjson
[ -z "$playwright_wanted" ] || fetch_playwright_chromium
[ -z "$duckdb_wanted" ] || (fetch_duckdb) ||
    say "no DuckDB to be had here; the program is built without the lake."
if [ -n "$venv_bench" ]; then
    venv_need duckdb "duckdb==$duckdb_version"
    venv_want lightgbm "lightgbm==$lightgbm_version"
fi
# Loads an exported model as others would; without it that one test is skipped.
[ -z "$venv_test" ] || venv_want mlflow "mlflow-skinny==$mlflow_version"

#!/usr/bin/env bash
# To be sourced by test.sh and demo.sh: the Debian packages the project builds with, and small helpers.

packages_build=(g++ cmake ninja-build ccache libeigen3-dev nlohmann-json3-dev zlib1g-dev
  libjpeg62-turbo-dev libpng-dev libstb-dev libdnnl-dev libcli11-dev libcpp-httplib-dev pkg-config)
packages_test=("${packages_build[@]}" git clang-14 libclang-rt-14-dev meson catch2 python3-venv
  libbenchmark-dev librange-v3-dev "clang-format-$(sed -n '1s/^# clang-format //p' .clang-format)")

# setup_packages NAME...: installs what is missing, or says how and stops.
setup_packages() {
  if ! command -v dpkg-query >/dev/null; then
    echo "This is no Debian system; the equivalents of these packages are needed: $*" >&2
    return
  fi
  local missing=()
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0

  local as_root=()
  if [[ $(id -u) -ne 0 ]]; then
    if ! sudo -n true 2>/dev/null; then
      echo "Packages are missing. Install them, then run this again:" >&2
      echo "  sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
      exit 1
    fi
    as_root=(sudo -n)
  fi
  echo "installing ${missing[*]}"
  local log
  log=$(mktemp)
  if ! { "${as_root[@]}" apt-get update -q &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
      -o DPkg::Lock::Timeout=300 "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    echo "The packages could not be installed." >&2
    exit 1
  fi
  rm -f "$log"
}

# timed NAME LOG COMMAND...: runs a part quietly and says how long it took; on failure shows the end of its log.
timed() {
  local name=$1 log=$2 start=$SECONDS
  shift 2
  mkdir -p "$(dirname "$log")" build
  if "$@" >"$log" 2>&1; then
    printf '%-28s %5d s\n' "$name" $((SECONDS - start)) | tee -a build/times.txt
  else
    printf '%-28s failed after %d s; the end of %s:\n' "$name" $((SECONDS - start)) "$log" >&2
    tail -n 60 "$log" >&2
    exit 1
  fi
}

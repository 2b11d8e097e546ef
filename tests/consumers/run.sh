#!/usr/bin/env bash
# Builds and runs the consumer program in one of the ways in which a project can use hashweave.
# usage: run.sh find_package|subdirectory|fetchcontent|pkgconfig|meson SOURCE_DIR BUILD_DIR WORK_DIR
set -euo pipefail
way=$1 source=$2 build=$3 work=$4
here="$source/tests/consumers"
needs() { command -v "$1" >/dev/null || { echo "skipped: $1 is not installed"; exit 77; }; }

prefix="$work/prefix"
mkdir -p "$work"
rm -rf "$work/build" "$prefix"
install() { cmake --install "$build" --prefix "$prefix" >"$work/install.log"; }
launcher=()
command -v ccache >/dev/null && launcher=(-D CMAKE_CXX_COMPILER_LAUNCHER=ccache)
generator=()
command -v ninja >/dev/null && generator=(-G Ninja)

with_cmake() {  # arguments of the configuration
  cmake -S "$here/$way" -B "$work/build" "${generator[@]}" "${launcher[@]}" "$@"
  cmake --build "$work/build"
  "$work/build/consumer"
  "$work/build/consumer_inputs"
}

case $way in
  find_package)
    install
    with_cmake -D CMAKE_PREFIX_PATH="$prefix" -D CMAKE_FIND_USE_PACKAGE_REGISTRY=OFF
    grep -q "hashweave_DIR:PATH=$prefix" "$work/build/CMakeCache.txt" || { echo "found another hashweave"; exit 1; }
    ;;
  subdirectory | fetchcontent)
    with_cmake -D HASHWEAVE_SOURCE="$source"
    # as a part of another project hashweave builds and installs nothing of its own
    programs=$(cmake --build "$work/build" --target help | grep -cE '(unit_tests|examples|benchmarks)' || true)
    [[ $programs -eq 0 ]] || { echo "hashweave's own programs are part of the consumer's build"; exit 1; }
    ;;
  pkgconfig)
    needs pkg-config
    install
    # a moved prefix still works
    mv "$prefix" "$prefix.moved" && rm -rf "$prefix" && mv "$prefix.moved" "$work/moved.$$"
    trap 'rm -rf "$work/moved.$$"' EXIT
    export PKG_CONFIG_PATH="$work/moved.$$/share/pkgconfig"
    mkdir -p "$work/build"
    read -ra cflags < <(pkg-config --cflags "hashweave >= 0.1")
    read -ra libs < <(pkg-config --libs hashweave)
    echo "cflags: ${cflags[*]}; libs: ${libs[*]}"
    compiler=${CXX:-$(command -v clang++-14 || command -v clang++ || echo g++)}  # the other ways are g++'s
    "$compiler" -std=c++20 "${cflags[@]}" "$here/main.cpp" "$here/other.cpp" -o "$work/build/consumer" "${libs[@]}"
    "$work/build/consumer"
    read -ra flags < <(pkg-config --cflags --libs "hashweave-io >= 0.1" hashweave-data)
    "$compiler" -std=c++20 "$here/inputs.cpp" -o "$work/build/consumer_inputs" "${flags[@]}"
    "$work/build/consumer_inputs"
    ;;
  meson)
    needs meson
    rm -rf "$work/project"
    mkdir -p "$work/project/subprojects/hashweave"
    cp "$here/meson/meson.build" "$here"/*.[ch]pp "$work/project/"
    (cd "$source" && cp -r include cmake examples meson.build meson_options.txt "$work/project/subprojects/hashweave/")
    meson setup "$work/build" "$work/project"
    meson compile -C "$work/build"
    "$work/build/consumer"
    "$work/build/consumer_inputs"
    ;;
  *)
    echo "unknown way: $way"
    exit 2
    ;;
esac

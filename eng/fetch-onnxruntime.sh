#!/usr/bin/env bash
# Fetches ONNX Runtime's native library into .deps/onnxruntime/<platform>/ through the npm client. The package is only a carrier: its tarball is checked
# against the hash below and unpacked, none of its scripts run. A second call finds everything in place and needs no network.
#
#   eng/fetch-onnxruntime.sh           this machine's platform; prints the folder
#   eng/fetch-onnxruntime.sh all       all of them (linux-x64 linux-arm64 osx-arm64 win-x64 win-arm64)
#   eng/fetch-onnxruntime.sh win-x64   that one
#
# linux-x64 carries the CPU and the WebGPU provider (Dawn on Vulkan), linux-arm64 the CPU's alone; CUDA is in none of them (docs/onnxruntime.md).
set -euo pipefail
cd "$(dirname "$0")/.."

version=1.30.0
sha512=b7086cd42d82fc1164cf5c9ce4e634288536194aba0d444eee10f86f1e50d90cb79c0309c115d6f31537355733136f5503d96894b3987a9a03f1f8d318e7c8ab
home=.deps/onnxruntime
all="linux-x64 linux-arm64 osx-arm64 win-x64 win-arm64"

fail() { echo "fetch-onnxruntime: $*" >&2; exit 1; }
hash512() { if command -v sha512sum >/dev/null; then sha512sum "$1"; else shasum -a 512 "$1"; fi | cut -d' ' -f1; }

this_platform() {
    local os arch
    case "$(uname -s)" in
        Linux) os=linux ;;
        Darwin) os=osx ;;
        MINGW* | MSYS* | CYGWIN*) os=win ;;
        *) fail "there is no library for $(uname -s); build ONNX Runtime and name it in DITAR_ONNXRUNTIME" ;;
    esac
    case "$(uname -m)" in
        x86_64 | amd64) arch=x64 ;;
        aarch64 | arm64) arch=arm64 ;;
        *) fail "there is no library for $(uname -m); build ONNX Runtime and name it in DITAR_ONNXRUNTIME" ;;
    esac
    echo "$os-$arch"
}

# The package's own names: its folder, and the files of it that are the library.
folder_of() { case "$1" in osx-*) echo "darwin/${1#osx-}" ;; win-*) echo "win32/${1#win-}" ;; *) echo "${1%-*}/${1#*-}" ;; esac; }
files_of() { case "$1" in osx-*) echo libonnxruntime.1.dylib ;; win-*) echo "onnxruntime.dll DirectML.dll dxcompiler.dll dxil.dll" ;; *) echo libonnxruntime.so.1 ;; esac; }

wanted=${1:-$(this_platform)}
[ "$wanted" = all ] && wanted=$all
for platform in $wanted; do
    case " $all " in *" $platform "*) ;; *) fail "there is no library for '$platform'; there are: $all" ;; esac
done

# Written last: a folder that has it is whole.
stamp_of() { echo "$home/$1/VERSION"; }
missing=""
for platform in $wanted; do
    if [ "$(cat "$(stamp_of "$platform")" 2>/dev/null)" != "$version" ]; then missing="$missing $platform"; fi
done

if [ -n "$missing" ]; then
    command -v npm >/dev/null || fail "npm is needed to fetch onnxruntime-node@$version; or name a library of your own in DITAR_ONNXRUNTIME"
    mkdir -p "$home"
    work=$(mktemp -d "$home/fetch.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    # In its own folder, so that no package.json of anybody is read.
    (cd "$work" && npm pack --silent --ignore-scripts "onnxruntime-node@$version" >/dev/null) || fail "npm could not fetch onnxruntime-node@$version"
    tarball=$work/onnxruntime-node-$version.tgz
    found=$(hash512 "$tarball")
    [ "$found" = "$sha512" ] || fail "onnxruntime-node@$version: expected sha512 $sha512, found $found"
    for platform in $missing; do
        from=package/bin/napi-v6/$(folder_of "$platform")
        members=()
        for file in $(files_of "$platform"); do
            members+=("$from/$file")
        done
        mkdir "$work/$platform"
        tar -xzf "$tarball" -C "$work/$platform" --strip-components=5 "${members[@]}"
        echo "$version" >"$work/$platform/VERSION"
        # Whoever comes second finds it done.
        rm -rf "${home:?}/$platform"
        mv "$work/$platform" "$home/$platform" 2>/dev/null || [ -e "$(stamp_of "$platform")" ]
    done
fi

for platform in $wanted; do echo "$PWD/$home/$platform"; done

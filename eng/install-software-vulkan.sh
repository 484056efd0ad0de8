#!/usr/bin/env bash
# Installs a Vulkan device in software on Debian or Ubuntu (root needed): the Vulkan loader, and SwiftShader, which lies in Chromium's folder. With it
# ONNX Runtime's WebGPU kernels run on a machine without a GPU. Mesa's llvmpipe of Debian 12 does not do: Dawn refuses it.
#
#   eng/install-software-vulkan.sh                 installs what is missing
#   eval "$(eng/install-software-vulkan.sh env)"   names the device to the Vulkan loader, for this shell and its children
set -euo pipefail

manifest() {
    local place
    for place in /usr/lib/chromium /usr/lib/chromium-browser /opt/chromium.org/chromium; do
        if [ -f "$place/vk_swiftshader_icd.json" ] && [ -f "$place/libvk_swiftshader.so" ]; then
            echo "$place/vk_swiftshader_icd.json"
            return
        fi
    done
    return 1
}

installed() { manifest >/dev/null && ldconfig -p | grep -q 'libvulkan\.so\.1'; }

if [ "${1:-install}" = env ]; then
    file=$(manifest) || { echo "install-software-vulkan: SwiftShader is not installed" >&2; exit 1; }
    # Older loaders read the first name, newer ones the second. Chromium's driver wants a folder for its sockets.
    echo "export VK_ICD_FILENAMES='$file' VK_DRIVER_FILES='$file' XDG_RUNTIME_DIR='${XDG_RUNTIME_DIR:-/tmp}'"
    exit
fi

if ! installed; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libvulkan1 chromium >/dev/null
fi

installed || { echo "install-software-vulkan: the packages libvulkan1 and chromium do not hold SwiftShader here" >&2; exit 1; }
manifest

#!/bin/sh
# Sees to a Chromium for tests/e2e/test_browser.py: the machine's own, else (as root) the system's package, else
# Playwright's, where its host can be reached.
# Run by `make browser` and .ci/run; nothing else needs a browser.
set -eu
cd "$(dirname "$0")/../.."
names="chromium chromium-browser google-chrome google-chrome-stable" # as in the test

works() { # a package may leave a name on the PATH that only says where to get the real one
    "$1" --version >/dev/null 2>&1
}

found() {
    for name in $names; do
        if command -v "$name" >/dev/null 2>&1 && works "$name"; then
            printf 'Chromium: %s\n' "$(command -v "$name")"
            exit 0
        fi
    done
}

playwrights_own() {
    own=$(.venv/bin/python -c 'from playwright.sync_api import sync_playwright as p
with p() as one: print(one.chromium.executable_path)' 2>/dev/null) && works "$own"
}

found
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq >/dev/null 2>&1 || true # an old list may still do
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk >/dev/null 2>&1 || true
    found
fi
if timeout 600 .venv/bin/python -m playwright install chromium >/dev/null 2>&1 && playwrights_own; then
    printf 'Chromium: %s\n' "$own"
    exit 0
fi
echo "没有 Chromium，也装不上：请安装系统的 chromium 包后再试 · no Chromium, and none could be installed: install your system's chromium package" >&2
exit 1

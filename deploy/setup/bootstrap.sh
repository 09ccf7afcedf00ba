#!/bin/sh
# Makes .venv with the locked dependencies on a machine that has Python and nothing else.
# uv is put into .cache/uv by the standard library's venv and pip, or by pip alone where venv is missing.
set -eu
cd "$(dirname "$0")/../.."
uv_version=0.13.9
uv=.cache/uv/bin/uv

fail() { # zh, en
    printf '%s\n%s\n' "$1" "$2" >&2
    exit 1
}

python=
for candidate in "${PYTHON:-python3}" python3 python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || fail \
    "需要 Python 3.11 或更高版本（现有：$(python3 --version 2>&1 || echo 无)）。请安装后再运行 make，或用 make PYTHON=/路径/python3 指定" \
    "Python 3.11 or newer is needed (found: $(python3 --version 2>&1 || echo none)). Install it, or name one: make PYTHON=/path/python3"

say() { # zh, en
    printf '%s · %s\n' "$1" "$2" >&2
}

say "准备环境，首次需数分钟" "Setting up, which takes minutes the first time"
if [ "$("$uv" --version 2>/dev/null | cut -d' ' -f2)" != "$uv_version" ]; then
    say "1/3 下载安装工具 uv" "1/3 fetching the installer, uv"
    rm -rf .cache/uv
    mkdir -p .cache
    if "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        "$python" -m venv .cache/uv
        .cache/uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$uv_version"
    elif "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m pip install --quiet --disable-pip-version-check --target .cache/uv "uv==$uv_version"
    else
        fail "这个 Python（$python）没有 venv/ensurepip，也没有 pip。请安装系统的 python3-venv 包后再运行 make" \
            "This Python ($python) has neither venv/ensurepip nor pip. Install your system's python3-venv package, then run make again"
    fi
fi

say "2/3 下载并安装锁定的依赖（含 PostgreSQL）到 .venv" "2/3 fetching the locked dependencies, PostgreSQL among them, into .venv"
unset VIRTUAL_ENV UV_PROJECT_ENVIRONMENT
UV_PYTHON_DOWNLOADS=never "$uv" sync --quiet --frozen --python "$("$python" -c 'import sys; print(sys.executable)')"

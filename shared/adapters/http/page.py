"""The few pages that the edge itself shows: plain HTML, no script, one inline style named in its policy by hash."""

from __future__ import annotations

import base64
from hashlib import sha256

from fastapi.responses import HTMLResponse

_STYLE = (
    "body{font:16px/1.6 system-ui,'Noto Sans SC','PingFang SC','Microsoft YaHei',sans-serif;max-width:44rem;"
    "margin:3rem auto;padding:0 1rem;color:#1d2733}h1{font-size:1.6rem}label{display:block;margin:.4rem 0}"
    "fieldset{border:1px solid #cbd5e1;border-radius:6px}code,pre,textarea{font-family:ui-monospace,monospace}"
    "textarea{width:100%}button{padding:.5rem 1.2rem}a{color:#0b5cad}.wrong{color:#b42318}"
)
_STYLE_HASH = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_REFERRER_POLICY = "same-origin"
"""Under no-referrer a browser sends a form with `Origin: null`: the login couldn't tell its own page from another."""


def page(title: str, body: str, language: str, *, status: int = 200) -> HTMLResponse:
    """`title` and `body` are HTML already: escape what comes from outside."""
    html = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><link rel="icon" href="data:,">'
        f'<meta name="viewport" content="width=device-width"><title>{title} · Suyuan 溯源</title>'
        f"<style>{_STYLE}</style></head><body>{body}</body></html>"
    )
    headers = {
        "Content-Security-Policy": _POLICY,
        "Content-Language": language,
        "Referrer-Policy": _REFERRER_POLICY,
    }
    return HTMLResponse(html, status, headers)

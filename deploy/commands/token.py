"""Issue a token of the local development issuer, or of the compose file's."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path

from joserfc.jwk import ECKey

from deploy.cli import USAGE_EXIT, Arguments, add_folder
from deploy.settings import settings_for
from shared.adapters.http.issuer import DEFAULT_TENANT, LocalIssuer, OnlyEmbedded
from shared.adapters.http.policy import ROLES
from shared.kernel.clock import system_clock


def add_arguments(parser: ArgumentParser) -> None:
    add_folder(parser)
    parser.add_argument(
        "--env-file", type=Path, help="用 make compose-env 所生成文件中的密钥 · the key of the file of make compose-env"
    )
    parser.add_argument("--role", action="append", required=True, choices=ROLES, help="角色，可多次 · may be repeated")
    parser.add_argument("--tenant", default=DEFAULT_TENANT)
    parser.add_argument("--subject", help="令牌主体（默认按角色命名） · who (default: named after the role)")
    parser.add_argument(
        "--party",
        action="append",
        default=[],
        metavar="KIND:CODE",
        help="所代表的责任方，如 supplier:S-001、department:press，可多次 · party spoken for, may be repeated",
    )
    parser.add_argument("--hours", type=int, default=12)


def run(arguments: Arguments) -> int:
    """Prints the token alone, so that it can be used in a command substitution."""
    try:
        issuer = LocalIssuer(settings_for(arguments), system_clock, _key(arguments.env_file))
        token = issuer.token(
            arguments.role,
            tenant=arguments.tenant,
            subject=arguments.subject,
            seconds=arguments.hours * 3600,
            parties=arguments.party,
        )
    except (OnlyEmbedded, ValueError) as error:
        print(error, file=sys.stderr)
        return USAGE_EXIT
    print(token)
    return 0


def _key(env_file: Path | None) -> ECKey | None:
    if env_file is None:
        return None
    from deploy.docker.secrets import issuer_key  # noqa: PLC0415 - a second of loading that few tokens need

    return issuer_key(env_file)

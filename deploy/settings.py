"""Settings of the embedded system, from the environment and the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deploy.cli import Arguments
from deploy.setup.web_files import FOLDER as WEB_FOLDER
from shared.adapters.settings import Settings


def settings_for(arguments: Arguments, **more: Any) -> Settings:
    """The environment's settings, with what the command line says on top."""
    return embedded_settings(arguments.data_dir, **more)


def embedded_settings(folder: Path | None = None, **more: Any) -> Settings:
    told = {} if folder is None else {"data_dir": folder}
    return Settings(**{"web_dir": WEB_FOLDER, **told, **more})

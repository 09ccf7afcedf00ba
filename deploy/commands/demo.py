"""Tell the story of a complaint, on the synthetic factory or on real batches."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.cli import Arguments, add_folder, language
from deploy.demo import ending
from deploy.demo.cast import Cast, Elsewhere, Server, StoryBroken
from deploy.demo.narrator import Narrator
from deploy.demo.pharma import DataMissing
from deploy.demo.story import Story
from deploy.demo.world import World, real, synthetic
from deploy.embedded.child import Child
from deploy.settings import embedded_settings


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, help="真实数据文件夹（含 pharma/） · folder with the real data")
    parser.add_argument("--seed", type=int, default=1, help="合成工厂的种子 · seed of the synthetic factory")
    parser.add_argument("--json", action="store_true", help="只输出一行 JSON · print one JSON line only")
    parser.add_argument("--kafka", action="store_true", help="四个进程经 Kafka 相连 · four processes joined by Kafka")
    parser.add_argument("--url", help="在已运行的系统上演示（令牌密钥取自 --data-dir） · on a system that runs already")
    add_folder(parser)
    parser.add_argument("--keep", action="store_true", help="结束后保持运行 · keep it running at the end")


def run(arguments: Arguments) -> int:
    """1 where an answer was not what the story expects; 2 where the data are missing."""
    began = time.monotonic()
    narrator = Narrator(language(), silent=arguments.json)
    with tempfile.TemporaryDirectory(prefix="suyuan-demo-") as scratch:
        folder = Path(scratch)
        try:
            world = _world(arguments, folder / "exports")
        except DataMissing as missing:
            print(missing, file=sys.stderr)
            return 2
        narrator.panel(f"溯源 Suyuan · {narrator.say(world.zh, world.en)}")
        try:
            with _server(arguments, folder / "data", narrator) as server:
                story = Story(world, Cast(server, language()), narrator)
                _tell(story)
                if arguments.json:
                    print(json.dumps(_summary(story, time.monotonic() - began), ensure_ascii=False))
                else:
                    _addresses(narrator, server, story)
                if arguments.keep:
                    input(narrator.say("按回车键结束…", "Press Enter to end …"))
        except StoryBroken as broken:
            print(broken, file=sys.stderr)
            return 1
    return 0


@contextmanager
def _server(arguments: Arguments, folder: Path, narrator: Narrator) -> Iterator[Server]:
    """A system of the story's own on a scratch folder, or the one that was named."""
    if arguments.url:
        yield Elsewhere(arguments.url.rstrip("/"), embedded_settings(arguments.data_dir).data_dir)
        return
    child = Child(folder, kafka=arguments.kafka)
    try:
        with narrator.waiting("启动系统", "starting the system"):
            child.start()
        yield child
    except StoryBroken:
        print(*child.output.read_text(encoding="utf-8").splitlines()[-5:], sep="\n", file=sys.stderr)
        raise
    finally:
        child.stop()


def _world(arguments: Arguments, folder: Path) -> World:
    folder.mkdir(parents=True)
    return real(arguments.data, folder, arguments.seed) if arguments.data else synthetic(folder, arguments.seed)


def _tell(story: Story) -> None:
    story.load_facts()
    story.register()
    story.cross_check()
    story.backtrack()
    story.localise()
    story.find_causes()
    story.settle_responsibility()
    ending.improve(story)
    ending.conclude(story)
    ending.answer_customers(story)
    ending.prove(story)


def _summary(story: Story, seconds: float) -> dict[str, object]:
    told = story.told
    return {
        "case_id": told.complaints[0]["id"],
        "complaint_status": told.status,
        "events": told.events,
        "planted": [f"{one['attribute']}={one['value']}" for one in story.world.planted],
        "suspects": told.suspects,
        "verdicts": told.verdicts,
        "responsibility": told.responsibility,
        "chain_verified": told.verified,
        "seconds": round(seconds, 1),
    }


def _addresses(narrator: Narrator, server: Server, story: Story) -> None:
    case = story.told.complaints[0]["id"]
    narrator.panel(
        f"{server.url}/docs\n{server.url}/api/v1/complaints/{case}\n"
        f"{server.url}/api/v1{story.one}/report.html\n{server.url}/api/v1/kpis\n"
        + narrator.say("（加 --keep 保持运行）", "(--keep keeps it running)")
    )

"""The synthetic factory as a folder: what is in it, and what it never writes over."""

from __future__ import annotations

import csv
import json
import os

import pytest

from deploy.cli import main
from deploy.demo.exports import mapping_document
from deploy.demo.factory import COLUMNS, mapping_name


def command(folder, *more):
    return main(["factory", "--out", str(folder), "--lots", "8", *more])


def test_the_folder_holds_every_export_its_mapping_and_a_line_on_each(tmp_path, capsys):
    folder = tmp_path / "new" / "folder"
    assert command(folder) == 0
    said = capsys.readouterr().out
    assert "合成" in said
    assert "synthetic" in said
    about = (folder / "README.md").read_text(encoding="utf-8")
    for kind, columns in COLUMNS.items():
        header, *rows = csv.reader((folder / f"{kind}.csv").read_text(encoding="utf-8").splitlines())
        assert tuple(header) == columns
        assert rows
        document = json.loads((folder / "mappings" / f"{mapping_name(kind)}.json").read_text(encoding="utf-8"))
        assert document == mapping_document(mapping_name(kind))
        assert document["kind"] == kind
        assert f"| {len(rows)} | mappings/{mapping_name(kind)}.json |" in about
    assert "合成数据" in about
    assert "Synthetic data" in about
    assert sorted(path.name for path in folder.iterdir() if path.name not in about) == ["README.md"]


def test_nothing_is_written_over(tmp_path, capsys, monkeypatch):
    (tmp_path / "stock.csv").write_text("mine")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert command(tmp_path) == 2
    assert "不会覆盖" in capsys.readouterr().err
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert command(tmp_path / "stock.csv") == 2
    assert "nothing is written over" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["stock.csv"]
    assert (tmp_path / "stock.csv").read_text() == "mine"


def test_a_folder_that_cant_be_written_is_a_sentence(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert command(tmp_path / "file" / "below") == 2
    assert os.strerror(20) in capsys.readouterr().err


def test_a_full_disk_ends_as_everywhere(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("deploy.demo.handed.write", full)
    assert command(tmp_path / "new") == 16


@pytest.mark.parametrize("lots", ["0", "-1", "many", "1000001"])
def test_lots_out_of_range_are_wrong_usage(tmp_path, lots):
    with pytest.raises(SystemExit) as ended:
        main(["factory", "--out", str(tmp_path / "new"), f"--lots={lots}"])
    assert ended.value.code == 2
    assert not (tmp_path / "new").exists()


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        assert command(tmp_path / name, "--seed", "7") == 0
    for path in (tmp_path / "one").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()

"""What a user hears who names the wrong folder."""

from __future__ import annotations

import pytest

from deploy.demo import pharma


def test_missing_data_is_one_clear_sentence(tmp_path):
    with pytest.raises(pharma.DataMissing, match=r"The real data file .*Laboratory\.csv is not there") as caught:
        pharma.bad_lots(tmp_path)
    assert caught.value.text("zh").startswith("找不到真实数据文件")

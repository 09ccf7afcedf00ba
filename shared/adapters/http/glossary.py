"""The fields of request bodies, said once: what each is, in zh and en, and a value such as stands in the examples.

By the field's name, or by `Body.field` where the name means something else there. The document gives the text to every
field without one of its own, in bodies and in answers; tests/contract/test_document.py sees that none is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from shared.contracts.words import LABELS

Json = dict[str, Any]


class Word(NamedTuple):
    """`text` in both languages. `example` None: the schema alone gives a value (a closed word, an id, a day)."""

    text: str
    example: Any = None


_ID = "01a205f8-376f-72e6-96e8-edb8be96e887"
_SUM = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_EVENT = [{"kind": "event", "sha256": _SUM, "service": "investigation", "position": 44}]

_GAPS = "按年递增，可能有空号（成批取号，重启后余号不用）· rising within a year, with gaps after a restart"

WORDS: Mapping[str, Word] = MappingProxyType(
    {
        "complaint_no": Word(f"投诉编号 · complaint number；{_GAPS}", "C2026-000001"),
        "investigation_no": Word(f"调查编号 · investigation number；{_GAPS}", "I2026-0001"),
        "capa_no": Word(f"CAPA 编号 · CAPA number；{_GAPS}", "A2026-0001"),
        "report_no": Word(f"报告编号 · report number；{_GAPS}", "R2026-0001"),
        # the complaint
        "channel": Word("渠道 · by which channel it came, or goes out", "phone"),
        "customer": Word("投诉人 · who complains"),
        "name": Word("名称 · name", "华东电子有限公司"),
        "contact": Word("联系人 · contact person", "王工"),
        "phone": Word("电话 · phone number", "+86 21 5555 0100"),
        "email": Word("邮箱 · email address", "quality@customer.example"),
        "account": Word("客户编码，企业自有 · the customer's code in your registers", "C-1001"),
        "region": Word("地区 · region", "华东"),
        "description": Word("问题描述，客户原话 · in the customer's own words", "压力罐接口处漏气，约 10% 不良"),
        "items": Word("投诉项，按提交顺序编号 · what is complained about, numbered in the order sent"),
        "product": Word("产品编码 · product code", "PC-5"),
        "model": Word("型号 · model", "PC-5/A"),
        "customer_part_no": Word("客户料号 · the customer's part number", "CP-778"),
        "lot": Word("批次号 · lot number", "FG-0042"),
        "serials": Word("序列号 · serial numbers", ["SN-000117"]),
        "gtin": Word("GTIN（GS1 全球贸易项目代码）· GS1 trade item number", "06901234567892"),
        "udi": Word("医疗器械唯一标识 · unique device identification", "(01)06901234567892(10)FG-0042"),
        "production_date": Word("生产日期 · production date", "2026-01-05"),
        "expiry_date": Word("失效日期 · expiry date", "2028-01-05"),
        "quantity_affected": Word("受影响数量，按销售单位 · how many are affected, in the sales unit", "12"),
        "quantity_delivered": Word("交付数量 · how many were delivered", "120"),
        "defect_codes": Word("缺陷代码 · defect codes", ["LEAK"]),
        "source_reference": Word("来源编号，用于查重 · the source's number, to know a duplicate by", "CRM-88213"),
        "customer_claim_no": Word("客户索赔号 · the customer's claim number", "8D-2026-017"),
        "order_no": Word("订单号 · order number", "SO-10023"),
        "delivery_no": Word("发货单号 · delivery number", "DN-55021"),
        "received_at": Word("收到时间，缺省为现在 · when it reached us, by default now", "2026-01-12T09:30:00+08:00"),
        "aware_at": Word("知悉可能为质量问题的时间 · when we knew that it might be a quality problem"),
        "occurred_at": Word("发生时间 · when it happened"),
        "occurred_where": Word("发生地点 · where it happened", "客户二号产线"),
        "scenario": Word("使用场景 · in which situation"),
        "harm": Word("伤害或损失 · harm done"),
        "sample_available": Word("是否有样品 · whether a sample can be had"),
        "desired_resolution": Word("客户诉求 · what the customer wants"),
        # triage, corrections, the answer to the customer
        "override": Word("覆盖规则的结论 · an answer in place of the rule's"),
        "override_reason": Word("覆盖理由，覆盖时必填 · why; needed with `override`"),
        "severity": Word("严重度 · severity"),
        "scope": Word("影响范围 · how far it reaches"),
        "priority": Word("优先级 · priority"),
        "response_plan": Word("应急预案代码 · code of an emergency plan"),
        "field": Word("表单字段的路径 · path of a field of the form", "items[1].lot"),
        "value": Word("新值 · the new value", "FG-0043"),
        "CutInBody.value": Word("首个实施措施的批次、序列号或日期 · the first lot, serial or date with it", "FG-0061"),
        "FindBody.value": Word("完整的电话或邮箱 · the whole phone number or address", "+86 21 5555 0100"),
        "reason": Word("理由，记入日志 · why; it stays in the log", "与客户电话核实"),
        "investigation_id": Word("调查的 id · the investigation's id"),
        "complaint_id": Word("投诉的 id · the complaint's id"),
        "body": Word("答复内容 · what the customer is told", "已收到您的投诉，正在调查，预计三日内答复。"),
        "tells_decision": Word("是否告知处理决定 · whether it tells what was decided"),
        "resolution": Word("解决方式 · kind of resolution"),
        "terms": Word("具体条款 · its terms", "免费更换 12 件，三日内发货"),
        "accepted": Word("客户是否接受 · whether the customer accepts", True),
        "recourse": Word("告知客户的其他途径，拒绝时必填 · further ways that were told; needed with a rejection"),
        "words": Word("客户原话 · the customer's own words"),
        "note": Word("说明 · a note", "已按计划完成"),
        "replacement_serial": Word("换货序列号 · serial number of the replacement", "SN-000921"),
        "refund_amount": Word("退款金额 · amount refunded", "350.00"),
        "refund_currency": Word("币种，ISO 4217 · its currency", "CNY"),
        "score": Word("1（很不满意）到 5（很满意）· from 1, very dissatisfied, to 5, very satisfied", 4),
        # published rules, data subjects
        "rules": Word("规则名 · name of the rules", "default"),
        "policy": Word("政策名 · name of the policy", "default"),
        "document": Word("规则或映射的内容（JSON）· the rules or the mapping, as JSON"),
        "lengths": Word("各时限 · how long each clock runs"),
        "clock": Word("哪个时限 · which clock"),
        "hours": Word("小时数 · hours", 24),
        "silence_days": Word("客户多少天不答复视为接受 · days of silence that count as acceptance", 14),
        "keep_days": Word("结案后保留天数 · days that data are kept after closure", 1095),
        "basis": Word("法律或合同依据 · the law or contract that it rests on", "产品质量法第四十五条"),
        "until": Word("截止日期 · until which day"),
        "kind": Word("类别 · kind"),
        "hearing_days": Word("听证期天数 · days that a party has to object", 7),
        # the investigation
        "subject": Word("人员的不透明标识 · opaque id of a person", "u-1024"),
        "role": Word("小组角色 · role in the team"),
        "statement": Word("陈述 · the statement", "O 形圈压缩永久变形超差，接口密封不足"),
        "what": Word("何事 · what", "接口漏气"),
        "where": Word("何处 · where", "客户二号产线"),
        "when": Word("何时 · when", "装机后两小时内"),
        "who": Word("何人 · who", "客户操作工"),
        "why": Word("为何是问题 · why it is a problem", "保压不足，停线"),
        "how": Word("如何发现 · how it was found", "保压测试"),
        "how_many": Word("多少 · how many", "120 件中 12 件"),
        "item_no": Word("投诉项编号，从 1 起 · the item's number, from 1"),
        "outcome": Word("结论 · outcome"),
        "quantity": Word("核实数量 · the verified quantity", "12"),
        "evidence": Word("证据：事件、事实或文件 · evidence: events, facts or files", _EVENT),
        "sha256": Word("所引内容的摘要，小写十六进制 · sum of what is cited, lower-case hex", _SUM),
        "tenant": Word("所引内容的租户：只能是自己的 · whose it is: the caller's own alone"),
        "service": Word("事件所在服务（仅事件）· whose log (events only)", "investigation"),
        "position": Word("事件位置（仅事件）· its position there (events only)", 44),
        "batch": Word("导入批次（仅事实）· the import (facts only)"),
        "row": Word("行号（仅事实）· its row (facts only)"),
        "node": Word("流程节点 · process node", "incoming_inspection"),
        "ground": Word("依据 · the ground for it", "来料检验记录完整且合格"),
        "leg": Word("原因线：发生、流出、系统 · which leg: occurrence, escape, systemic"),
        "question": Word("为什么 · the why", "为何密封不足？"),
        "follows": Word("承接的上一个为什么 · the why that it follows"),
        "answer": Word("回答 · the answer", "供应商更换了胶料而未报备"),
        "level": Word("原因层次 · level of the cause"),
        "boundary": Word("责任边界 · on whose side it lies"),
        "category": Word("人机料法环测 · category (5M1E)"),
        "last_why": Word("为什么链的最后一环 · last link of the chain of whys"),
        "products": Word("涉及产品 · the products", ["PC-5"]),
        "lots": Word("涉及批次 · the lots", ["FG-0042"]),
        "join_capa": Word("并入已有 CAPA · an open CAPA that answers it too"),
        "inapplicable": Word("没有根本原因的原因链及其理由 · legs without a root cause, each with its reason"),
        "tried": Word("做过哪些调查 · what was tried", "追溯三个批次，检查四个节点的记录"),
        "bad_lots": Word("不良批次 · the bad lots"),
        "characteristic": Word("检验项目，不合格即不良 · an inspected characteristic; failed is bad"),
        "value_from": Word("该项目从此值起为不良 · bad from this value on"),
        "with_period": Word("同时检验月份：是批次还是时期 · with the month beside the lots: lot or period?"),
        "stratified": Word("按产品分层 · within each product"),
        "confirmed": Word("以本案已确认的投诉项为不良 · bad are the case's confirmed items"),
        "confirmed_in": Word("以该调查已确认的投诉项为不良 · bad are that investigation's confirmed items"),
        # responsibility, references
        "root_cause_id": Word("根本原因的 id · the root cause's id"),
        "parties": Word("规则所称外部方的代码 · the outside parties, by the rules' words", {"supplier": "S-07"}),
        "party": Word("责任方 · the party"),
        "code": Word("企业自有代码 · code in your registers", "S-07"),
        "shares": Word("责任份额，合计 100 · shares, 100 in all"),
        "percent": Word("百分比；管理责任为空 · percent; none for management responsibility", "80"),
        "rule": Word("规则名 · the rule", "default"),
        "clause": Word("条款 · its clause", "R3"),
        "grounds": Word("理由 · the grounds", "该批来料检验合格，记录附后"),
        "private_note": Word("只有本方可见 · only the party itself can read it"),
        "answers": Word("答复了哪些异议方 · whose objections it answers"),
        "stage": Word("阶段 · stage"),
        "edition": Word("内部版或客户版 · for whom it is"),
        "language": Word("语言 · language"),
        "flow": Word("流程名 · name of the flow", "default"),
        "nodes": Word("节点，按流程顺序 · the nodes in their order"),
        "zh": Word("中文名 · its name in Chinese", "来料检验"),
        "en": Word("英文名 · its name in English", "Incoming inspection"),
        "system": Word("记录所在系统 · which system has its records"),
        "department": Word("责任部门代码 · code of the department", "quality"),
        "checks": Word("检验项目 · what is checked there", ["compression_set"]),
        "next": Word("后续节点 · the nodes that follow"),
        "mapping": Word("已发布的映射名 · name of a published mapping", "stock"),
        "dry_run": Word("只试运行，不写入 · only try; nothing is written"),
        "file": Word("文件 · the file"),
        # the CAPA
        "title": Word("标题 · title", "来料加严检验"),
        "owner": Word("负责人的不透明标识 · opaque id of who does it", "u-1024"),
        "due_date": Word("期限 · due date", "2026-03-31"),
        "criterion": Word("验收标准 · by what it counts as done", "连续三批零漏检"),
        "risk": Word("预防的风险 · the risk that it prevents"),
        "revises": Word("重新计划的被退回措施编号 · number of a returned action planned anew"),
        "completed_on": Word("完成日期 · day of completion", "2026-03-20"),
        "cut_in": Word("断点 · from when on it is in place"),
        "made_from": Word("生产日期起 · made from this day on", "2026-03-21"),
        "made_to": Word("生产日期止 · made until this day", "2026-06-30"),
        "met_criterion": Word("是否达到验收标准 · whether the criterion is met", True),
        "searched": Word("检索了什么 · what was searched", "同系列产品与同一供应商的来料"),
        "found": Word("发现的相似情况 · similar cases found"),
        "conclusion": Word("结论 · conclusion", "同系列 PC-6 存在相同风险，已纳入措施"),
        "updated": Word("是否更新 · whether they were updated", True),
        "documents": Word("更新的文件 · the documents updated", ["PFMEA-12 v4", "CP-12 v7"]),
        "baseline_ppm": Word("改进前，百万分之 · before, parts per million", "850"),
        "target_ppm": Word("目标，百万分之 · target, parts per million", "50"),
        "minimum_units": Word("至少生产多少件才可判断 · units that must be made before it is judged", 10_000),
        "lesson": Word("经验教训 · the lesson", "关键胶料变更必须报备并重新认可"),
        "keywords": Word("关键词 · keywords", ["O 形圈", "来料"]),
        "verdict": Word("判定 · verdict"),
    }
)


ELSEWHERE = frozenset(
    {
        *("answer", "answers", "batch", "code", "confirmed", "document", "field", "file", "flow", "found", "hours"),
        *("items", "kind", "level", "mapping", "name", "next", "nodes", "position", "row", "rule", "rules", "service"),
        *("stage", "subject", "title", "value", "words", "en", "zh", "what", "when", "updated", "until", "how"),
    }
)
"""Names that mean other things in answers."""


def explain(owner: str, schema: Json, *, is_body: bool) -> Json:
    """The object's schema with a text at every field that has none and that the glossary knows."""
    known = schema.get("properties", {})
    told = {
        name: field | _told(owner, name, field) if is_body or name not in ELSEWHERE else field
        for name, field in known.items()
    }
    return schema | {"properties": told} if known else schema


def _told(owner: str, name: str, field: Json) -> Json:
    if "description" in field:
        return {}
    first = field["anyOf"][0] if "anyOf" in field else field
    said = [word(owner, name).text, first.get("description") or words_of(first.get("enum", ()))]
    text = "。".join(filter(None, said))
    return {"description": text} if text else {}


def words_of(values: Sequence[Any]) -> str:
    """How the words of a closed vocabulary are said; nothing where one of them isn't of ours."""
    if not all(value in LABELS for value in values):
        return ""
    return "; ".join(f"`{value}` {' '.join(LABELS[value])}" for value in values)


def word(owner: str, field: str) -> Word:
    """Of a field of that body; without a text where the glossary doesn't know it."""
    return WORDS.get(f"{owner}.{field}") or WORDS.get(field) or Word("")

"""The field's closed vocabularies: the values as they stand in events, and how each is said in zh and en."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Channel = Literal["phone", "email", "web", "social", "chat", "import", "api", "erp", "internal"]
Severity = Literal["minor", "major", "critical", "safety"]
Scope = Literal["single", "lot", "multi_lot", "market"]
Priority = Literal["low", "normal", "high", "urgent"]
Harm = Literal["none", "property", "injury"]
Scenario = Literal["storage", "installation", "use", "transport"]
Resolution = Literal["repair", "replace", "refund", "explanation", "other"]
ClockName = Literal["acknowledgement", "first_response", "final_answer"]
ComplaintStatus = Literal[
    "registered", "acknowledged", "triaged", "handed_over", "outcome_known", "resolution_offered", "resolved", "closed"
]
Verification = Literal["confirmed", "not_confirmed", "ntf", "use_error"]
CheckAnswer = Literal["match", "mismatch", "missing"]
RecordSystem = Literal["MES", "WMS", "SRM"]
NodeStatus = Literal["unexamined", "examined", "suspect", "cleared", "reopened", "faulty"]
CauseLeg = Literal["occurrence", "escape", "systemic"]
CauseLevel = Literal["technical", "managerial", "systemic"]
CauseCategory = Literal["man", "machine", "material", "method", "environment", "measurement"]
Boundary = Literal["inside", "supplier", "carrier", "dealer", "customer_use", "external"]
PartyKind = Literal["department", "post", "supplier", "carrier", "dealer", "designer", "customer_use", "none"]
ShareKind = Literal["primary", "secondary", "management"]
InvestigationOutcome = Literal["root_cause_confirmed", "undetermined", "not_confirmed", "ntf", "use_error", "external"]
ReportStage = Literal["preliminary", "interim", "final"]
Edition = Literal["internal", "customer"]
SuspectVerdict = Literal["suspect", "lot_or_period", "not_significant"]
ActionKind = Literal["corrective", "preventive", "containment", "supplier_corrective"]
CutInKind = Literal["lot", "serial", "date"]
Effect = Literal["effective", "not_effective"]
RecurrenceVerdict = Literal["same_cause", "other_cause", "made_before"]

LABELS: Mapping[str, tuple[str, str]] = {
    # channel
    "phone": ("电话", "Phone"),
    "email": ("邮件", "Email"),
    "web": ("网页", "Web"),
    "social": ("社交媒体", "Social"),
    "chat": ("在线聊天", "Chat"),
    "import": ("导入", "Import"),
    "api": ("接口", "API"),
    "erp": ("ERP", "ERP"),
    "internal": ("内部", "Internal"),
    # severity, scope, priority
    "minor": ("轻微", "Minor"),
    "major": ("一般", "Major"),
    "critical": ("严重", "Critical"),
    "safety": ("安全", "Safety"),
    "single": ("单件", "Single"),
    "lot": ("批次", "Lot"),
    "multi_lot": ("多批次", "Several lots"),
    "market": ("市场", "Market"),
    "low": ("低", "Low"),
    "normal": ("普通", "Normal"),
    "high": ("高", "High"),
    "urgent": ("紧急", "Urgent"),
    # harm, scenario, resolution
    "none": ("无", "None"),
    "property": ("财产损失", "Property damage"),
    "injury": ("人身伤害", "Injury"),
    "storage": ("储存", "Storage"),
    "installation": ("安装", "Installation"),
    "use": ("使用", "Use"),
    "transport": ("运输", "Transport"),
    "repair": ("维修", "Repair"),
    "replace": ("更换", "Replacement"),
    "refund": ("退款", "Refund"),
    "explanation": ("解释说明", "Explanation"),
    "other": ("其他", "Other"),
    # clocks
    "acknowledgement": ("受理回执", "Acknowledgement"),
    "first_response": ("首次答复", "First response"),
    "final_answer": ("最终答复", "Final answer"),
    # complaint status
    "registered": ("已登记", "Registered"),
    "acknowledged": ("已受理", "Acknowledged"),
    "triaged": ("已初评", "Triaged"),
    "handed_over": ("已移交调查", "Handed over"),
    "outcome_known": ("调查已有结论", "Outcome known"),
    "resolution_offered": ("已提出解决方案", "Resolution offered"),
    "resolved": ("已解决", "Resolved"),
    "closed": ("已关闭", "Closed"),
    # verification, outcome
    "confirmed": ("确认属实", "Confirmed"),
    "not_confirmed": ("未确认", "Not confirmed"),
    "ntf": ("未发现故障", "No trouble found"),
    "use_error": ("使用不当", "Use error"),
    "root_cause_confirmed": ("根本原因已确认", "Root cause confirmed"),
    "undetermined": ("原因未明", "Undetermined"),
    "external": ("外部原因", "External"),
    # cross-check
    "match": ("一致", "Match"),
    "mismatch": ("不一致", "Mismatch"),
    "missing": ("缺失", "Missing"),
    "lot_exists": ("批次存在", "Lot exists"),
    "product_fits": ("产品相符", "Product fits the lot"),
    "made_before_failed": ("先生产后失效", "Made before it failed"),
    "production_date": ("生产日期", "Production date"),
    "shipped_to_customer": ("发给该客户", "Shipped to this customer"),
    "quantity_plausible": ("数量合理", "Quantity plausible"),
    "incoming_inspection": ("来料检验", "Incoming inspection"),
    "pass": ("合格", "Pass"),
    "fail": ("不合格", "Fail"),
    # what cut a walk through the genealogy short
    "depth": ("层数上限", "Limit of levels"),
    "breadth": ("数量上限", "Limit of lots"),
    # node status
    "unexamined": ("未排查", "Unexamined"),
    "examined": ("已排查", "Examined"),
    "suspect": ("可疑", "Suspect"),
    "cleared": ("已排除", "Cleared"),
    "reopened": ("重新打开", "Reopened"),
    "faulty": ("有故障", "Faulty"),
    # causes
    "occurrence": ("发生原因", "Occurrence"),
    "escape": ("流出原因", "Escape"),
    "systemic": ("体系原因", "Systemic"),
    "technical": ("技术层", "Technical"),
    "managerial": ("管理层", "Managerial"),
    "man": ("人", "Man"),
    "machine": ("机", "Machine"),
    "material": ("料", "Material"),
    "method": ("法", "Method"),
    "environment": ("环", "Environment"),
    "measurement": ("测", "Measurement"),
    "inside": ("内部", "Inside"),
    # the team, and departments as the default flow has them
    "champion": ("倡导者", "Champion"),
    "leader": ("组长", "Leader"),
    "production": ("生产", "Production"),
    "rd": ("研发", "R&D"),
    "purchasing": ("采购", "Purchasing"),
    "logistics": ("物流", "Logistics"),
    "quality": ("质量", "Quality"),
    "service": ("售后服务", "Service"),
    "warehouse": ("仓储", "Warehouse"),
    "production_manager": ("生产经理", "Production manager"),
    "purchasing_manager": ("采购经理", "Purchasing manager"),
    "quality_manager": ("质量经理", "Quality manager"),
    "warehouse_manager": ("仓储经理", "Warehouse manager"),
    "logistics_manager": ("物流经理", "Logistics manager"),
    # parties and shares
    "department": ("部门", "Department"),
    "post": ("岗位", "Post"),
    "supplier": ("供应商", "Supplier"),
    "carrier": ("承运商", "Carrier"),
    "dealer": ("经销商", "Dealer"),
    "designer": ("设计方", "Designer"),
    "customer_use": ("客户使用", "Customer use"),
    "primary": ("主要责任", "Primary"),
    "secondary": ("次要责任", "Secondary"),
    "management": ("管理责任", "Management"),
    # reports
    "preliminary": ("初步", "Preliminary"),
    "interim": ("中期", "Interim"),
    "final": ("最终", "Final"),
    "customer": ("客户版", "Customer edition"),
    # localisation
    "lot_or_period": ("批次或时段", "Lot or period"),
    "not_significant": ("不显著", "Not significant"),
    # actions
    "corrective": ("纠正措施", "Corrective"),
    "preventive": ("预防措施", "Preventive"),
    "containment": ("遏制措施", "Containment"),
    "supplier_corrective": ("供应商纠正措施", "Supplier corrective"),
    # where an action stands
    "planned": ("已计划", "Planned"),
    "approved": ("已批准", "Approved"),
    "returned": ("已退回", "Returned"),
    "started": ("进行中", "Started"),
    "completed": ("已完成", "Completed"),
    "verified": ("已验证", "Verified"),
    "not_met": ("未达标准", "Criterion not met"),
    "cancelled": ("已取消", "Cancelled"),
    # where a measure cuts in
    "serial": ("序列号", "Serial"),
    "date": ("日期", "Date"),
    # whether it worked
    "effective": ("有效", "Effective"),
    "not_effective": ("无效", "Not effective"),
    # what a suspected recurrence turned out to be
    "same_cause": ("同一原因", "Same cause"),
    "other_cause": ("其他原因", "Other cause"),
    "made_before": ("断点前生产", "Made before the cut-in"),
    # what has an id
    "complaint": ("投诉", "Complaint"),
    "attachment": ("附件", "Attachment"),
    "data_subject": ("个人数据主体", "Data subject"),
    "investigation": ("调查", "Investigation"),
    "process_flow": ("流程图", "Process flow"),
    "mapping": ("映射", "Mapping"),
    "why": ("问题", "Why"),
    "cause": ("原因", "Cause"),
    "root_cause": ("根本原因", "Root cause"),
    "report": ("追溯报告", "Report"),
    "capa": ("CAPA", "CAPA"),
    "action": ("措施", "Action"),
    "recurrence": ("疑似复发", "Suspected recurrence"),
    # what is cited as evidence
    "event": ("事件", "Event"),
    "fact": ("事实记录", "Fact"),
    "blob": ("文件", "File"),
    # what needs evidence, or was raised
    "ruling_out": ("排除原因", "Ruling out a cause"),
    "clearing": ("排除节点", "Clearing a node"),
    "verification": ("信息验证", "Verification"),
    "objection": ("异议", "Objection"),
    "appeal": ("申诉", "Appeal"),
    # what else is waited for
    "token_issuer": ("令牌签发方", "Token issuer"),
}


def label(value: str, language: str) -> str:
    """How a vocabulary's value is said; the value itself where it has no label (a tenant's own code)."""
    pair = LABELS.get(value)
    if pair is None:
        return value
    return pair[0] if language.startswith("zh") else pair[1]


def spoken(value: object, language: str) -> str:
    """A word as it is said within a sentence, several as a list; what is no word of the vocabularies as it is."""
    zh = language.startswith("zh")
    if isinstance(value, (tuple, list)):
        return ("、" if zh else ", ").join(spoken(each, language) for each in value)
    said = label(str(value), language)
    return said if zh or said.isupper() or str(value) not in LABELS else said.lower()

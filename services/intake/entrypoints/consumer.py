"""Complaints that other systems send: bytes to commands, and nothing else."""

from __future__ import annotations

from pydantic import TypeAdapter

from services.intake.application.handlers import IntakeHandlers
from services.intake.entrypoints.bodies import RegisterBody, content_sums
from services.intake.entrypoints.http import STAFF
from shared.adapters.http.json_guard import checked
from shared.adapters.messages import Message, MessageRule
from shared.kernel.ids import new_id
from shared.kernel.ports import Context

COMPLAINT_TYPE = "suyuan.complaint.v1"
FORM: TypeAdapter[RegisterBody] = TypeAdapter(RegisterBody)


def complaints(handlers: IntakeHandlers) -> MessageRule:
    """The data is the form of `POST /api/v1/complaints`; received when it came to its topic, unless it says when."""

    async def take(context: Context, message: Message) -> bool:
        data = message.event.data
        form = checked(FORM, data)
        if form.received_at is None:
            form = form.model_copy(update={"received_at": message.at})
        sums = content_sums(message.mac, context.tenant, data)
        sla = await handlers.sla(context.tenant)
        command = form.command(new_id(), new_id(), context.now, sla, sums)
        handled = await handlers.register(context, command, context.command_id)
        return bool(handled.events)

    return MessageRule("complaints", COMPLAINT_TYPE, "投诉登记 · A complaint to register", STAFF, take, RegisterBody)

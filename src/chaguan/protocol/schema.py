"""The machine-readable form of the wire: JSON Schema, and the TypeScript made from it. Both are committed."""

import json
from typing import Any

import msgspec

from chaguan.protocol import commands as c
from chaguan.protocol import contact, notes, pushes, replies
from chaguan.protocol.audit import AuditAction
from chaguan.protocol.callbacks import Callback, Callbacks
from chaguan.protocol.content import Content
from chaguan.protocol.desk import Agent, Waiting
from chaguan.protocol.entries import Entry
from chaguan.protocol.errors import ErrorCode
from chaguan.protocol.ratings import Rating
from chaguan.protocol.service import Service
from chaguan.protocol.suggestions import SuggestedAnswers

REPLY_OF: dict[type[msgspec.Struct], type[msgspec.Struct] | None] = {
    c.Hello: replies.Welcome,
    c.Resume: replies.Welcome,
    c.Heartbeat: None,
    c.SendMessage: replies.Sent,
    c.ForwardMessages: replies.Forwarded,
    c.EditMessage: replies.Appended,
    c.RecallMessage: replies.Appended,
    c.SetReaction: replies.Appended,
    c.MarkRead: None,
    c.SetTyping: None,
    c.ListConversations: replies.ConversationPage,
    c.GetConversation: replies.Opened,
    c.CloseConversation: None,
    c.GetHistory: replies.History,
    c.GetMessages: replies.History,
    c.PullEntries: replies.ConversationSync,
    c.CreateDirect: replies.Opened,
    c.CreateGroup: replies.Opened,
    c.OpenService: replies.Opened,
    c.ListMembers: replies.MemberPage,
    c.AddMembers: replies.Appended,
    c.RemoveMember: replies.Appended,
    c.SetMemberRole: replies.Appended,
    c.UpdateConversation: replies.Appended,
    c.UpdateInbox: replies.InboxChanged,
    c.SearchMessages: replies.SearchPage,
    c.GetUsers: replies.Users,
    c.ListContacts: replies.Users,
    c.SetBlock: None,
    c.ReportUser: None,
    c.WatchPresence: replies.Presences,
    c.WatchDesk: replies.Desk,
    c.WatchWall: replies.WallReply,
    c.SetCaseTags: replies.CaseReply,
    c.TakeCase: replies.CaseReply,
    c.ResolveCase: replies.CaseReply,
    c.ReopenCase: replies.CaseReply,
    c.ListCases: replies.CaseList,
    c.GetWechatContact: contact.WechatContact,
    c.TransferCase: replies.CaseReply,
    c.OpenCase: replies.CaseReply,
    c.GetCaseHistory: replies.CaseHistory,
    c.SetAgentState: Agent,
    c.GetWaiting: Waiting,
    c.GetService: Service,
    c.SuggestAnswers: SuggestedAnswers,
    c.RateCase: Rating,
    c.LeaveLine: replies.CaseReply,
    c.LeaveMessage: Callback,
    c.ListCallbacks: Callbacks,
    c.TakeCallback: replies.CaseReply,
    c.GetCustomerContext: replies.CustomerContext,
    c.WriteNote: notes.Noted,
    c.EditNote: notes.Noted,
    c.RemoveNote: notes.Noted,
    c.ListNotes: notes.Notes,
    c.WatchNotes: notes.Notes,
    c.TypeNote: None,
    c.ListMentions: notes.Mentions,
    c.ReadMentions: notes.Mentions,
    c.ActOnCard: replies.Appended,
    c.SearchNotes: notes.FoundNotes,
}
"""What `ok` holds for each command; None: null."""


def json_schema() -> dict[str, Any]:
    roots = {
        "Command": c.Command,
        "Push": pushes.Push,
        "Entry": Entry,
        "Content": Content,
        "Reply": replies.Reply,
    }
    answers = [kind for kind in dict.fromkeys(REPLY_OF.values()) if kind is not None]
    schemas, definitions = msgspec.json.schema_components(
        [*roots.values(), *answers, AuditAction], ref_template="#/$defs/{name}"
    )
    named = {name: schema for name, schema in zip(roots, schemas, strict=False) if "$ref" not in schema}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Chaguan protocol",
        "version": c.PROTOCOL_VERSION,
        "replies": {_tag(command): answer and answer.__name__ for command, answer in REPLY_OF.items()},
        "errors": [code.value for code in ErrorCode],
        "$defs": dict(sorted({**definitions, **named}.items())),
    }


def json_text() -> str:
    return json.dumps(json_schema(), ensure_ascii=False, indent=1) + "\n"


def typescript_text() -> str:
    schema = json_schema()
    lines = [
        "// Generated from the server's Structs by `chaguan schema`; do not edit.",
        "",
        f"export const PROTOCOL_VERSION = {schema['version']}",
        "",
    ]
    for name, definition in schema["$defs"].items():
        lines += [*_comment(definition), _declaration(name, definition), ""]
    lines.append("/** What `ok` of the reply holds, by the command's `type`. */")
    lines.append("export interface Replies {")
    lines += [f"  {tag}: {answer or 'null'}" for tag, answer in schema["replies"].items()]
    lines += ["}", ""]
    return "\n".join(lines)


def _tag(struct: type[msgspec.Struct]) -> str:
    return str(struct.__struct_config__.tag)


def _comment(definition: dict[str, Any], indent: str = "") -> list[str]:
    text = definition.get("description", "")
    if not text:
        return []
    body = [line.strip() for line in text.strip().splitlines()]
    if len(body) == 1:
        return [f"{indent}/** {body[0]} */"]
    return [f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in body), f"{indent} */"]


def _declaration(name: str, definition: dict[str, Any]) -> str:
    if definition.get("type") == "object" and "properties" in definition:
        return f"export interface {name} {_object(definition)}"
    return f"export type {name} = {_type(definition)}"


def _object(definition: dict[str, Any]) -> str:
    required = set(definition.get("required", []))
    fields = [
        f"  {name}{'' if name in required else '?'}: {_type(schema)}"
        for name, schema in definition["properties"].items()
    ]
    return "\n".join(["{", *fields, "}"])


_SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(option) for option in schema["anyOf"]))
    if schema.get("type") == "array":
        return _array(schema)
    if schema.get("type") == "object":
        values = schema.get("additionalProperties")
        return f"Record<string, {_type(values) if isinstance(values, dict) else 'unknown'}>"
    return _SIMPLE.get(schema.get("type", ""), "unknown")


def _array(schema: dict[str, Any]) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(_type(item) for item in schema['prefixItems'])}]"
    items = schema.get("items")
    inner = _type(items) if isinstance(items, dict) else "unknown"
    return f"({inner})[]" if "|" in inner else f"{inner}[]"

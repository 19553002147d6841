"""The names of what is written into the audit record. Whoever shows the record has words for each."""

from enum import StrEnum


class AuditAction(StrEnum):
    """What an administrator did. A reader that meets another name shows the name."""

    staff_invited = "staff_invited"
    staff_changed = "staff_changed"
    staff_reset = "staff_reset"
    device_revoked = "device_revoked"
    shop_created = "shop_created"
    shop_changed = "shop_changed"
    app_created = "app_created"
    app_changed = "app_changed"
    app_secret_rotated = "app_secret_rotated"  # noqa: S105
    key_created = "key_created"
    key_rotated = "key_rotated"
    key_revoked = "key_revoked"
    reports_read = "reports_read"
    queue_created = "queue_created"
    queue_changed = "queue_changed"
    queue_removed = "queue_removed"
    desk_changed = "desk_changed"
    agent_changed = "agent_changed"
    reply_created = "reply_created"
    reply_changed = "reply_changed"
    reply_removed = "reply_removed"
    replies_imported = "replies_imported"
    notify_changed = "notify_changed"
    robot_created = "robot_created"
    robot_changed = "robot_changed"
    robot_removed = "robot_removed"
    faq_changed = "faq_changed"
    faq_removed = "faq_removed"
    faq_imported = "faq_imported"
    bot_changed = "bot_changed"
    closing_changed = "closing_changed"

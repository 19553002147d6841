"""The verbs, and classes of verbs, that do not begin with access, each with its reason. Unused ones are reported."""

_LIFE = "starts or ends the process's own work; no caller's request reaches it"
_INNER = "works for a verb that has decided access already and hands over what it found"
_OWN = "reads the caller's own rows only, by caller.user_id"

# "<domain>.<Class>", "<domain>.<Class>.<method>" or "<domain>.<function>" -> why.
EXCEPTIONS: dict[str, str] = {
    "accounts.Authenticator": "finds out who the caller is; there is none before",
    "accounts.Directory": "names and pictures of users whose id the asking verb has found where it may look",
    "accounts.KnownApps": "what a token is verified with, before there is a caller",
    "accounts.Passwords": "computes; knows no user",
    "accounts.SeenDevices.flush": _LIFE,
    "accounts.open_accounts": _LIFE,
    "accounts.open_secrets": _LIFE,
    "desk.DeskService.caught_up": _LIFE,
    "desk.DeskService.open_for": "an API key's scope decides, in the first line",
    "desk.DeskService.open_service": "customers open their own; for another customer access_desk decides, in a branch",
    "desk.DeskService.speak": "an API key's scope decides, in the first line",
    "desk.DeskService.start": _LIFE,
    "desk.DeskService.stop": _LIFE,
    "media.Decoders": "computes; knows no user",
    "messaging.Conversations.page": _OWN,
    "messaging.Feed": _LIFE,
    "messaging.Log.append": _INNER,
    "messaging.LogWriter.flush": _LIFE,
    "messaging.Marks.flush": _LIFE,
    "messaging.Marks.flush_and_note": _LIFE,
    "messaging.Marks.keep_flushing": _LIFE,
    "messaging.Marks.recover": _LIFE,
    "messaging.Members.join": _INNER,
    "messaging.Members.leave": _INNER,
    "messaging.Messages.notice": _INNER,
    "messaging.Messages.post": _INNER,
    "messaging.Messaging": _LIFE,
    "messaging.Rooms.room": _INNER,
    "messaging.Safety.report": "anyone may report anyone; the conversation it names is accessed before anything is kept",
    "messaging.Safety.set_block": "writes the caller's own list; anyone may block anyone",
    "messaging.Sync.catch_up": _OWN + "; each known conversation is accessed as it is filled",
    "messaging.Sync.topics": _OWN,
    "messaging.Views": _INNER,
}

"""A Chaguan client, written from docs/reference/protocol.md alone: client.py http://127.0.0.1:8080 chat.json TOKEN

It shows a customer's service conversation: each line typed is sent, each message is printed once. What it holds is
kept in the file, so it may be killed at any moment and goes on where it was. Needs Python 3.11 and `websockets`.
"""

import asyncio
import json
import random
import sys
import time
import uuid
from pathlib import Path

import websockets


class Refused(Exception):
    """The error of a reply: {code, detail, data}."""


class Client:
    HEARTBEAT_S, SILENCE_S, RESUME_S = 30, 45, 300

    def __init__(self, url, path, token):
        self.url, self.path, self.token = url, path, token
        self.device, self.outbox = "py-" + uuid.uuid4().hex[:12], []
        self.forget(None)
        if path.exists():
            self.__dict__.update(json.loads(path.read_text()))
        self.attempt, self.command_id, self.typed = 0, 0, asyncio.Event()

    def forget(self, epoch):
        self.epoch, self.version, self.room, self.held, self.messages = epoch, 0, "", 0, {}

    def save(self):
        names = ("device", "outbox", "epoch", "version", "room", "held", "messages")
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps({name: getattr(self, name) for name in names}, ensure_ascii=False))
        new.replace(self.path)

    async def run(self):
        while True:
            wait_s, self.attempt = random.uniform(0.5, 1) * min(30, 2**self.attempt), self.attempt + 1
            try:
                async with websockets.connect(self.url, compression=None, max_size=None) as socket:
                    await self.live(socket)
            except websockets.ConnectionClosed as closed:
                code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
                if code >= 4500 or code == 4003:
                    sys.exit(f"closed for good, or until there is a fresh token: {code} {reason}")
                wait_s = int(reason) / 1000 if code == 4000 else wait_s
            except (OSError, TimeoutError, websockets.InvalidHandshake, Refused) as error:
                print("! no connection:", error, file=sys.stderr)
            await asyncio.sleep(wait_s)

    async def live(self, socket):
        self.socket, self.replies, self.wanted = socket, {}, 0
        self.heard = self.spoke = time.monotonic()
        self.tasks = {asyncio.create_task(each) for each in (self.read(), self.beat(), self.talk())}
        try:
            done, _ = await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)
            done.pop().result()
        finally:
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)

    def start(self, work):
        self.tasks.add(asyncio.create_task(work))  # kept until the connection ends, which also cancels it

    async def read(self):
        while True:
            frame = json.loads(await self.socket.recv())
            self.heard = time.monotonic()
            for item in frame if isinstance(frame, list) else [frame]:
                if item["type"] == "reply":
                    self.replies.pop(item["id"]).set_result(item)
                elif item["type"] == "resume_needed":
                    self.start(self.catch_up("resume"))
                elif item.get("conversation_id") == self.room and "seq" in item:
                    self.apply(item)
            self.save()

    async def beat(self):
        resumed = time.monotonic()
        while time.monotonic() - self.heard < self.SILENCE_S:
            await asyncio.sleep(1)
            if time.monotonic() - self.spoke >= self.HEARTBEAT_S:
                self.start(self.ask("heartbeat"))
            if time.monotonic() - resumed >= self.RESUME_S:
                resumed = time.monotonic()
                self.start(self.catch_up("resume"))
        raise TimeoutError("silence")

    async def ask(self, type, **fields):
        self.command_id += 1
        reply = self.replies[self.command_id] = asyncio.get_running_loop().create_future()
        self.spoke = time.monotonic()
        await self.socket.send(json.dumps({"type": type, "id": self.command_id, **fields}))
        if "error" in (answer := await reply):
            raise Refused(answer["error"])
        return answer.get("ok")

    async def talk(self):
        await self.catch_up("hello", protocol=1, token=self.token, device_id=self.device, platform="python")
        self.attempt = 0
        if not self.room:
            room = (await self.ask("open_service"))["view"]["conversation"]["id"]
            history = await self.ask("get_history", conversation_id=room)
            self.start_log(room, history.get("head_seq", 0), history["messages"])
        while True:
            self.typed.clear()
            for message in list(self.outbox):
                await self.send(message)
            await self.typed.wait()

    async def catch_up(self, type, **fields):
        known = [[self.room, self.held]] if self.room else []
        welcome = await self.ask(type, epoch=self.epoch, user_version=self.version, known=known, **fields)
        if self.epoch != welcome["epoch"]:
            self.forget(welcome["epoch"])
        self.version = welcome["user_version"]
        for sync in welcome.get("syncs", []):
            self.apply_sync(sync)
        if self.room in welcome.get("pending", []):
            self.pull(self.held + 1)
        self.save()

    async def send(self, message):
        try:
            await self.ask("send_message", conversation_id=self.room, **message)
        except Refused as refused:
            error = refused.args[0]
            if error["code"] in ("rate_limited", "unavailable", "timeout", "internal"):
                await asyncio.sleep(error.get("data", {}).get("retry_after_ms", 1000) / 1000)
                return self.typed.set()  # it stays in the outbox, with its key, and is sent again
            print("! not sent:", error["code"], flush=True)
        self.outbox.remove(message)
        return self.save()

    def apply(self, entry):
        seq, target = entry["seq"], self.messages.get(str(entry.get("target_seq")))
        if seq > self.held + 1:
            self.pull(seq)  # a gap; what is pulled includes this entry
        elif seq == self.held + 1:
            self.held = seq
            if entry["type"] == "message_sent":
                self.store(entry)
            elif target and seq > target.get("changed_seq", 0):
                target["changed_seq"] = seq
                if entry["type"] in ("message_edited", "message_recalled"):
                    target["content"] = entry.get("content")

    def apply_sync(self, sync):
        if sync.get("reset"):
            return self.start_log(
                self.room if sync["head_seq"] else "", sync["head_seq"], sync.get("entries", [])
            )
        for entry in sync.get("entries", []):
            self.apply(entry)
        return self.pull(sync["head_seq"]) if sync.get("more") else None

    def pull(self, until):
        is_pulling, self.wanted = self.wanted > self.held, max(self.wanted, until)
        if not is_pulling:
            self.start(self.pull_all())

    async def pull_all(self):
        while self.held < self.wanted:
            self.apply_sync(await self.ask("pull_entries", conversation_id=self.room, after_seq=self.held))
            self.save()

    def start_log(self, room, head, messages):
        self.room, self.held, self.messages = room, head, {}
        for message in messages:
            self.store(message)

    def store(self, message):
        self.messages[str(message["seq"])] = message
        content = message.get("content") or {"text": "(recalled)"}
        shown = content.get("text") or content.get("fallback") or content["type"]
        print(f"#{message['seq']} {message['sender_id']}: {shown}", flush=True)

    def type(self, line):
        self.outbox.append({"client_msg_id": str(uuid.uuid4()), "content": {"type": "text", "text": line}})
        self.save()
        self.typed.set()


async def main(base, path, token):
    client = Client(base.replace("http", "ws", 1) + "/v1/ws", Path(path), token)
    running = asyncio.create_task(client.run())
    while line := await asyncio.to_thread(sys.stdin.readline):
        client.type(line.rstrip("\n"))
    await running


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

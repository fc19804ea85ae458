"""Telethon, unmodified except for address and key, against the sandbox.

usage: telethon_client.py READY_LINE_JSON
Each step prints one JSON line: {"step": ..., "ok": true} or {"step": ..., "ok": false, "error": ...}.
"""

import asyncio
import hashlib
import io
import json
import os
import sys
import traceback
import urllib.request

from telethon import TelegramClient, events, functions, types
from telethon.crypto import rsa
from telethon.errors import PhoneNumberUnoccupiedError, SessionPasswordNeededError
from telethon.sessions import MemorySession

READY = json.loads(sys.argv[1])
ADMIN = READY.get("admin")
DC = READY["dcs"][0]
# Test numbers: the sixth digit, five times, is the code.
ALICE, BOB, CAROL = "9996610001", "9996620002", "9996630003"


def code_of(phone):
    return phone[5] * 5


def admin(path, body=None):
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"http://{ADMIN}{path}", data=data, headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def client(session=None, catch_up=False):
    session = session or MemorySession()
    made = TelegramClient(session, 1, "hash", connection_retries=3, request_retries=2, timeout=10, catch_up=catch_up)
    if not session.auth_key:
        host, port = DC["address"].rsplit(":", 1)
        made.session.set_dc(DC["id"], host, int(port))
    return made


async def sign_up(phone, name):
    made = client()
    await made.connect()
    sent = await made.send_code_request(phone)
    try:
        await made.sign_in(phone, code_of(phone), phone_code_hash=sent.phone_code_hash)
    except PhoneNumberUnoccupiedError:
        pass  # Telethon 1.45 signs nobody up; the raw method below does.
    if not await made.is_user_authorized():
        result = await made(functions.auth.SignUpRequest(phone, sent.phone_code_hash, name, ""))
        await made._on_login(result.user)
    return made


async def step_key_exchange(state):
    made = client()
    await made.connect()
    await made(functions.help.GetConfigRequest())
    await made.disconnect()


async def step_sign_in_by_code(state):
    state["alice"] = await sign_up(ALICE, "Alice")
    state["bob"] = await sign_up(BOB, "Bob")
    await state["alice"](functions.account.UpdateUsernameRequest("alice_t"))
    await state["bob"](functions.account.UpdateUsernameRequest("bob_t"))
    me = await state["alice"].get_me()
    assert me.first_name == "Alice", me


async def step_sign_in_by_password(state):
    carol = await sign_up(CAROL, "Carol")
    await carol.edit_2fa(new_password="correct horse", hint="battery")
    again = client()
    await again.connect()
    sent = await again.send_code_request(CAROL)
    try:
        await again.sign_in(CAROL, code_of(CAROL), phone_code_hash=sent.phone_code_hash)
        raise AssertionError("no password was asked for")
    except SessionPasswordNeededError:
        pass
    await again.sign_in(password="correct horse")
    assert (await again.get_me()).first_name == "Carol"
    await again.disconnect()
    await carol.disconnect()


async def step_bot_sign_in(state):
    token = admin("/bots", {"name": "Echo", "username": "echo_t_bot"})["token"]
    bot = client()
    await bot.start(bot_token=token)
    assert (await bot.get_me()).bot
    got = asyncio.get_running_loop().create_future()

    @bot.on(events.NewMessage(incoming=True))
    async def echo(event):
        await event.respond(event.raw_text)
        if not got.done():
            got.set_result(event.raw_text)

    await state["alice"].send_message("echo_t_bot", "are you there?")
    assert await asyncio.wait_for(got, 10) == "are you there?"
    for _ in range(50):
        last = await state["alice"].get_messages("echo_t_bot", limit=1)
        if not last[0].out:
            break
        await asyncio.sleep(0.1)
    assert last[0].raw_text == "are you there?" and not last[0].out
    await bot.disconnect()


async def step_send_edit_delete(state):
    alice, bob = state["alice"], state["bob"]
    sent = await alice.send_message("bob_t", "hello **Bob**")
    assert sent.id > 0
    edited = await alice.edit_message("bob_t", sent.id, "hello again")
    assert edited.raw_text == "hello again"
    seen = await bob.get_messages("alice_t", limit=1)
    assert seen[0].raw_text == "hello again", seen
    await alice.delete_messages("bob_t", [sent.id], revoke=True)
    assert not [m for m in await bob.get_messages("alice_t", limit=5) if m.raw_text == "hello again"]


async def step_history_and_dialogs(state):
    alice, bob = state["alice"], state["bob"]
    for n in range(120):
        await alice.send_message("bob_t", f"line {n}")
    texts = [m.raw_text async for m in bob.iter_messages("alice_t", limit=120)]
    assert texts == [f"line {n}" for n in reversed(range(120))], texts[:3]
    dialogs = [d async for d in bob.iter_dialogs()]
    assert any(d.name == "Alice" for d in dialogs), dialogs
    found = [m.raw_text async for m in bob.iter_messages("alice_t", search="line 77")]
    assert found == ["line 77"], found


async def step_files_12_mib(state):
    alice, bob = state["alice"], state["bob"]
    content = os.urandom(12 * 1024 * 1024)
    stream = io.BytesIO(content)
    stream.name = "random.bin"
    sent = await alice.send_file("bob_t", stream, force_document=True)
    assert sent.document.size == len(content)
    message = (await bob.get_messages("alice_t", limit=1))[0]
    got = await bob.download_media(message, file=bytes)
    assert hashlib.sha256(got).digest() == hashlib.sha256(content).digest()


async def step_updates_in_second_session(state):
    alice, bob = state["alice"], state["bob"]
    second = client()
    await second.connect()
    sent = await second.send_code_request(BOB)
    await second.sign_in(BOB, code_of(BOB), phone_code_hash=sent.phone_code_hash)
    got = asyncio.get_running_loop().create_future()

    @second.on(events.NewMessage)
    async def handler(event):
        if event.raw_text == "for both" and not got.done():
            got.set_result(event.raw_text)

    await second.catch_up()
    await alice.send_message("bob_t", "for both")
    await asyncio.wait_for(got, 10)
    state["bob2_client"] = second


async def step_catch_up_after_offline(state):
    alice, second = state["alice"], state["bob2_client"]
    await second.get_dialogs()
    session = second.session
    await second.disconnect()
    for n in range(5):
        await alice.send_message("bob_t", f"offline {n}")
    back = client(session, catch_up=True)
    got = []

    @back.on(events.NewMessage)
    async def handler(event):
        got.append(event.raw_text)

    await back.connect()
    await back.get_me()
    for _ in range(100):
        if len(got) >= 5:
            break
        await asyncio.sleep(0.1)
    assert [t for t in got if t.startswith("offline")] == [f"offline {n}" for n in range(5)], got
    await back.disconnect()


async def step_group(state):
    alice, bob = state["alice"], state["bob"]
    await alice(functions.messages.CreateChatRequest(users=["bob_t"], title="Interop group"))
    group = next(d for d in await alice.get_dialogs() if d.name == "Interop group")
    await alice.send_message(group.entity, "hello group")
    for _ in range(50):
        theirs = [d for d in await bob.get_dialogs() if d.name == "Interop group"]
        if theirs:
            break
        await asyncio.sleep(0.1)
    texts = [m.raw_text async for m in bob.iter_messages(theirs[0].entity, limit=10)]
    assert "hello group" in texts, texts
    people = await alice.get_participants(group.entity)
    assert len(people) == 2, people


async def step_channel(state):
    alice, bob = state["alice"], state["bob"]
    made = await alice(functions.channels.CreateChannelRequest(title="Interop channel", about="", broadcast=True))
    channel = made.chats[0]
    await alice(functions.channels.UpdateUsernameRequest(channel, "interop_channel"))
    await alice.send_message(channel, "first post")
    await bob(functions.channels.JoinChannelRequest("interop_channel"))
    got = asyncio.get_running_loop().create_future()

    @bob.on(events.NewMessage(chats="interop_channel"))
    async def handler(event):
        if not got.done():
            got.set_result(event.raw_text)

    await alice.send_message(channel, "second post")
    assert await asyncio.wait_for(got, 10) == "second post"
    texts = [m.raw_text async for m in bob.iter_messages("interop_channel", limit=10)]
    assert "first post" in texts and "second post" in texts, texts


STEPS = [
    step_key_exchange,
    step_sign_in_by_code,
    step_sign_in_by_password,
    step_bot_sign_in,
    step_send_edit_delete,
    step_history_and_dialogs,
    step_files_12_mib,
    step_updates_in_second_session,
    step_catch_up_after_offline,
    step_group,
    step_channel,
]


async def main():
    with open(READY["rsa_key"]) as pem:
        rsa.add_key(pem.read(), old=False)
    state, failed = {}, 0
    for step in STEPS:
        name = step.__name__.removeprefix("step_")
        try:
            await asyncio.wait_for(step(state), 120)
            print(json.dumps({"client": "telethon", "step": name, "ok": True}), flush=True)
        except BaseException as error:
            failed += 1
            traceback.print_exc(file=sys.stderr)
            print(json.dumps({"client": "telethon", "step": name, "ok": False, "error": f"{type(error).__name__}: {error}"}), flush=True)
    for made in state.values():
        if isinstance(made, TelegramClient) and made.is_connected():
            await made.disconnect()
    sys.exit(1 if failed else 0)


asyncio.run(main())

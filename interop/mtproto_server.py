"""Our client against another author's server end: the package `mtproto` in server role, with TL objects of Telethon's.

usage: mtproto_server.py COMMAND
COMMAND, the `quadruplex` binary, makes a call over each framing, plain and obfuscated, each time with a key exchange of its own.
Each step prints one JSON line: {"step": ..., "ok": true} or {"step": ..., "ok": false, "error": ...}.
"""

import asyncio
import gzip
import json
import os
import secrets
import struct
import sys
import tempfile
import time
import traceback
from hashlib import sha1, sha256

import rsa
from mtproto import ConnectionRole
from mtproto.crypto import ige256_decrypt, ige256_encrypt
from mtproto.session import Session
from mtproto.session.messages import Data, NeedAuthkey, NewSession, UnencryptedData
from mtproto.session.service_messages.future_salt import FutureSalt
from mtproto.session.service_messages.future_salts import FutureSalts
from mtproto.transport.packets import EncryptedMessagePacket
from telethon.extensions import BinaryReader
from telethon.tl import TLObject, functions, types

COMMAND = sys.argv[1]


def decrypt(packet, *arguments):
    packet.encrypted_data = packet.encrypted_data[: len(packet.encrypted_data) // 16 * 16]
    return package_decrypt(packet, *arguments)


# The package takes a padding of at most 3 bytes off the padded framing; https://core.telegram.org/mtproto/mtproto-transports allows 15.
package_decrypt = EncryptedMessagePacket.decrypt
EncryptedMessagePacket.decrypt = decrypt
KEY = rsa.newkeys(2048)[1]
FINGERPRINT = int.from_bytes(
    sha1(b"".join(TLObject.serialize_bytes(n.to_bytes((n.bit_length() + 7) // 8, "big")) for n in (KEY.n, KEY.e))).digest()[-8:],
    "little",
    signed=True,
)
# https://core.telegram.org/mtproto/auth_key: the prime that Telegram uses.
DH_PRIME = int(
    "C71CAEB9C6B1C9048E6C522F70F13F73980D40238E3E21C14934D037563D930F48198A0AA7C14058229493D22530F4DBFA336F6E0AC925139543AED44CCE7C37"
    "20FD51F69458705AC68CD4FE6B6B13ABDC9746512969328454F18FAF8C595F642477FE96BB2A941D5BCD1D4AC8CC49880708FA9B378E3C4F3A9060BEE67CF9A4"
    "A4A695811051907E162753B56B0F6B410DBA74D8A84B2A14B3144E0EF1284754FD17ED950D5965B4B9DD46582DB1178D169C6BC465B0D6FF9CA3928FEF5B9AE4"
    "E418FC15E83EBEA0F87FA9FF5EED70050DED2849F47BF959D956850CE929851F0D8115F635B105EE2E4E15D04B2454BF6F4FADF034B10403119CD8E3B92FCC5B",
    16,
)
PING, PING_DELAY_DISCONNECT, GET_FUTURE_SALTS = 0x7ABE77EC, 0xF3427B8C, 0xB921BD04
GZIP_PACKED, RPC_RESULT = 0x3072CFA1, 0xF35C6D01
P, Q = 1_229_739_323, 1_402_015_859
FRAMINGS = [("abridged", False), ("intermediate", False), ("padded", False), ("full", False)]
FRAMINGS += [(name, True) for name, _ in FRAMINGS[:3]]
# What the package calls them.
TYPES = {"padded": "padded-intermediate"}


def int128(value):
    return value.to_bytes(16, "little", signed=True)


def as_int(data):
    return int.from_bytes(data, "little", signed=True)


def big(value, length=None):
    return value.to_bytes(length or (value.bit_length() + 7) // 8, "big")


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


class KeyExchange:
    """The server's half of https://core.telegram.org/mtproto/auth_key."""

    def __init__(self):
        self.server_nonce = as_int(secrets.token_bytes(16))
        self.a = secrets.randbits(2048)
        self.auth_key = self.salt = None

    def handle(self, data):
        request = BinaryReader(data).tgread_object()
        if isinstance(request, functions.ReqPqMultiRequest):
            return types.ResPQ(request.nonce, self.server_nonce, big(P * Q), [FINGERPRINT])
        assert request.server_nonce == self.server_nonce
        if isinstance(request, functions.ReqDHParamsRequest):
            return self.dh_params(request)
        return self.dh_answer(request)

    def dh_params(self, request):
        assert request.public_key_fingerprint == FINGERPRINT
        assert (request.p, request.q) == (big(P), big(Q))
        inner = BinaryReader(self.rsa_unpad(request.encrypted_data)).tgread_object()
        assert inner.nonce == request.nonce and inner.server_nonce == self.server_nonce and inner.pq == big(P * Q)
        new_nonce = inner.new_nonce.to_bytes(32, "little", signed=True)
        server_nonce = int128(self.server_nonce)
        hashes = [sha1(part).digest() for part in (new_nonce + server_nonce, server_nonce + new_nonce, new_nonce + new_nonce)]
        self.new_nonce = new_nonce
        self.key, self.iv = hashes[0] + hashes[1][:12], hashes[1][12:] + hashes[2] + new_nonce[:4]
        self.salt = xor(new_nonce[:8], server_nonce[:8])
        answer = types.ServerDHInnerData(
            request.nonce, self.server_nonce, 3, big(DH_PRIME), big(pow(3, self.a, DH_PRIME)), int(time.time())
        )
        data = bytes(answer)
        data = sha1(data).digest() + data
        data += os.urandom(-len(data) % 16)
        return types.ServerDHParamsOk(request.nonce, self.server_nonce, ige256_encrypt(data, self.key, self.iv))

    @staticmethod
    def rsa_unpad(encrypted):
        plain = big(pow(int.from_bytes(encrypted, "big"), KEY.d, KEY.n), 256)
        temp_key = xor(plain[:32], sha256(plain[32:]).digest())
        with_hash = ige256_decrypt(plain[32:], temp_key, bytes(32))
        data = with_hash[:192][::-1]
        assert sha256(temp_key + data).digest() == with_hash[192:], "RSA_PAD"
        return data

    def dh_answer(self, request):
        decrypted = ige256_decrypt(request.encrypted_data, self.key, self.iv)
        reader = BinaryReader(decrypted[20:])
        inner = reader.tgread_object()
        assert sha1(decrypted[20 : 20 + reader.tell_position()]).digest() == decrypted[:20], "the hash of client_DH_inner_data"
        self.auth_key = big(pow(int.from_bytes(inner.g_b, "big"), self.a, DH_PRIME), 256)
        new_nonce_hash = sha1(self.new_nonce + b"\x01" + sha1(self.auth_key).digest()[:8]).digest()[4:]
        return types.DhGenOk(request.nonce, self.server_nonce, as_int(new_nonce_hash))


class Server:
    """One framing's server: it exchanges a key and answers help.getConfig."""

    def __init__(self):
        self.seen = set()
        self.calls = 0
        self.mark = secrets.randbelow(1 << 30)
        self.errors = []

    async def serve(self, reader, writer):
        session, exchange = Session(ConnectionRole.SERVER), KeyExchange()
        try:
            while data := await reader.read(65536):
                session.data_received(data)
                while (event := session.next_event()) is not None:
                    self.seen.add((session._conn.transport_type.value, session._conn.is_transport_obfuscated))
                    writer.write(self.handle(session, exchange, event))
                await writer.drain()
        except ConnectionError:
            pass
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            self.errors.append(f"{type(error).__name__}: {error}")
        finally:
            writer.close()

    def handle(self, session, exchange, event):
        if isinstance(event, UnencryptedData):
            answer = bytes(exchange.handle(event.data))
            if exchange.auth_key:
                session.set_auth_key(exchange.auth_key)
                session.set_salts([(exchange.salt, int(time.time()) - 60)])
            return session.send_plain(answer)
        assert not isinstance(event, NeedAuthkey), "a key that was never agreed upon"
        if isinstance(event, NewSession) or not isinstance(event, Data):
            return b""
        msg_id, data = event.message_id, event.data
        constructor = int.from_bytes(data[:4], "little")
        if constructor in (PING, PING_DELAY_DISCONNECT):
            return session.send(bytes(types.Pong(msg_id, as_int(data[4:12]))), response=True)
        if constructor == GET_FUTURE_SALTS:
            now = int(time.time())
            salt = FutureSalt(valid_since=now - 60, valid_until=now + 3600, salt=as_int(exchange.salt))
            return session.send(FutureSalts(req_msg_id=msg_id, now=now, salts=[salt]).write(), response=True)
        if constructor == GZIP_PACKED:
            data = gzip.decompress(BinaryReader(data[4:]).tgread_bytes())
        request = BinaryReader(data).tgread_object()
        while hasattr(request, "query"):
            request = request.query
        assert isinstance(request, functions.help.GetConfigRequest), request
        self.calls += 1
        result = struct.pack("<Iq", RPC_RESULT, msg_id) + bytes(self.config())
        return session.send(result, content_related=True, response=True)

    def config(self):
        numbers = """chat_size_max megagroup_size_max forwarded_count_max online_update_period_ms offline_blur_timeout_ms
            offline_idle_timeout_ms online_cloud_timeout_ms notify_cloud_delay_ms notify_default_delay_ms push_chat_period_ms
            push_chat_limit edit_time_limit revoke_time_limit revoke_pm_time_limit rating_e_decay stickers_recent_limit
            channels_read_media_period call_receive_timeout_ms call_ring_timeout_ms call_connect_timeout_ms call_packet_timeout_ms
            caption_length_max message_length_max webfile_dc_id""".split()
        now = int(time.time())
        return types.Config(
            date=now,
            expires=now + 3600,
            test_mode=False,
            this_dc=1,
            dc_options=[types.DcOption(1, "127.0.0.1", self.port)],
            dc_txt_domain_name="",
            me_url_prefix="https://t.me/",
            **{name: 100 for name in numbers} | {"chat_size_max": self.mark},
        )

    async def run(self, framing, obfuscated):
        listener = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = listener.sockets[0].getsockname()[1]
        with tempfile.TemporaryDirectory() as directory:
            pem = os.path.join(directory, "server.pem")
            with open(pem, "wb") as file:
                file.write(rsa.PublicKey(KEY.n, KEY.e).save_pkcs1())
            words = ["--state-dir", directory, "--json", "call", "help.getConfig", "--server", f"127.0.0.1:{self.port}"]
            words += ["--rsa-key", pem, "--dc", "1", "--transport", framing] + ["--obfuscated"] * obfuscated
            pipe = asyncio.subprocess.PIPE
            process = await asyncio.create_subprocess_exec(COMMAND, *words, stdout=pipe, stderr=pipe)
            try:
                out, err = await asyncio.wait_for(process.communicate(), 60)
            finally:
                if process.returncode is None:
                    process.kill()
        listener.close()
        assert not self.errors, self.errors
        assert process.returncode == 0, err.decode()
        answer = json.loads(out)
        assert (answer["_"], answer["chat_size_max"]) == ("config", self.mark), answer
        assert self.seen == {(TYPES.get(framing, framing), obfuscated)}, self.seen
        assert self.calls >= 1


async def main():
    failed = 0
    for framing, obfuscated in FRAMINGS:
        step = framing + "_obfuscated" * obfuscated
        line = {"client": "mtproto_server", "step": step, "ok": True}
        try:
            await Server().run(framing, obfuscated)
        except BaseException as error:
            failed += 1
            traceback.print_exc(file=sys.stderr)
            line |= {"ok": False, "error": f"{type(error).__name__}: {error}"}
        print(json.dumps(line), flush=True)
    sys.exit(1 if failed else 0)


asyncio.run(main())

"""MTProto proxies with strangers at either end: Telethon through the sandbox's proxy, our client through the package `mtprotoproxy`. And
Telethon over HTTP.

usage: mtproxy.py COMMAND
COMMAND is the `quadruplex` binary. Each step prints one JSON line: {"step": ..., "ok": true} or {"step": ..., "ok": false, "error": ...}.
"""

import asyncio
import importlib.util
import io
import json
import os
import secrets
import subprocess
import sys
import tempfile
import traceback

from TelethonFakeTLS import ConnectionTcpMTProxyFakeTLS
from telethon import TelegramClient, connection, functions
from telethon.crypto import rsa
from telethon.errors import PhoneNumberUnoccupiedError
from telethon.network.connection import http
from telethon.sessions import MemorySession


def script(name):
    """A program that a package has put beside the interpreter, as a module."""
    spec = importlib.util.spec_from_file_location(name, os.path.join(os.path.dirname(sys.executable), f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


mtprotoproxy = script("mtprotoproxy")
COMMAND = sys.argv[1]
KEY = secrets.token_hex(16)
DOMAIN = "www.example.org"
ALICE = "9996610001"


class Sandbox:
    """A sandbox in a process of its own, with a state of its own."""

    def __init__(self, place, *options):
        self.state = ["--state-dir", place]
        arguments = [COMMAND, *self.state, "sandbox", "--listen", "127.0.0.1:0", "--dcs", "1", "--until-stdin-ends", *options]
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ready = json.loads(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


async def telethon_through_ours(place, secret, kind):
    with Sandbox(place, "--mtproxy", secret) as sandbox:
        port = int(sandbox.ready["mtproxy"].split("port=")[1].split("&")[0])
        # That class wants the secret without what says that it is for FakeTLS.
        bare = secret.removeprefix("ee") if kind is ConnectionTcpMTProxyFakeTLS else secret
        # The proxy is told the data centre; the address is never dialled.
        await telethon(sandbox, kind, ("192.0.2.1", 443), ("127.0.0.1", port, bare))


class HttpPacketCodec(http.HttpPacketCodec):
    """Telethon 1.45 compares a byte with `b"\\n"`, which is never equal, and so takes no answer of any server. The rest is its own."""

    async def read_packet(self, reader):
        head = await reader.readuntil(b"\r\n\r\n")
        lines = [line.split(b":", 1) for line in head.lower().split(b"\r\n")]
        length = next(int(line[1]) for line in lines if line[0] == b"content-length")
        return await reader.readexactly(length)


class ConnectionHttp(connection.ConnectionHttp):
    packet_codec = HttpPacketCodec


async def telethon_over_http(place):
    with Sandbox(place) as sandbox:
        host, port = sandbox.ready["dcs"][0]["address"].rsplit(":", 1)
        await telethon(sandbox, ConnectionHttp, (host, int(port)), None)


async def telethon(sandbox, kind, address, proxy):
    """Signs in, sends a file and gets it back."""
    with open(sandbox.ready["rsa_key"]) as pem:
        rsa.add_key(pem.read(), old=False)
    client = TelegramClient(MemorySession(), 1, "hash", connection=kind, proxy=proxy, timeout=10)
    client.session.set_dc(1, *address)
    await client.connect()
    sent = await client.send_code_request(ALICE)
    try:
        await client.sign_in(ALICE, "11111", phone_code_hash=sent.phone_code_hash)
    except PhoneNumberUnoccupiedError:
        result = await client(functions.auth.SignUpRequest(ALICE, sent.phone_code_hash, "Alice", ""))
        await client._on_login(result.user)
    content = os.urandom(700_000)
    stream = io.BytesIO(content)
    stream.name = "random.bin"
    message = await client.send_file("me", stream, force_document=True)
    assert await client.download_media(message, file=bytes) == content
    await client.disconnect()


async def ours_through_mtprotoproxy(place, secret):
    """Our client signs in and sends through the package `mtprotoproxy`, which leads to the sandbox."""
    with Sandbox(place) as sandbox:
        host, port = sandbox.ready["dcs"][0]["address"].rsplit(":", 1)
        sys.argv[1:] = ["0", KEY]
        mtprotoproxy.init_config()
        mtprotoproxy.config.update(SECURE_ONLY=secret.startswith("dd"), MASK=False, USE_MIDDLE_PROXY=False)
        for name, value in mtprotoproxy.config.items():
            setattr(mtprotoproxy.config, name, value)
        mtprotoproxy.init_stats()
        mtprotoproxy.my_ip_info = {"ipv4": "127.0.0.1", "ipv6": None}
        mtprotoproxy.TG_DATACENTERS_V4, mtprotoproxy.TG_DATACENTER_PORT = [host], int(port)
        served = 0

        async def serve(reader, writer):
            nonlocal served
            served += 1
            if secret.startswith("ee"):
                # The package knows the hello of 2019 by its length. Who it is from, and what it is answered, is left to the package.
                head = await reader.readexactly(5)
                hello = head + await reader.readexactly(int.from_bytes(head[3:5], "big"))
                peer = writer.get_extra_info("peername")[:2]
                shaken = await mtprotoproxy.handle_fake_tls_handshake(hello, reader, writer, peer)
                assert shaken, "the package refuses the hello"
                reader, writer = shaken
            await mtprotoproxy.handle_client_wrapper(reader, writer)

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        link = f"tg://proxy?server=127.0.0.1&port={server.sockets[0].getsockname()[1]}&secret={secret}"
        text = secrets.token_hex(8)
        for words in (["send", "me", text], ["history", "me"]):
            command = [COMMAND, *sandbox.state, *words, "--sandbox", "--proxy", link, "--timeout", "10s"]
            process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            out, err = await asyncio.wait_for(process.communicate(), 60)
            assert process.returncode == 0, err.decode()
        assert text in out.decode(), out.decode()
        assert served >= 2, served
        server.close()


PADDED, FAKE_TLS = "dd" + KEY, "ee" + KEY + DOMAIN.encode().hex()
STEPS = {
    "telethon_plain": lambda place: telethon_through_ours(place, KEY, connection.ConnectionTcpMTProxyIntermediate),
    "telethon_padded": lambda place: telethon_through_ours(place, PADDED, connection.ConnectionTcpMTProxyRandomizedIntermediate),
    "telethon_faketls": lambda place: telethon_through_ours(place, FAKE_TLS, ConnectionTcpMTProxyFakeTLS),
    "telethon_http": telethon_over_http,
    "server_plain": lambda place: ours_through_mtprotoproxy(place, KEY),
    "server_padded": lambda place: ours_through_mtprotoproxy(place, PADDED),
    "server_faketls": lambda place: ours_through_mtprotoproxy(place, FAKE_TLS),
}


async def main():
    failed = 0
    for name, step in STEPS.items():
        try:
            with tempfile.TemporaryDirectory() as place:
                await asyncio.wait_for(step(place), 120)
            print(json.dumps({"client": "mtproxy", "step": name, "ok": True}), flush=True)
        except BaseException as error:
            failed += 1
            traceback.print_exc(file=sys.stderr)
            print(json.dumps({"client": "mtproxy", "step": name, "ok": False, "error": f"{type(error).__name__}: {error}"}), flush=True)
    sys.exit(1 if failed else 0)


asyncio.run(main())

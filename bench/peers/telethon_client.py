"""Telethon at work: a measured process, told its job in JSON as its argument. The Rust clients do the same in src/."""

import asyncio
import json
import sys
import time

from telethon import TelegramClient, functions
from telethon.crypto import AuthKey
from telethon.sessions import MemorySession

JOB = json.loads(sys.argv[1])


def say(line):
    print(line, flush=True)


async def ready():
    say("ready")
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    return time.perf_counter(), time.process_time()


def report(began, latencies=()):
    wall, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
    with open("/proc/self/status") as status:
        status = dict(line.split(":", 1) for line in status)
    peak, of_files = (int(status[name].split()[0]) for name in ("VmHWM", "RssFile"))
    latencies = sorted(latencies)

    def part(permille):
        return int(1e6 * latencies[min(len(latencies) * permille // 1000, len(latencies) - 1)]) if latencies else 0

    say(
        json.dumps(
            {
                "wall_us": int(1e6 * wall),
                "cpu_us": int(1e6 * cpu),
                "allocations": None,
                "peak_kib": peak,
                "private_kib": peak - of_files,
                "p50_us": part(500),
                "p99_us": part(990),
                "packets_with_calls": None,
                "idle": None,
            }
        )
    )


async def connect():
    host, port = JOB["address"].rsplit(":", 1)
    session = MemorySession()
    session.set_dc(JOB["dc"], host, int(port))
    session.auth_key = AuthKey(bytes.fromhex(JOB["key"]))
    client = TelegramClient(session, 1, "hash", receive_updates=True)
    await client.connect()
    await client(functions.help.GetNearestDcRequest())
    return client


async def calls(client, count):
    async def one():
        began = time.perf_counter()
        await client(functions.help.GetNearestDcRequest())
        return time.perf_counter() - began

    began = await ready()
    latencies = await asyncio.gather(*(one() for _ in range(count)))
    report(began, latencies)


async def upload(client):
    began = await ready()
    uploaded = await client.upload_file(JOB["file"], part_size_kb=512)
    report(began)
    await client.send_file("me", uploaded, force_document=True)
    say("done")


async def download(client):
    message = (await client.get_messages("me", limit=1))[0]
    began = await ready()
    await client.download_media(message, file=JOB["file"])
    report(began)


async def main():
    client = await connect()
    match JOB["work"]:
        case {"joined": count} | {"spawned": count}:
            await calls(client, count)
        case "upload":
            await upload(client)
        case "download":
            await download(client)
    await client.disconnect()


asyncio.run(main())

// mtcute, unmodified, through the sandbox's MTProto proxy with each kind of secret.
//
// usage: node mtcute_mtproxy.mjs COMMAND
// COMMAND is the `quadruplex` binary. Each step prints one JSON line: {"step": ..., "ok": true} or {"step": ..., "ok": false, "error": ...}.

import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { MemoryStorage, MtProxyTcpTransport, TelegramClient } from '@mtcute/node'
import { NodeCryptoProvider } from '@mtcute/node/utils.js'
import { addPublicKey } from '@mtcute/core/utils.js'

const COMMAND = process.argv[2]
const KEY = randomBytes(16).toString('hex')
const ALICE = '9996614001'

async function through(secret) {
  const place = mkdtempSync(join(tmpdir(), 'quadruplex-mtproxy-'))
  const words = ['--state-dir', place, 'sandbox', '--listen', '127.0.0.1:0', '--dcs', '1', '--until-stdin-ends', '--mtproxy', secret]
  const sandbox = spawn(COMMAND, words, { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    const lines = createInterface({ input: sandbox.stdout })
    const ready = JSON.parse(await new Promise((resolve) => lines.once('line', resolve)))
    const crypto = new NodeCryptoProvider()
    await crypto.initialize?.()
    addPublicKey(crypto, readFileSync(ready.rsa_key, 'utf8'))
    // The proxy is told the data centre; the address is never dialled.
    const option = { id: 1, ipAddress: '192.0.2.1', port: 443 }
    const port = Number(new URL(ready.mtproxy).searchParams.get('port'))
    const tg = new TelegramClient({
      apiId: 1,
      apiHash: 'hash',
      storage: new MemoryStorage(),
      crypto,
      defaultDcs: { main: option, media: { ...option, mediaOnly: true } },
      logLevel: Number(process.env.MTCUTE_LOG ?? 0),
      transport: new MtProxyTcpTransport({ host: '127.0.0.1', port, secret }),
    })
    const sent = await tg.sendCode({ phone: ALICE })
    const known = { phoneNumber: ALICE, phoneCodeHash: sent.phoneCodeHash }
    try {
      await tg.signIn({ phone: ALICE, phoneCodeHash: sent.phoneCodeHash, phoneCode: '11111' })
    } catch {
      await tg.notifyLoggedIn(await tg.call({ _: 'auth.signUp', ...known, firstName: 'Alice', lastName: '' }))
    }
    const content = randomBytes(700_000)
    const message = await tg.sendMedia('me', { type: 'document', file: content, fileName: 'random.bin' })
    const got = await tg.downloadAsBuffer(message.media)
    if (!content.equals(Buffer.from(got))) throw new Error('the file is another one')
    await tg.destroy()
  } finally {
    sandbox.kill()
    rmSync(place, { recursive: true, force: true })
  }
}

const steps = {
  plain: () => through(KEY),
  padded: () => through(`dd${KEY}`),
  faketls: () => through(`ee${KEY}${Buffer.from('www.example.org').toString('hex')}`),
}

let failed = 0
for (const [step, run] of Object.entries(steps)) {
  let timer
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error('nothing within 60 s')), 60_000)))
  try {
    await Promise.race([run(), late])
    console.log(JSON.stringify({ client: 'mtcute_mtproxy', step, ok: true }))
  } catch (error) {
    failed += 1
    console.error(error)
    console.log(JSON.stringify({ client: 'mtcute_mtproxy', step, ok: false, error: String(error) }))
  } finally {
    clearTimeout(timer)
  }
}
process.exit(failed ? 1 : 0)

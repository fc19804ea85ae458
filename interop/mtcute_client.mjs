// mtcute, unmodified except for address and key, against the sandbox.
//
// usage: node mtcute_client.mjs READY_LINE_JSON
// Each step prints one JSON line: {"step": ..., "ok": true} or {"step": ..., "ok": false, "error": ...}.

import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'

import { MemoryStorage, TelegramClient } from '@mtcute/node'
import { NodeCryptoProvider } from '@mtcute/node/utils.js'
import { addPublicKey } from '@mtcute/core/utils.js'

const ready = JSON.parse(process.argv[2])
const dc = ready.dcs[0]
const [ipAddress, port] = [dc.address.slice(0, dc.address.lastIndexOf(':')), Number(dc.address.split(':').at(-1))]
// Test numbers: the sixth digit, five times, is the code.
const ALICE = '9996614001', BOB = '9996625002', CAROL = '9996636003'
const codeOf = (phone) => phone[5].repeat(5)

const crypto = new NodeCryptoProvider()
await crypto.initialize?.()
addPublicKey(crypto, readFileSync(ready.rsa_key, 'utf8'))

// mtcute learns the state of the updates in the background, and passes nothing on that came before it knew it.
const caughtUp = new WeakMap()

function client(storage = new MemoryStorage()) {
  const option = { id: dc.id, ipAddress, port }
  const tg = new TelegramClient({
    apiId: 1,
    apiHash: 'hash',
    storage,
    crypto,
    defaultDcs: { main: option, media: { ...option, mediaOnly: true } },
    logLevel: Number(process.env.MTCUTE_LOG ?? 0),
    updates: { catchUp: true },
  })
  let updating = false
  const done = new Promise((resolve) =>
    tg.onConnectionState.add((state) => {
      if (state === 'updating') updating = true
      if (state === 'connected' && updating) resolve()
    }),
  )
  caughtUp.set(tg, done)
  return tg
}

async function admin(path, body) {
  const answer = await fetch(`http://${ready.admin}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return answer.json()
}

function assert(condition, what) {
  if (!condition) throw new Error(`not so: ${what}`)
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

function within(ms, promise, what) {
  let timer
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`${what}: nothing within ${ms} ms`)), ms)))
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

async function signUp(phone, firstName) {
  const tg = client()
  const sent = await tg.sendCode({ phone })
  try {
    await tg.signIn({ phone, phoneCodeHash: sent.phoneCodeHash, phoneCode: codeOf(phone) })
  } catch (error) {
    const result = await tg.call({
      _: 'auth.signUp',
      phoneNumber: phone,
      phoneCodeHash: sent.phoneCodeHash,
      firstName,
      lastName: '',
    })
    assert(result._ === 'auth.authorization', 'signed up')
    await tg.notifyLoggedIn(result)
  }
  return tg
}

const state = {}

const steps = {
  async key_exchange() {
    const tg = client()
    await tg.call({ _: 'help.getConfig' })
    await tg.destroy()
  },

  async sign_in_by_code() {
    state.alice = await signUp(ALICE, 'Alice')
    state.bob = await signUp(BOB, 'Bob')
    await state.alice.setMyUsername('alice_m')
    await state.bob.setMyUsername('bob_m')
    assert((await state.alice.getMe()).firstName === 'Alice', 'the name')
  },

  async sign_in_by_password() {
    const carol = await signUp(CAROL, 'Carol')
    await carol.enableCloudPassword({ password: 'correct horse', hint: 'battery' })
    const again = client()
    const sent = await again.sendCode({ phone: CAROL })
    let asked = false
    try {
      await again.signIn({ phone: CAROL, phoneCodeHash: sent.phoneCodeHash, phoneCode: codeOf(CAROL) })
    } catch (error) {
      asked = String(error.text ?? error).includes('SESSION_PASSWORD_NEEDED')
    }
    assert(asked, 'a password is asked for')
    await again.checkPassword('correct horse')
    assert((await again.getMe()).firstName === 'Carol', 'the name')
    await again.destroy()
    await carol.destroy()
  },

  async bot_sign_in() {
    const { token } = await admin('/bots', { name: 'Echo', username: 'echo_m_bot' })
    const bot = client()
    await bot.start({ botToken: token })
    await within(10_000, caughtUp.get(bot), 'the state of the bot')
    const got = new Promise((resolve) =>
      bot.onNewMessage.add(async (message) => {
        await bot.sendText(message.chat, message.text)
        resolve(message.text)
      }),
    )
    await state.alice.sendText('echo_m_bot', 'are you there?')
    assert((await within(10_000, got, 'the bot')) === 'are you there?', 'the text')
    let last
    for (let n = 0; n < 50; n++) {
      ;[last] = await state.alice.getHistory('echo_m_bot', { limit: 1 })
      if (!last.isOutgoing) break
      await sleep(100)
    }
    assert(last.text === 'are you there?' && !last.isOutgoing, 'the answer')
    await bot.destroy()
  },

  async send_edit_delete() {
    const sent = await state.alice.sendText('bob_m', 'hello Bob')
    await state.alice.editMessage({ chatId: 'bob_m', message: sent.id, text: 'hello again' })
    const [seen] = await state.bob.getHistory('alice_m', { limit: 1 })
    assert(seen.text === 'hello again', 'the edit')
    await state.alice.deleteMessagesById('bob_m', [sent.id], { revoke: true })
    const left = await state.bob.getHistory('alice_m', { limit: 5 })
    assert(!left.some((message) => message.text === 'hello again'), 'the deletion')
  },

  async history_and_dialogs() {
    for (let n = 0; n < 120; n++) await state.alice.sendText('bob_m', `line ${n}`)
    const texts = []
    for await (const message of state.bob.iterHistory('alice_m', { limit: 120 })) texts.push(message.text)
    assert(texts.length === 120 && texts[0] === 'line 119' && texts[119] === 'line 0', `the history: ${texts.slice(0, 3)}`)
    const dialogs = []
    for await (const dialog of state.bob.iterDialogs()) dialogs.push(dialog.peer.displayName)
    assert(dialogs.includes('Alice'), `the dialogs: ${dialogs}`)
  },

  async files_12_mib() {
    const content = randomBytes(12 * 1024 * 1024)
    await state.alice.sendMedia('bob_m', { type: 'document', file: content, fileName: 'random.bin' })
    const [message] = await state.bob.getHistory('alice_m', { limit: 1 })
    assert(message.media?.fileSize === content.length, 'the size')
    const got = await state.bob.downloadAsBuffer(message.media)
    const hash = (bytes) => createHash('sha256').update(bytes).digest('hex')
    assert(hash(got) === hash(content), 'the content')
  },

  async updates_in_second_session() {
    const storage = new MemoryStorage()
    const second = client(storage)
    const sent = await second.sendCode({ phone: BOB })
    await second.signIn({ phone: BOB, phoneCodeHash: sent.phoneCodeHash, phoneCode: codeOf(BOB) })
    await second.startUpdatesLoop()
    await within(10_000, caughtUp.get(second), 'the state of the second session')
    const got = new Promise((resolve) => second.onNewMessage.add((message) => message.text === 'for both' && resolve()))
    await state.alice.sendText('bob_m', 'for both')
    await within(10_000, got, 'the update')
    state.second = second
    state.storage = storage
  },

  async catch_up_after_offline() {
    await state.second.destroy()
    for (let n = 0; n < 5; n++) await state.alice.sendText('bob_m', `offline ${n}`)
    // The same storage: the state of the updates is in it, and what came after that has to come now.
    const back = client(state.storage)
    const got = []
    back.onNewMessage.add((message) => void got.push(message.text))
    await back.connect()
    await back.startUpdatesLoop()
    for (let n = 0; n < 100 && got.length < 5; n++) await sleep(100)
    const wanted = [0, 1, 2, 3, 4].map((n) => `offline ${n}`)
    assert(got.join() === wanted.join(), `what was missed: ${got}`)
    await back.destroy()
  },

  async group() {
    const { chat } = await state.alice.createGroup({ title: 'Interop group', users: ['bob_m'] })
    await state.alice.sendText(chat.id, 'hello group')
    let group
    for (let n = 0; n < 50 && !group; n++) {
      for await (const dialog of state.bob.iterDialogs()) if (dialog.peer.displayName === 'Interop group') group = dialog.peer
      await sleep(100)
    }
    assert(group, 'the dialog')
    const texts = (await state.bob.getHistory(group.id, { limit: 10 })).map((message) => message.text)
    assert(texts.includes('hello group'), `the history: ${texts}`)
    const people = await state.alice.getChatMembers(chat.id)
    assert(people.length === 2, `the members: ${people.length}`)
  },

  async channel() {
    const channel = await state.alice.createChannel({ title: 'Interop channel' })
    await state.alice.setChatUsername(channel.id, 'interop_channel_m')
    await state.alice.sendText(channel.id, 'first post')
    await state.bob.startUpdatesLoop()
    await state.bob.joinChat('interop_channel_m')
    const got = new Promise((resolve) => state.bob.onNewMessage.add((message) => message.text === 'second post' && resolve()))
    await state.alice.sendText(channel.id, 'second post')
    await within(10_000, got, 'the update')
    const texts = (await state.bob.getHistory('interop_channel_m', { limit: 10 })).map((message) => message.text)
    assert(texts.includes('first post') && texts.includes('second post'), `the history: ${texts}`)
  },
}

let failed = 0
for (const [step, run] of Object.entries(steps)) {
  try {
    await within(30_000, run(), step)
    console.log(JSON.stringify({ client: 'mtcute', step, ok: true }))
  } catch (error) {
    failed += 1
    console.error(error)
    console.log(JSON.stringify({ client: 'mtcute', step, ok: false, error: String(error) }))
  }
}
process.exit(failed ? 1 : 0)

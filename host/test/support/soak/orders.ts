/** What an issuer's staff does at random: commands are queued, cancelled, proved; cards re-issued. All over HTTP. */
import { isExecuted, newChip } from './chip.js'
import { randomCommand } from './commands.js'
import { entriesOf } from './ledger-view.js'
import type { Reply } from './network.js'
import { type Account, chance, chipOf, count, type HeldChip, several, type World } from './world.js'

/** Queues a random command for the account's card. */
export async function queueSomething(world: World, account: Account): Promise<void> {
  const { kind, random } = account
  const { handle, chip } = chipOf(account)
  const { command, ...order } = randomCommand(world, account)
  const body = {
    command,
    reason: 'soak',
    ...('newPin' in command ? { pan: chip.pan } : {}),
    ...(chance(account, 0.3) ? { priority: random.below(4) } : {}),
    ...(chance(account, 0.15) ? { condition: random.pick(['approved', 'declined', 'any']) } : {}),
    ...(chance(account, 0.1) ? { earliest: soon(1_500), expiry: soon(86_400_000) } : {}),
    ...(chance(account, 0.05) ? { expiry: soon(3_000 + random.below(3_000)), earliest: soon(0) } : {}),
    ...(chance(account, 0.15) ? { maxAttempts: 1 + random.below(4) } : {}),
    ...(kind.templates.includes('71') && chance(account, 0.3) ? { template: '71' } : {}),
    ...(chance(account, 0.1) ? { origin: 'automatic' } : {}),
  }
  const reply = await post(world, account, `/v1/cards/${handle}/scripts`, body)
  if (reply.status !== 201) {
    world.faults.push(`${account.name}: queueing ${order.type} answered ${reply.status} ${reply.text}`)
    return
  }
  const { entry } = reply.body['entry'] as { readonly entry: string }
  world.orders.set(entry, { ...order, entry })
  count(world, `queued ${order.type}`)
}

/** Cancels a random command; what is with a card or has ended cannot be. */
export async function cancelSomething(world: World, account: Account): Promise<void> {
  const entries = await entriesOf(world, chipOf(account).handle)
  if (entries.length === 0) return
  const { entry } = account.random.pick(entries)
  const url = `/v1/cards/${chipOf(account).handle}/scripts/${entry}/cancel`
  const { status, text } = await post(world, account, url, { reason: 'soak' })
  if (status !== 200 && status !== 409) world.faults.push(`${account.name}: cancelling answered ${status} ${text}`)
  count(world, `cancel answered ${status}`)
}

/** Somebody looks at the card and tells the truth about a command whose fate is unknown. */
export async function proveSomething(world: World, account: Account): Promise<void> {
  const held = chipOf(account)
  const unknown = (await entriesOf(world, held.handle)).filter(({ state }) => state === 'unknown')
  const [one] = unknown
  if (one === undefined) return
  const sent = held.deliveries.get(`${one.delivery}`)
  const apdu = sent?.scripts.flatMap(({ commands }) => commands).find(({ entry }) => entry === one.entry)?.apdu
  const executed = apdu !== undefined && isExecuted(held.chip, apdu)
  const url = `/v1/cards/${held.handle}/scripts/${one.entry}/proof`
  const { status, text } = await post(world, account, url, { executed, reason: 'soak' })
  if (status !== 200) world.faults.push(`${account.name}: a proof answered ${status} ${text}`)
  count(world, 'proved')
}

/**
 * A new chip: with the next sequence number, or under the old one's name. The old one is cut up, and nothing of it is on its
 * way any more.
 */
export async function reissue(world: World, account: Account): Promise<void> {
  const { kind, random, chips } = account
  const { chip, handle } = chipOf(account)
  const isSame = chance(account, 0.4)
  const panSequence = isSame ? chip.panSequence : `${Number(chip.panSequence) + 1}`.padStart(2, '0')
  const waiting = random.pick(['cancel', 'move'])
  const to = { panSequence, application: kind.aid }
  const body = { waiting, ...(isSame ? {} : { to }), reason: 'soak' }
  const reply = await post(world, account, `/v1/cards/${handle}/reissue`, body)
  if (reply.status !== 200) {
    world.faults.push(`${account.name}: a re-issue answered ${reply.status} ${reply.text}`)
    return
  }
  chips.push(await held(world, account, newChip(kind, chip.pan, panSequence, random)))
  if (isSame !== (chipOf(account).handle === handle))
    world.faults.push(`${account.name}: not the handle of the new chip`)
  count(world, `re-issued, ${isSame ? 'same name' : 'other name'}, ${waiting}`)
}

/** A chip, made known to the host. */
export async function held(world: World, account: Account, chip: HeldChip['chip']): Promise<HeldChip> {
  const { pan, panSequence, kind } = chip
  const name = { issuer: kind.issuer, pan, panSequence, application: kind.aid }
  const { body, status, text } = await post(world, account, '/v1/cards', name)
  if (status !== 200) throw new Error(`${account.name}: ${text}`)
  return { chip, handle: `${body['card']}`, deliveries: new Map(), claims: [] }
}

/** Each has a key of its own; some are sent twice, one after the other or at once, as by a client that lost the answer. */
async function post({ network, faults }: World, account: Account, url: string, body: object): Promise<Reply> {
  const key = `${account.name}-${account.random.next()}-${account.random.next()}`
  const message = { method: 'POST', url, body, key } as const
  const replies = await several(account, 0.15, () => network.send(message))
  const [reply, again = reply] = replies
  if (again.text !== reply.text && reply.status < 300) faults.push(`${url}: not the same answer again`)
  return again
}

const soon = (milliseconds: number): string => new Date(Date.now() + milliseconds).toISOString()

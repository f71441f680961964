/** The commands of an answer when keys or database do not do as they should: what is promised is what was built. */
import { IssuerkitError } from '@issuerkit/apdu'
import { verifyApplicationCryptogram } from '@issuerkit/keys'
import { describe, expect, test } from 'vitest'
import { deliver } from '../src/authorizations/deliver.js'
import type { Desk } from '../src/authorizations/desk.js'
import { HostError } from '../src/errors.js'
import type { KeyService } from '../src/keys/key-service.js'
import { emptyLedger } from '../src/ledger/model.js'
import { DEFAULT_POLICY } from '../src/ledger/policy.js'
import { CardChange } from '../src/store/card-change.js'
import { limit } from './support/ledger-run.js'

const NOW = 1_000_000
const CALLER = { subject: 'somebody', request: 'r' }
const CARD = { pan: '6200000000000005', panSequence: '01' }

/** A card with two commands waiting and an authorization that may carry them. */
function waiting(): CardChange {
  const change = new CardChange({
    ...{ handle: 'card', issuer: 'bank', panHash: new Uint8Array(32), maskedPan: '****0005', panSequence: '01' },
    ...{ application: '', policy: DEFAULT_POLICY, ledger: emptyLedger('card', '01', 1), relatives: [], stopped: null },
  })
  const by = { now: NOW, operator: 'o', reason: 'r' }
  change.apply({ type: 'queue', entry: 'e1', intent: limit('9F58'), ...by })
  change.apply({ type: 'queue', entry: 'e2', intent: limit('9F59'), ...by })
  change.apply({
    ...{ type: 'authorization-seen', now: NOW, authorization: 'a', reference: 'r', atc: 1, kind: 'ARQC' },
    ...{ fingerprint: 'F', verified: true, standIn: false, contact: true, contactlessCryptogram: false },
    ...{ dki: 1, scheme: 'pboc', family: 'unionpay', macLength: 4 },
  })
  return change
}

/** A desk whose keys build what `build` gives for each command in turn. */
function deskWith(build: (call: number) => Uint8Array): Desk {
  let call = 0
  const keys = { buildScript: async () => [{ apdu: build(call++) }] } as unknown as KeyService
  return { keys, cards: { pins: async () => [] } } as unknown as Desk
}

const deliverWith = (change: CardChange, desk: Desk) =>
  deliver(desk, change, CALLER, {
    ...{ now: NOW, authorization: 'a', approved: true, otherBytes: 12, issuerAuthentication: true },
    transaction: {
      issuer: 'bank',
      card: CARD,
      verdict: verifyApplicationCryptogram({ card: CARD, keySets: [], tags: new Map() }),
    },
  })
const states = ({ ledger }: CardChange) => ledger.entries.map(({ state }) => state)
/** A command with `length` bytes of data. */
const command = (length: number) => Uint8Array.from([0x04, 0xda, 0x9f, 0x58, length, ...new Uint8Array(length)])

describe('an answer', () => {
  test('promises what was built', async () => {
    const change = waiting()
    const { templates, scripts, withheld } = await deliverWith(
      change,
      deskWith(() => command(5)),
    )
    expect([scripts[0]?.commands.length, templates[0], withheld]).toEqual([2, 0x72, []])
    expect(states(change)).toEqual(['sent', 'sent'])
  })

  test('leaves the last command out when they turn out longer than was planned', async () => {
    const change = waiting()
    const { scripts, withheld, templates } = await deliverWith(
      change,
      deskWith(() => command(60)),
    )
    expect(scripts[0]?.commands).toMatchObject([{ entry: 'e1' }])
    expect(withheld).toEqual([{ entry: 'e2', reason: 'too-large' }])
    expect(templates.length).toBeLessThanOrEqual(128)
    expect(states(change)).toEqual(['sent', 'pending'])
  })

  test('takes out what its builder refuses, and goes without anything where nothing is left', async () => {
    const change = waiting()
    const refuse = () => {
      throw new IssuerkitError('ERR_SCRIPT', { label: 'tag' })
    }
    expect(await deliverWith(change, deskWith(refuse))).toMatchObject({ delivery: null, scripts: [], withheld: [] })
    expect(states(change)).toEqual(['cancelled', 'cancelled'])
    expect(change.records.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      ...['card.cancel failed', 'card.cancel failed'],
    ])
  })

  test('is not given at all when the database fails in between: nothing is promised', async () => {
    const change = waiting()
    const fail = (call: number) => {
      if (call > 0) throw new HostError('ERR_UNAVAILABLE')
      return command(5)
    }
    await expect(deliverWith(change, deskWith(fail))).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' })
    expect(states(change)).toEqual(['pending', 'pending'])
  })
})

/** What crosses threads: keys, which are zeroed behind it, and errors, which keep their codes. */
import { IssuerkitError } from '@issuerkit/apdu'
import { TdesKey } from '@issuerkit/keys'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadDemoIssuer } from '../src/demo-issuer.js'
import { HostError } from '../src/errors.js'
import { completeProfile } from '../src/keys/issuer-profile.js'
import type { CryptogramText } from '../src/keys/key-service.js'
import { localKeyService } from '../src/keys/local-key-service.js'
import { REQUEST_EXAMPLES } from '../src/routes/examples.data.js'
import { copyIssuer, wipeIssuer, withIssuer } from '../src/threads/issuer-copy.js'
import { sameThread } from '../src/threads/threads.js'
import { thrownError, thrownOf } from '../src/threads/thrown.js'
import { verifyCryptograms } from '../src/threads/verify-cryptograms.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'

const { database } = useDatabase()
const masterKey = new MasterKey(new Uint8Array(32))
beforeAll(() => loadDemoIssuer(database(), masterKey))

/** The published PBOC example: an ARQC that verifies. */
const GOOD = REQUEST_EXAMPLES['POST /v1/cryptograms/verify']?.body as CryptogramText

describe('keys', () => {
  const bytes = Buffer.from('F0C34A8124CEE0A91A0B034AA97D6EAC', 'hex')
  const issuer = () => ({
    profile: completeProfile({ family: 'unionpay', scheme: 'pboc' }),
    keySets: [
      {
        ...({ dki: 1, algorithm: 'tdes', name: 'default', family: 'unionpay' } as const),
        ac: TdesKey.create('issuer', 'AC', bytes),
        mac: TdesKey.create('issuer', 'MAC', bytes),
        enc: TdesKey.create('issuer', 'ENC', bytes),
      },
    ],
  })

  test('are shared with a thread, those alone that verify, and zeroed', () => {
    const copy = copyIssuer(issuer())
    const [set] = copy.keySets
    expect(Object.keys(set ?? {}).sort()).toEqual(['ac', 'algorithm', 'dki', 'family', 'mac', 'name'])
    expect([set?.ac.buffer, set?.mac?.buffer].every((one) => one instanceof SharedArrayBuffer)).toBe(true)
    expect(Buffer.from(set?.ac ?? [])).toEqual(bytes)
    wipeIssuer(copy)
    expect([set?.ac, set?.mac]).toEqual([new Uint8Array(16), new Uint8Array(16)])
  })

  test.each([false, true])('are destroyed after their use, whether it throws or not', (throws) => {
    const seen: TdesKey<'issuer', 'AC'>[] = []
    const use = () =>
      withIssuer(copyIssuer(issuer()), ({ keySets }) => {
        seen.push(keySets[0]?.ac as TdesKey<'issuer', 'AC'>)
        expect(Buffer.from(seen[0]?.expose() ?? [])).toEqual(bytes)
        if (throws) throw new Error('end')
      })
    if (throws) expect(use).toThrow('end')
    else use()
    expect(() => seen[0]?.expose()).toThrow('ERR_KEY_DESTROYED')
  })

  test('of a service are wiped when its thread has done its work', async () => {
    const copies: Uint8Array[] = []
    const spy: typeof sameThread = {
      ...sameThread,
      run: async (_, task) => {
        if ('issuer' in task) copies.push(...task.issuer.keySets.map(({ ac }) => ac))
        expect(copies.every((one) => one.some((byte) => byte !== 0))).toBe(true)
        throw new HostError('ERR_UNAVAILABLE')
      },
    }
    const keys = localKeyService(database(), masterKey, { threads: spy })
    await expect(keys.verifyCryptograms(GOOD.issuer, Array(20).fill(GOOD))).rejects.toThrow()
    expect(copies.length).toBeGreaterThan(0)
    expect(copies.every((one) => one.every((byte) => byte === 0))).toBe(true)
  })

  test('do not stand in what a task answers', () => {
    const requests = JSON.stringify([GOOD, { ...GOOD, pan: 'x' }])
    const answers = verifyCryptograms({ issuer: copyIssuer(issuer()), requests })
    expect(answers).toMatchObject([{ json: expect.any(String) }, { error: { type: 'issuerkit', code: 'ERR_PAN' } }])
    expect(JSON.stringify(answers)).not.toContain(bytes.toString('hex').slice(0, 12).toUpperCase())
  })
})

test.each<[string, Error]>([
  ['of a package', new IssuerkitError('ERR_HEX', { label: 'emv', got: 'G', path: ['70'], offset: 3 })],
  ['of the host', new HostError('ERR_NO_KEY', 'No such key.')],
  ['of nobody', new TypeError('no')],
])('an error %s is the same behind the border', (_, error) => {
  const crossed = thrownError(structuredClone(thrownOf(error)))
  expect(crossed).toBeInstanceOf(error.constructor)
  expect({ ...(crossed as object), message: (crossed as Error).message }).toEqual({ ...error, message: error.message })
})

/** What a card's profile makes the conformance test expect. */
import { etcPurseProfile, type PurseProfile, parsePurseProfile } from '@issuerkit/card'
import { describe, expect, test } from 'vitest'
import { purseTestProfile, virtualPurse } from '../src/conformance/virtual-purse.js'

const FILE_15 = '112233445566778801020000000000000000000120080101203012315566'
/** Nothing but what every card has to have. */
const FILES = { binary: { 15: FILE_15 }, cyclic: { 18: { length: 23, records: 3 } } }

function application(adf: number, more: object = {}): object {
  return { name: `A0000000038698070${adf}`, fid: `3F0${adf}`, pin: '1234', files: FILES, ...more }
}

function profileOf(...applications: object[]): PurseProfile {
  return parsePurseProfile({ applications })
}

test('the card of the test specification', () => {
  const profile = purseTestProfile(etcPurseProfile())
  expect(profile).toMatchObject({
    name: 'etc-2008',
    pin: '1234',
    pinTries: 3,
    // 84: the name, 1PAY.SYS.DDF01; 88: the directory's SFI.
    mf: { name: '315041592E5359532E4444463031', fid: '3F00', fci: '6F15840E315041592E5359532E4444463031A503880101' },
    // [ETC] 3.2 step 1, printed.
    directory: ['701361114F09A00000000386980701500450424F43', '701361114F09A00000000386980702500450424F43'],
    longFile: '1A',
    logRecords: 10,
    composite: { sfi: '19' },
    behaviour: { selectByFid: 'refuse', nothingPending: '6F00', reloadMacStatus: '6988' },
  })
  const [first, second] = profile.applications
  expect(first).toMatchObject({ name: 'A00000000386980701', fid: '3F01', binaries: { 15: FILE_15 } })
  expect(first.fci).toBe(`6F2E8409A00000000386980701A5219F0C1E${FILE_15}`)
  expect(second.fci).toBe(`6F2E8409A00000000386980702A5219F0C1E${FILE_15}`)
  // [ETC] 3.3 steps 5 to 8: versions and algorithm, of both indexes.
  const versions = first.keys
    .filter(({ index }) => index !== '00')
    .map((key) => `${key.name} ${key.index} ${key.version} ${key.algorithm}`)
  for (const one of ['load 01 02 00', 'load 02 02 00', 'unload 02 05 00', 'purchase 01 01 00', 'overdraft 02 04 00']) {
    expect(versions).toContain(one)
  }
  for (const { value } of first.keys) expect(value).toMatch(/^[0-9A-F]{32}$/)
})

test('what a card does not have is not expected', () => {
  const profile = purseTestProfile(profileOf(application(1), application(2)))
  expect(profile).not.toHaveProperty('longFile')
  expect(profile).not.toHaveProperty('composite')
  expect(profile.logRecords).toBe(3)
})

describe('no profile of a test', () => {
  test.each([
    ['one application', [application(1)]],
    ['three', [application(1), application(2), application(3)]],
    ['no PIN', [application(1, { pin: undefined }), application(2)]],
  ])('%s', (_name, applications) => {
    const profile = profileOf(...applications.map((one) => JSON.parse(JSON.stringify(one))))
    expect(() => purseTestProfile(profile)).toThrow(expect.objectContaining({ code: 'ERR_CARD' }))
    expect(() => virtualPurse(profile)).toThrow(expect.objectContaining({ code: 'ERR_CARD' }))
  })
})

test('copies are new cards, whatever became of the first', async () => {
  const card = virtualPurse(etcPurseProfile())
  const select = Buffer.from('00A4040009A00000000386980701', 'hex')
  const wrong = Buffer.from('00200000029999', 'hex')
  const answer = async (from: typeof card): Promise<string> => {
    await from.connection.transmit(select)
    return Buffer.from(await from.connection.transmit(wrong)).toString('hex')
  }
  expect([await answer(card), await answer(card)]).toEqual(['63c2', '63c1'])
  const copy = await card.clone?.()
  expect(copy && (await answer(copy))).toBe('63c2')
  expect(copy?.memory).not.toBe(card.memory)
  expect(copy?.clone).toBeDefined()
})

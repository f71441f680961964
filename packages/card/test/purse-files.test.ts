/** READ and UPDATE BINARY, READ and UPDATE RECORD as [ETC] 4.1.1, 4.1.2 tests them. */
import { describe, expect, it } from 'vitest'
import {
  ADF1,
  encipher,
  KEYS,
  PSE,
  purse,
  purseMemory,
  purseOf,
  select,
  spoilt,
  underMac,
  updateBinary,
} from './support/purse-shell.js'

const FILE_15 = '112233445566778801020000000000000000000120080101203012315566'
const NEW_15 = 'A5'.repeat(30)

/** A linear file 05, a cyclic file 06 of two records of 3 bytes, 07 that only a key opens. */
const FILES = {
  binary: { 15: FILE_15, '07': '0707' },
  records: { '05': ['01AABB', '02CC'], '08': ['0808'] },
  cyclic: { '06': { length: 3, records: 2 }, 18: { length: 23, records: 10 } },
}
const withFiles = () =>
  purse({ adf1: { files: FILES }, readable: ['05', '06', '15'], updatable: ['05', '06', '15', '18'] })
const updateRecord = (place: string, data: string, bad = false) => underMac({ header: `04DC${place}`, data, bad })

describe('READ BINARY', () => {
  it.each([
    ['00B095001E', `${FILE_15}9000`],
    ['00B0950A14', `${FILE_15.slice(20)}9000`],
    ['00B0951D01', '669000'],
    // More than there is: all there is.
    ['00B0951DFF', '669000'],
    ['00B0951E01', '6B00'],
    ['00B095FF01', '6B00'],
    ['00B0950000', '6C1E'],
    ['00B0950A00', '6C14'],
    ['00B09500', '6C1E'],
    ['00B0960000', '6C27'],
    ['00B0980001', '6981'],
    ['00B0990001', '6981'],
    ['00B09D0001', '6A82'],
    ['00B0000001', '6A82'],
  ])('%s is answered %s', async (command, expected) => expect(await (await purse()).send(command)).toBe(expected))

  it('of what is longer than 255 bytes gives 255', async () => {
    const card = await purse()
    const content = card.object('binary/1A')
    expect(content).toHaveLength(600)
    expect(await card.send('00B09A00FF')).toBe(`${content.slice(0, 510)}9000`)
    expect(await card.send('00B09A0000', '00B09A2D00')).toBe('6CFF 6CFF')
    expect(await card.send('00B0012C01', '00B0012B01')).toBe(`6B00 ${content.slice(598)}9000`)
  })
  it('goes on in the current file, beyond its end too, until SELECT', async () => {
    const card = await purse()
    expect(await card.send('00B0951E01', '00B0001E01', '00B07FFF01', '00B0000101')).toBe('6B00 6B00 6B00 229000')
    expect(await card.send('00B0990001', '00B0000001')).toBe('6981 6981')
    expect(await card.send('00B09D0001', '00B0000001')).toBe('6A82 6981')
    await card.send(select(ADF1))
    expect(await card.send('00B0000001')).toBe('6A82')
  })
  it('with Le 00 gives all where the card does so', async () => {
    const card = await purse({ switches: { readAll: 'serve' } })
    expect(await card.send('00B0950000')).toBe(`${FILE_15}9000`)
    expect(await card.send('00B09A0000')).toBe(`${card.object('binary/1A').slice(0, 510)}9000`)
  })
  it('is told the length on T=0', async () => {
    const card = await purse({ protocol: 'T=0' })
    expect(await card.send('00B09500FF', '00B095001E')).toBe(`6C1E ${FILE_15}9000`)
  })
  it('of a file that may not be read needs EXTERNAL AUTHENTICATE', async () => {
    const card = await withFiles()
    expect(await card.send('00B0870001', '00B2014400', '00B2012C00')).toBe('6982 6982 01AABB9000')
    const cryptogram = (challenge: string) => `0082000108${encipher(KEYS.external, challenge.padEnd(16, '0'))}`
    expect(await card.secured(cryptogram)).toBe('9000')
    expect(await card.send('00B0870001', '00B2014400')).toBe('079000 08089000')
  })
  it('under the MF finds its directory, and no more', async () => {
    const card = purseOf(purseMemory())
    expect(await card.send('00B0950001', '00B0810001', '00B2010C15', '00B0000001')).toBe(
      '6A82 6981 701361114F09A00000000386980701500450424F439000 6981',
    )
    expect(await card.send('00B2020C00', '00B2030C00', '00B2000C00', '00B2011400')).toBe(
      '701361114F09A00000000386980702500450424F439000 6A83 6A83 6A82',
    )
    await card.send(select(PSE))
    expect(await card.send('00B2010400')).toBe('6A82')
  })
})

describe('UPDATE BINARY', () => {
  it('changes the whole, and a part', async () => {
    const card = await purse()
    expect(await card.secured(updateBinary('9500', NEW_15))).toBe('9000')
    expect(await card.secured(updateBinary('9514', '00112233445566778899'))).toBe('9000')
    expect(await card.send('00B095001E')).toBe(`${NEW_15.slice(0, 40)}001122334455667788999000`)
    expect(await card.secured(updateBinary('001D', 'FF'))).toBe('9000')
    expect(card.object('binary/15').slice(-4)).toBe('88FF')
  })
  it.each([
    ['behind the end', '951E', '00', '6B00'],
    ['across the end', '951D', '0000', '6700'],
    ['of a cyclic file', '9800', '00', '6981'],
    ['of a linear file', '9900', '00', '6981'],
    ['of no file', '9D00', '00', '6A82'],
    ['of no current file', '0000', '00', '6A82'],
  ])('%s takes no try', async (_, place, data, status) => {
    const card = await purse()
    expect(await card.secured(updateBinary(place, data, true))).toBe(status)
    expect(await card.secured(updateBinary(place, data))).toBe(status)
    expect([card.object('errors/maintenance'), card.object('binary/15')]).toEqual(['00', FILE_15])
  })
  it('of a file that may not be changed is 6982', async () => {
    const card = await withFiles()
    expect(await card.secured(updateBinary('8700', '00'))).toBe('6982')
  })
  it('needs a challenge, which goes into the MAC', async () => {
    const card = await purse()
    expect(await card.send(updateBinary('9500', NEW_15)('00000000'))).toBe('6984')
    expect(await card.secured((challenge) => updateBinary('9500', NEW_15)(spoilt(challenge)))).toBe('6988')
    expect(await card.secured(() => updateBinary('9500', NEW_15)(''))).toBe('6988')
    expect(card.object('binary/15')).toBe(FILE_15)
  })
  it('takes a challenge of 8 bytes as a whole', async () => {
    const card = await purse()
    const challenge = (await card.send('0084000008')).slice(0, 16)
    expect(await card.send(updateBinary('9500', NEW_15)(challenge))).toBe('9000')
  })
  it('blocks the application at the third wrong MAC in a row', async () => {
    const card = await purse()
    const run = async (...bad: boolean[]) => {
      const answers: string[] = []
      for (const one of bad) answers.push(await card.secured(updateBinary('9500', NEW_15, one)))
      return answers.join(' ')
    }
    expect(await run(true, true, false, true, true)).toBe('6988 6988 9000 6988 6988')
    expect(card.object('errors/maintenance')).toBe('02')
    expect(await run(true)).toBe('9303')
    expect([card.object('life'), await card.send('00B095001E', select(ADF1))]).toEqual(['02', '9303 9303'])
  })
  it('without its key is 9403', async () => {
    const card = await purse({ adf1: { keys: [] } })
    expect(await card.secured(updateBinary('9500', NEW_15))).toBe('9403')
  })
})

describe('READ RECORD', () => {
  it.each([
    ['00B2012C00', '01AABB9000'],
    ['00B2022C00', '02CC9000'],
    ['00B2032C00', '6A83'],
    ['00B2002C00', '6A83'],
    ['00B2022800', '02CC9000'],
    ['00B2032800', '6A83'],
    ['00B2013400', '6A83'],
    ['00B201AC00', '6981'],
    ['00B201EC00', '6A82'],
    ['00B2010400', '6A82'],
    ['00B2012D00', '6A86'],
    ['00B2012A00', '6A86'],
    ['00B201FC00', '6A86'],
  ])('%s is answered %s', async (command, expected) => expect(await (await withFiles()).send(command)).toBe(expected))
  it('goes on in the current file', async () => {
    const card = await withFiles()
    expect(await card.send('00B2012C00', '00B2020400')).toBe('01AABB9000 02CC9000')
  })
})

describe('UPDATE RECORD', () => {
  it('changes one record by number or identifier', async () => {
    const card = await withFiles()
    expect(await card.secured(updateRecord('022C', '03DD'))).toBe('9000')
    expect(await card.secured(updateRecord('0128', '01EEFF'))).toBe('9000')
    expect(await card.send('00B2012C00', '00B2022C00')).toBe('01EEFF9000 03DD9000')
  })
  it('puts a record in front of a cyclic file, and drops the oldest', async () => {
    const card = await withFiles()
    for (const data of ['010101', '020202', '030303']) {
      expect(await card.secured(updateRecord('0033', data))).toBe('9000')
    }
    expect(await card.send('00B2013400', '00B2023400', '00B2033400')).toBe('0303039000 0202029000 6A83')
    expect(await card.secured(updateRecord('00C3', '23'.repeat(23)))).toBe('9000')
    expect(card.object('cyclic/18')).toBe('23'.repeat(23))
  })
  it.each([
    ['no file', '01EC', '00', '6A82'],
    ['a binary file', '01AC', '00', '6981'],
    ['a cyclic file by number', '0134', '000000', '6981'],
    ['behind a linear file', '002B', '01AABB', '6981'],
    ['behind a cyclic file, with P1', '0133', '000000', '6A86'],
    ['a record that is not there', '032C', '01AABB', '6A83'],
    ['an identifier that is not there', '0328', '01AABB', '6A83'],
    ['a longer record', '012C', '01AABBCC', '6A84'],
    ['a shorter record', '012C', '01AA', '6700'],
    ['a longer one behind a cyclic file', '0033', '00000000', '6A84'],
    ['a shorter one behind a cyclic file', '0033', '0000', '6700'],
    ['a file that may not be changed', '0144', '0809', '6982'],
  ])('of %s takes no try', async (_, place, data, status) => {
    const card = await withFiles()
    expect(await card.secured(updateRecord(place, data, true))).toBe(status)
    expect(card.object('errors/maintenance')).toBe('00')
  })
  it('counts wrong MACs with those of UPDATE BINARY, and needs a challenge', async () => {
    const card = await withFiles()
    expect(await card.send(updateRecord('012C', '01AABB')('00000000'))).toBe('6984')
    expect(await card.secured(updateRecord('012C', '01CCDD', true))).toBe('6988')
    expect(await card.secured(updateBinary('9500', NEW_15, true))).toBe('6988')
    expect(await card.secured(updateRecord('012C', '01CCDD', true))).toBe('9303')
    expect(card.object('record/05/1')).toBe('01AABB')
  })
  it('takes 23 bytes where the config says nothing', async () => {
    const { openPurseCard } = await import('../src/purse-card.js')
    const { encodeJson } = await import('../src/card-json.js')
    const memory = purseMemory()
    const { cyclicRecords: _, ...config } = JSON.parse(new TextDecoder().decode(memory.read('config')))
    memory.write('config', encodeJson(config))
    memory.commit()
    expect(openPurseCard(memory).protocol).toBe('T=1')
    memory.write('adf/0/cyclic/18', new Uint8Array(46).fill(1, 23))
    memory.commit()
    const card = purseOf(memory)
    await card.send(select(ADF1))
    expect(await card.send('00B202C417', '00B203C417')).toBe(`${'01'.repeat(23)}9000 6A83`)
  })
})

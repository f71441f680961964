/** Published script commands, sent to cards with the keys of their issuers: executed as they are, refused with a bit changed. */
import { fromHex, parseCommand, toHex } from '@issuerkit/apdu'
import { createKey, deriveIccMasterKey, type KeyPurpose, type SchemeName, scheme } from '@issuerkit/keys'
import { describe, expect, it } from 'vitest'
import macs from '../../../vectors/mac.json' with { type: 'json' }
import blocks from '../../../vectors/pin-block.json' with { type: 'json' }
import vectors from '../../../vectors/script-command.json' with { type: 'json' }
import type { Transaction } from '../src/debit-credit-model.js'
import { scriptCommand } from '../src/script-engine.js'
import {
  ATC,
  cbc,
  effects,
  online,
  prefixedEcb,
  type ScriptCard,
  scriptCard,
  secured,
} from './support/script-issuer.js'

type Given = (typeof vectors.cases)[number]['inputs']
type Inputs = Pick<Given, 'scheme' | 'command' | 'imkAc' | 'imkMac' | 'imkEnc' | 'pan' | 'panSequence' | 'arqc'> & {
  readonly [name in 'atc' | 'pinBlockKey' | 'value' | 'currentPin' | 'newPin']?: string | undefined
} & { readonly macLength: number }

const ascii = (pin: string): string => [...pin].map((digit) => `3${digit}`).join('')

function master(name: string, imk: string, pan: string, panSequence: string, purpose: KeyPurpose): string {
  const { iccKey } = scheme(name)
  const issuer = createKey('tdes', 'issuer', purpose, fromHex(imk))
  return toHex(deriveIccMasterKey(issuer, { pan, panSequence }, iccKey).expose())
}

function cardFor(inputs: Inputs): ScriptCard {
  const {
    scheme: name,
    imkAc,
    imkMac,
    imkEnc,
    pan,
    panSequence,
    arqc,
    macLength,
    pinBlockKey,
    currentPin = '0000',
  } = inputs
  const key = (imk: string, purpose: KeyPurpose): string => master(name, imk, pan, panSequence, purpose)
  return scriptCard({
    config: { scheme: name as SchemeName, putData: ['9F79'] },
    switches: { macLength, ...(pinBlockKey && { pinBlockKey: pinBlockKey as 'ac' | 'enc' }) },
    transaction: { cryptogram: fromHex(arqc) },
    objects: {
      'app/0/key/ac': key(imkAc, 'AC'),
      'app/0/key/mac': key(imkMac, 'MAC'),
      'app/0/key/enc': key(imkEnc, 'ENC'),
      'app/0/data/9F36': inputs.atc ?? '0001',
      'app/0/data/9F79': '000000000000',
      'app/0/data/9F17': '00',
      'app/0/pin': { value: fromHex(ascii(currentPin)), capacity: 12 },
    },
  })
}

describe.each(vectors.cases)('$id', ({ inputs, expect: { apdu } }) => {
  const { command, newPin = '', value }: Inputs = inputs

  it('is accepted and executed', () => {
    const card = cardFor(inputs)
    expect(card.send(apdu)).toBe('9000')
    if (command.startsWith('pin-change')) {
      expect(card.read('pin')).toBe(ascii(newPin))
      expect(card.read('data/9F17')).toBe('03')
    }
    if (command === 'put-data') expect(card.read('data/9F79')).toBe(value)
    expect(card.state('blocked')).toBe(command === 'application-block' ? 1 : 0)
    expect(card.memory.readNumber('blocked')).toBe(command === 'card-block' ? 1 : 0)
    expect([card.state('scriptCounter'), card.state('scriptFailed'), card.state('macFailures')]).toEqual([1, 0, 0])
  })

  it('is accepted with Le behind', () => expect(cardFor(inputs).send(`${apdu}00`)).toBe('9000'))

  it('is refused with any bit changed', () => {
    const { memory, context } = cardFor(inputs)
    const before = effects(memory)
    const refuses = (bytes: Uint8Array): string | undefined => {
      Object.assign(context.transaction, online(), { cryptogram: fromHex(inputs.arqc) } satisfies Partial<Transaction>)
      try {
        return scriptCommand(context, parseCommand(bytes))?.status
      } catch {
        return 'no command'
      } finally {
        memory.commit()
      }
    }
    for (let bit = 0; bit < apdu.length * 4; bit++) {
      const bytes = fromHex(apdu)
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
      // A longer or shorter Lc makes another command of it, or none.
      expect(refuses(bytes), `bit ${bit}`).not.toBe('9000')
    }
    expect(effects(memory)).toBe(before)
    expect(refuses(fromHex(apdu))).toBe('9000')
    expect(effects(memory)).not.toBe(before)
  })

  it.each(['atc', 'cryptogram', 'key'] as const)('is refused by a card with another %s', (other) => {
    const { memory, context, send } = cardFor(inputs)
    if (other === 'cryptogram') context.transaction.cryptogram[7] = (context.transaction.cryptogram[7] as number) ^ 1
    if (other === 'atc') memory.write('app/0/data/9F36', fromHex('7777'))
    // A bit that DES uses: parity is the lowest.
    const key = memory.read('app/0/key/mac')
    if (other === 'key') memory.write('app/0/key/mac', key.with(3, (key[3] as number) ^ 0x10))
    const interac = inputs.scheme === 'interac-cvn133' && other === 'atc'
    // Neither session key nor MAC input of Interac has the ATC.
    expect(send(apdu)).toBe(interac ? '9000' : '6988')
  })
})

describe('published MACs of commands without data', () => {
  const id = { pan: '1234567890123456', panSequence: '00' }
  const imkMac = 'FEDCBA98765432100123456789ABCDEF'
  const cases = [
    ['sm-pyemv-cvn10', 'visa-cvn10', '29CCA15AE665FA2E'],
    ['sm-pyemv-cvn18', 'visa-cvn18', '7A788EA6B8A3E733'],
    ['sm-pyemv-cvn133', 'interac-cvn133', '18932FECA2D84326'],
    ['sm-pyemv-cvn16', 'mastercard-cvn16', '24CCF3DEE3158C70'],
    ['sm-pyemv-cvn17', 'mastercard-cvn17', 'EAE8A620A75648D8'],
    ['sm-pyemv-cvn20', 'mastercard-cvn20', 'CD29615D6452E70E'],
  ] as const
  it.each(cases)('%s', (name, schemeName, arqc) => {
    const found = macs.cases.find((one) => one.id === name) as (typeof macs.cases)[number]
    const card = scriptCard({
      config: { scheme: schemeName },
      transaction: { cryptogram: fromHex(arqc) },
      objects: {
        'app/0/key/mac': master(schemeName, imkMac, id.pan, id.panSequence, 'MAC'),
        'app/0/data/9F36': '001C',
        'app/0/data/9F17': '00',
        'app/0/state/blocked': '01',
      },
    })
    const header = found.inputs.data.slice(0, 8)
    // PIN UNBLOCK has the header of PIN CHANGE with P2=00.
    expect(card.send(`${header}08${found.expect.mac}`)).toBe('9000')
    expect(card.state('blocked')).toBe(header === '84180000' ? 0 : 1)
    expect(card.read('data/9F17')).toBe(header === '84240000' ? '03' : '00')
  })
})

describe('published PIN blocks', () => {
  it.each(blocks.cases.filter(({ inputs }) => inputs.format === 'iso-2'))('$id', ({ inputs, expect: { block } }) => {
    const card = scriptCard({ config: { scheme: 'mastercard-cvn20' } })
    expect(card.send(secured('84240002', cbc(block), { method: 'emv-common', macLength: 8 }))).toBe('9000')
    expect(card.read('pin')).toBe(ascii(inputs.pin))
  })
  it.each(blocks.cases.filter(({ inputs }) => inputs.format === 'vis'))('$id', ({ inputs, expect: { block } }) => {
    const objects = { 'app/0/key/ac': inputs.diversifiedKey }
    const card = scriptCard({ config: { scheme: 'visa-cvn10' }, objects, switches: { pinBlockKey: 'ac' } })
    const options = { method: 'visa-xor', macLength: 8, atc: ATC } as const
    expect(card.send(secured('84240002', prefixedEcb(block, options), options))).toBe('9000')
    expect(card.read('pin')).toBe(ascii(inputs.pin))
  })
  it.each(blocks.cases.filter(({ inputs }) => inputs.format === 'iso-0'))(
    '$id is none here',
    ({ expect: { block } }) => {
      const card = scriptCard({ config: { scheme: 'mastercard-cvn20' } })
      expect(card.send(secured('84240002', cbc(block), { method: 'emv-common', macLength: 8 }))).toBe('6A80')
      expect(card.read('pin')).toBe(ascii('1234'))
    },
  )
})

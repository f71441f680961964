import { concat, encodeTlv, fromHex, toHex } from '@issuerkit/apdu'
import { decodeScriptResults } from '@issuerkit/scripts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { processScripts, type ScriptRun, scriptResultTags } from '../src/script-processing.js'
import { TransactionEnded } from '../src/transaction-state.js'
import { type Answers, stateOf, tsiOf, tvrOf } from './scripted-card.js'

/** 04 DA 9F xx without a MAC: a card written by hand does not ask for one. */
const command = (number: number): Uint8Array => Uint8Array.of(0x04, 0xda, 0x9f, number, 0x01, 0x00)

function script(template: '71' | '72', identifier: string | undefined, ...commands: readonly Uint8Array[]): Uint8Array {
  const first = identifier === undefined ? [] : [encodeTlv('9F18', fromHex(identifier))]
  return encodeTlv(template, [...first, ...commands.map((apdu) => encodeTlv('86', apdu))])
}

async function run(scripts: readonly Uint8Array[], answers: Answers, template: '71' | '72' = '72') {
  const { state, sent } = stateOf({}, {}, answers)
  const runs: ScriptRun[] = []
  let ended: unknown
  try {
    await processScripts(state, scripts, template, runs)
  } catch (error) {
    ended = error
  }
  const { '9F5B': emv, DF31 } = scriptResultTags(runs)
  return {
    state,
    sent,
    runs,
    ended,
    emv: toHex(emv),
    df31: toHex(DF31),
    bits: `${tvrOf(state).slice(8)} ${tsiOf(state)}`,
  }
}

const THREE = [command(1), command(2), command(3)]

/** [EMV-B4] A5, byte 1; the rest is the identifier. */
describe('script results', () => {
  it.each<[string, Answers, string, number, string]>([
    ['all executed', { '04DA': '9000' }, '200000000A', 3, '00 0400'],
    ['the first fails', { '04DA': '6988' }, '110000000A', 1, '10 0400'],
    ['the second fails', { '04DA': ['9000', '6985'] }, '120000000A', 2, '10 0400'],
    ['the last fails', { '04DA': ['9000', '9000', '6A80'] }, '130000000A', 3, '10 0400'],
    ['warnings 62 and 63 are no failure', { '04DA': ['6200', '6300', '63C1'] }, '200000000A', 3, '00 0400'],
    ['64 is one', { '04DA': ['9000', '6400'] }, '120000000A', 2, '10 0400'],
    ['91 is one', { '04DA': '9100' }, '110000000A', 1, '10 0400'],
    ['no answer to the second', { '04DA': ['9000', 'none'] }, '100000000A', 2, '10 0400'],
  ])('%s', async (_, answers, result, commands, bits) => {
    const ran = await run([script('72', '0000000A', ...THREE)], answers)
    expect([ran.emv, ran.df31]).toEqual([result, result])
    expect(ran.sent).toEqual(THREE.slice(0, commands).map(toHex))
    expect(ran.bits).toBe(bits)
  })

  it('number 14 is said, 15 and later are F', async () => {
    for (const [failing, result] of [
      [14, '1E'],
      [15, '1F'],
      [16, '1F'],
      [20, '1F'],
    ] as const) {
      const answers = { '04DA': [...Array.from({ length: failing - 1 }, () => '9000'), '6A80'] }
      const { emv, sent } = await run(
        [script('72', undefined, ...Array.from({ length: 20 }, (_, i) => command(i)))],
        answers,
      )
      expect(emv).toBe(`${result}00000000`)
      expect(sent).toHaveLength(failing)
    }
  })

  it('a failed script ends, the next one runs; one result each, in their order', async () => {
    const scripts = [script('72', '00000001', ...THREE), script('72', '00000002', command(4))]
    const { emv, runs } = await run(scripts, { '04DA': ['9000', '6988', '9000'] })
    expect(emv).toBe('12000000012000000002')
    expect(runs.map(({ commands }) => commands.map(({ status }) => status))).toEqual([
      ['9000', '6988', 'not-sent'],
      ['9000'],
    ])
    expect(runs[0]?.commands[0]?.header).toBe('04DA9F01')
  })

  it('each template at its time, with its bit of the TVR', async () => {
    const scripts = [script('72', '00000072', command(1)), script('71', '00000071', command(2))]
    const before = await run(scripts, { '04DA': '6985' }, '71')
    expect([before.emv, before.bits, before.state.phase]).toEqual(['1100000071', '20 0400', 'script-71'])
    const after = await run(scripts, { '04DA': '6985' })
    expect([after.emv, after.bits, after.state.phase]).toEqual(['1100000072', '10 0400', 'script-72'])
  })

  it('no script: nothing is said and no bit is set', async () => {
    const { emv, df31, bits } = await run([script('71', undefined, command(1))], {})
    expect([emv, df31, bits]).toEqual(['', '0000000000', '00 0000'])
  })

  it('a lost answer ends the transaction; what comes after it was not performed', async () => {
    const scripts = [script('72', '00000001', command(1), command(2)), script('72', '00000002', command(3))]
    const { emv, ended, runs, sent } = await run(scripts, { '04DA': ['none', '9000'] })
    expect(emv).toBe('10000000010000000002')
    expect(sent).toHaveLength(1)
    expect(runs.map(({ outcome }) => outcome)).toEqual(['unknown', 'not-performed'])
    expect(runs.map(({ commands }) => commands.map(({ status }) => status))).toEqual([
      ['no-answer', 'not-sent'],
      ['not-sent'],
    ])
    expect(ended).toBeInstanceOf(TransactionEnded)
    expect((ended as TransactionEnded).end).toEqual({ reason: 'no-answer', phase: 'script-72', code: 'ERR_EXCHANGE' })
  })

  it('the same in the last script of all', async () => {
    const scripts = [script('72', '00000001', command(1)), script('72', '00000002', command(3))]
    const { emv, ended } = await run(scripts, { '04DA': ['9000', 'none'] })
    expect(emv).toBe('20000000011000000002')
    expect(ended).toBeInstanceOf(TransactionEnded)
  })

  it.each([
    ['cut short', '7205860604DA9F'],
    ['without a command', '7207 9F1804 00000001'.replaceAll(' ', '')],
    ['with another data object', '720450020102'],
    ['with an identifier of another length', '720C9F1803000001860404DA9F0100'.slice(0, 28)],
    ['with a command that is none', '7204860204DA'],
    ['two in one', `${toHex(script('72', undefined, command(1)))}${toHex(script('72', undefined, command(2)))}`],
    ['without anything', ''],
  ])('a template %s is not performed', async (_, bytes) => {
    const { emv, sent, runs, bits } = await run([fromHex(bytes), script('72', '00000002', command(1))], {
      '04DA': '9000',
    })
    expect(emv).toBe('00000000002000000002')
    expect(sent).toHaveLength(1)
    expect(runs[0]?.commands).toEqual([])
    expect(bits).toBe('10 0400')
  })

  it('a command goes to the card as it stands, with its Le', async () => {
    const { sent } = await run([encodeTlv('72', encodeTlv('86', fromHex('841E000004AABBCCDD00')))], { '841E': '9000' })
    expect(sent).toEqual(['841E000004AABBCCDD00'])
  })

  it('a fault of the exchange that says nothing of an answer is no result of the card', async () => {
    const { state } = stateOf({})
    const broken = { ...state, exchange: () => Promise.reject(new Error('a bug')) }
    await expect(processScripts(broken, [script('72', undefined, command(1))], '72', [])).rejects.toThrow('a bug')
  })
})

describe('for any scripts and any card', () => {
  const status = fc.constantFrom('9000', '6200', '63C2', '6985', '6A80', '6988', 'none')
  it('says of each command what was done, and nothing that was not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 18 }), { minLength: 1, maxLength: 4 }),
        fc.array(status, { minLength: 80, maxLength: 80 }),
        async (lengths, answers) => {
          let number = 0
          const scripts = lengths.map((length, i) =>
            script('72', `0000000${i}`, ...Array.from({ length }, () => command(number++ & 0xff))),
          )
          const { runs, sent, emv, ended } = await run(scripts, { '04DA': answers })
          const results = decodeScriptResults(fromHex(emv))
          expect(results).toHaveLength(scripts.length)
          const statuses = runs.flatMap(({ commands }) => commands.map((each) => each.status))
          expect(statuses.filter((each) => each !== 'not-sent')).toHaveLength(sent.length)
          expect(ended !== undefined).toBe(statuses.includes('no-answer'))
          for (const [i, { outcome, commandNumber }] of results.entries()) {
            const own = runs[i]?.commands.map((each) => each.status) ?? []
            if (outcome === 'successful') expect(own.every((each) => /^(90|62|63)/.test(each))).toBe(true)
            if (outcome === 'not-performed') expect(own.every((each) => each === 'not-sent')).toBe(true)
            if (outcome === 'failed' && commandNumber === 0) expect(own).toContain('no-answer')
            if (outcome === 'failed' && commandNumber > 0) {
              const failed = own.findIndex((each) => !/^(90|62|63)/.test(each))
              expect(Math.min(failed + 1, 15)).toBe(commandNumber)
            }
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('results of several scripts', () => {
  it('stand one after another, 71 before 72', async () => {
    const { state } = stateOf({}, {}, { '04DA': '9000' })
    const runs: ScriptRun[] = []
    const scripts = [script('72', '00000002', command(1)), script('71', undefined, command(2))]
    await processScripts(state, scripts, '71', runs)
    await processScripts(state, scripts, '72', runs)
    expect(toHex(concat(scriptResultTags(runs).DF31))).toBe('20000000002000000002')
  })
})

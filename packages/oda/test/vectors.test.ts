/** Every published case of offline data authentication, through the public function. */
import { readFileSync } from 'node:fs'
import { fromHex, toHex } from '@issuerkit/apdu'
import { describe, expect, it } from 'vitest'
import { authenticate, createCaKey, type OdaInput, type OdaMethod, type OdaVerdict } from '../src/index.js'

type Hex = Readonly<Record<string, string>>

interface Case {
  readonly id: string
  readonly inputs: {
    readonly method: OdaMethod
    readonly caKey: {
      readonly rid: string
      readonly index: string
      readonly modulus: string
      readonly exponent: string
    }
    readonly aip: string
    readonly transactionDate: string
    readonly tags: Hex
    readonly staticData: string
    readonly dynamic?: Hex
  }
  readonly expect: Readonly<Record<string, string | boolean>>
}

const file = new URL('../../../vectors/offline-data-authentication.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: readonly Case[] }

const bytesOf = (map: Hex): [string, Uint8Array][] => Object.entries(map).map(([name, hex]) => [name, fromHex(hex)])

function inputOf({ inputs }: Case): OdaInput {
  const { rid, index, modulus, exponent } = inputs.caKey
  return {
    method: inputs.method,
    caKey: createCaKey({
      rid: fromHex(rid),
      index: Number.parseInt(index, 16),
      modulus: fromHex(modulus),
      exponent: fromHex(exponent),
    }),
    tags: new Map(bytesOf(inputs.tags)),
    staticData: fromHex(inputs.staticData),
    transactionDate: inputs.transactionDate,
    ...(inputs.dynamic === undefined ? {} : { dynamic: Object.fromEntries(bytesOf(inputs.dynamic)) }),
  }
}

/** The fields that a case may expect, from the verdict. */
function answer(verdict: OdaVerdict): Record<string, unknown> {
  const recovered = Object.entries(verdict.recovered).map(([name, bytes]) => [name, toHex(bytes)])
  return { ok: verdict.ok, stage: verdict.stage, tvr: toHex(verdict.tvr), ...Object.fromEntries(recovered) }
}

describe('published cases of offline data authentication', () => {
  it('number 35', () => {
    expect(cases.length).toBe(35)
  })

  it.each(cases.map((item) => [item.id, item] as const))('%s', (_, item) => {
    expect(answer(authenticate(inputOf(item)))).toMatchObject(item.expect)
  })
})

/** POST /v1/cryptograms/batch: verdicts line by line, and no way around the budget of failed verifications. */
import { createCipheriv } from 'node:crypto'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { loadDemoIssuer } from '../src/demo-issuer.js'
import { FAILURE_BUDGET } from '../src/limits/failures.js'
import { cryptogramBatchRoutes } from '../src/routes/cryptogram-batch.js'
import { cryptogramRoutes } from '../src/routes/cryptograms.js'
import { REQUEST_EXAMPLES } from '../src/routes/examples.data.js'
import { MasterKey } from '../src/wrap.js'
import { useDatabase } from './support/database.js'
import { type TestServer, testServer } from './support/server.js'

const { database } = useDatabase()
let server: TestServer
beforeAll(() => loadDemoIssuer(database(), new MasterKey(new Uint8Array(32))))
beforeEach(async () => {
  // Failures are counted by the server: each test begins with none.
  server = await testServer(database(), [cryptogramRoutes, cryptogramBatchRoutes])
})

/** The published PBOC example: an ARQC that verifies. */
const GOOD = REQUEST_EXAMPLES['POST /v1/cryptograms/verify']?.body as {
  readonly issuer: string
  readonly pan: string
  readonly emv: Readonly<Record<string, string>>
}
/** A block under two-key TDES, by OpenSSL. */
function tdes(key: Buffer, block: Buffer, iv?: Buffer): Buffer {
  const cipher = createCipheriv(iv === undefined ? 'des-ede' : 'des-ede-cbc', key, iv ?? null)
  return cipher.setAutoPadding(false).update(block) as Buffer
}
/** The transaction of the example with a cryptogram of another kind: [PBOC] key derivation, ISO 9797-1 algorithm 3. */
function ofKind(type: string, cvr: string) {
  const values: Readonly<Record<string, string>> = { ...GOOD.emv, '9F27': type, '9F10': `070101${cvr}01` }
  const twice = (key: Buffer, text: string) => {
    const block = Buffer.from(text, 'hex')
    return Buffer.concat([tdes(key, block), tdes(key, Buffer.from(block.map((byte) => byte ^ 0xff)))])
  }
  const card = twice(Buffer.from('F0C34A8124CEE0A91A0B034AA97D6EAC', 'hex'), '0622800010000101')
  // Six bytes of zeros before the ATC, and before its inverse.
  const [right, left] = ['0240', 'FDBF'].map((atc) => tdes(card, Buffer.from(`000000000000${atc}`, 'hex')))
  const session = Buffer.concat([right as Buffer, left as Buffer])
  const tags = ['9F02', '9F03', '9F1A', '95', '5F2A', '9A', '9C', '9F37', '82', '9F36'] as const
  const covered = Buffer.from(`${tags.map((tag) => values[tag]).join('')}${cvr}80`, 'hex')
  const padded = Buffer.concat([covered, Buffer.alloc((8 - (covered.length % 8)) % 8)])
  const single = Buffer.concat([session.subarray(0, 8), session.subarray(0, 8)])
  const before = tdes(single, padded.subarray(0, -8), Buffer.alloc(8)).subarray(-8)
  const mac = tdes(session, padded.subarray(-8), before)
  return { ...GOOD, emv: { ...values, '9F26': mac.toString('hex').toUpperCase() } }
}
const BAD = { ...GOOD, emv: { ...GOOD.emv, '9F26': '0000000000000000' } }
const NDJSON = { 'content-type': 'application/x-ndjson' }
const text = (...lines: readonly object[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join('')

async function post(payload: string, query = '') {
  const url = `/v1/cryptograms/batch${query}`
  const { statusCode, body, headers } = await server.send({ method: 'POST', url, payload, headers: NDJSON })
  const lines = body.split('\n')
  expect([statusCode, headers['content-type'], lines.pop()]).toEqual([200, 'application/x-ndjson', ''])
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}
const verify = (payload: object) => server.send({ method: 'POST', url: '/v1/cryptograms/verify', payload })

describe('each line is judged as a request of its own', () => {
  test('with its id, in its place', async () => {
    const lines = [GOOD, BAD, { ...GOOD, pan: '6228000100009' }]
    const answers = await post(text(...lines.map((line, n) => ({ id: `${n}`, ...line }))))
    const alone = await Promise.all(lines.map(async (line) => (await verify(line)).json()))
    expect(answers).toEqual(alone.map((answer, n) => ({ id: `${n}`, ...answer })))
    expect(answers.map(({ verdict }) => verdict)).toEqual(['V', 'I', 'I'])
  })

  test('of the kind that it must be', async () => {
    expect(ofKind('80', '03A04002').emv).toMatchObject({ '9F26': '5D016C91005E7CC2' })
    const [tc, aac] = [ofKind('40', '03604002'), ofKind('00', '03204002')]
    const verdicts = async (...[line, query]: [object, string?]) =>
      (await post(text(line), query)).map(({ verdict }) => verdict)
    expect(await verdicts(tc)).toEqual(['G'])
    expect(await verdicts(tc, '?expectedType=TC')).toEqual(['V'])
    expect(await verdicts({ ...tc, expectedType: 'TC' })).toEqual(['V'])
    expect(await verdicts({ ...aac, expectedType: 'AAC' })).toEqual(['V'])
    expect(await verdicts({ ...aac, expectedType: 'TC' })).not.toEqual(['V'])
    expect(await verdicts({ ...GOOD, expectedType: 'TC' }, '?expectedType=ARQC')).not.toEqual(['V'])
  })

  test('with the issuer and scheme of the query', async () => {
    const { issuer, ...rest } = GOOD
    expect(await post(text(rest), `?issuer=${issuer}&scheme=pboc`)).toMatchObject([{ verdict: 'V', scheme: 'pboc' }])
    expect(await post(text(rest))).toMatchObject([{ line: 1, error: { code: 'ERR_BODY' } }])
  })

  test.each<[string, string, string]>([
    ['no JSON', '{', 'ERR_BODY'],
    ['a key twice', '{"id":"a","id":"a"}', 'ERR_BODY'],
    ['a field too many', text({ ...GOOD, more: 1 }), 'ERR_BODY'],
    ['another kind', text({ ...GOOD, expectedType: 'ARPC' }), 'ERR_BODY'],
    ['a bad PAN', text({ ...GOOD, pan: '62280001000A1' }), 'ERR_PAN'],
    ['another issuer', text({ ...GOOD, issuer: 'demo-none' }), 'ERR_NOT_FOUND'],
    ['another scheme', text({ ...GOOD, scheme: 'visa-cvn10' }), 'ERR_SCHEME'],
    ['more than 16 KB', `{"id":"${'a'.repeat(16_384)}"}`, 'ERR_BODY_TOO_LARGE'],
  ])('%s is a line with its code', async (_, bad, code) => {
    const answers = await post(`\n${text(GOOD)}${bad.trim()}\n${text(GOOD)}`)
    expect(answers).toMatchObject([{ verdict: 'V' }, { line: 3, error: { code } }, { verdict: 'V' }])
    expect(JSON.stringify(answers[1])).not.toContain('622800010')
  })

  test.each<[string, string, Record<string, string>, number, string]>([
    ['JSON', '', { 'content-type': 'application/json' }, 415, 'ERR_CONTENT_TYPE'],
    ['another question', '?pan=1', NDJSON, 400, 'ERR_QUERY'],
    ['no token', '', { ...NDJSON, authorization: 'Bearer x' }, 401, 'ERR_UNAUTHORIZED'],
  ])('%s is refused', async (_, query, headers, status, code) => {
    const url = `/v1/cryptograms/batch${query}`
    const answer = await server.send({ method: 'POST', url, payload: text(GOOD), headers })
    expect([answer.statusCode, answer.json()]).toMatchObject([status, { code }])
  })
})

describe('failed verifications', () => {
  const { perCard } = FAILURE_BUDGET
  const REFUSED = { error: { code: 'ERR_TOO_MANY_REQUESTS' } }
  const OTHER = { ...GOOD, pan: '6228000100009' }

  test('of a card are refused beyond its budget, in this batch and in the next', async () => {
    const answers = await post(text(...Array(perCard + 3).fill(BAD), GOOD, OTHER))
    expect(answers.slice(0, perCard)).toMatchObject(Array(perCard).fill({ verdict: 'I' }))
    expect(answers.slice(perCard, -1)).toMatchObject(Array(4).fill(REFUSED))
    expect(answers.at(-1)).toMatchObject({ verdict: 'I' })
    expect(await post(text(GOOD))).toMatchObject([REFUSED])
  })

  test('one by one and in batches are of one budget', async () => {
    expect(await post(text(...Array(perCard - 1).fill(BAD)))).toHaveLength(perCard - 1)
    expect((await verify(BAD)).json()).toMatchObject({ verdict: 'I' })
    expect((await verify(GOOD)).statusCode).toBe(429)
    expect(await post(text(GOOD))).toMatchObject([REFUSED])
  })

  test('in batches at once are of one budget', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(text(...Array(4).fill(BAD)))))
    expect(answers.flat().filter(({ verdict }) => verdict === 'I')).toHaveLength(perCard)
  })

  test('are not counted for what verifies, or is malformed', async () => {
    const answers = await post(
      text(...Array(2 * perCard).fill(GOOD), ...Array(2 * perCard).fill({ ...BAD, panSequence: '1' }), GOOD),
    )
    expect(answers.at(-1)).toMatchObject({ verdict: 'V' })
  })

  test('are in the metrics, and the first refusal in the audit trail', async () => {
    await post(text(...Array(perCard + 2).fill(BAD), GOOD))
    const { body } = await server.app.inject({ url: '/metrics' })
    expect(body).toContain(`issuerkit_verdicts_total{code="I"} ${perCard}`)
    expect(body).toContain('issuerkit_limited_total{limit="failures"} 3')
    const entries = async () => {
      const rows = await database().selectFrom('audit_entry').select('entry').execute()
      return rows.map(({ entry }) => JSON.parse(entry)).filter(({ action }) => action === 'limit.failures')
    }
    await expect.poll(async () => (await entries()).length, { timeout: 5_000 }).toBeGreaterThan(0)
    expect((await entries()).at(-1)).toMatchObject({ object: 'card:****0001 of demo-pboc', outcome: 'refused' })
  })
})

import { describe, expect, test } from 'vitest'
import { runVectorFile } from '../src/vectors/run.js'

const run = (operation: string, inputs: object, outcome: object) =>
  runVectorFile(
    JSON.stringify({
      format: 'issuerkit-vectors/1',
      operation,
      cases: [{ id: 'x', source: 'test', inputs, ...outcome }],
    }),
  )
const KEY = '0123456789ABCDEFFEDCBA9876543210'

describe('files of the e-purse that the format refuses', () => {
  test.each([
    ['epurse-diversify', { key: KEY, factors: '1122334455667788' }, 'factors', { key: KEY }],
    ['epurse-diversify', { key: KEY, factors: ['112233445566778'] }, 'factors', { key: KEY }],
    ['epurse-diversify', { key: KEY }, 'x', { key: KEY }],
    ['epurse-session-key', { key: KEY, random: '11223344', serial: '0000' }, 'serial', { key: KEY }],
    ['epurse-mac', { key: KEY, data: '00' }, 'x', { mac: '00000000' }],
    ['epurse-pin-command', { command: 'change-pin', key: KEY, plain: '1234' }, 'command', { apdu: '00' }],
    ['epurse-transaction', { kind: 'refund' }, 'kind', { mac1: true }],
    ['epurse-transaction', { purse: 'both' }, 'purse', { mac1: true }],
    ['epurse-transaction', { purse: 'ep' }, 'answer', { answer: 'yes' }],
  ])('%s %j', (operation, inputs, field, answer) => {
    const refused = expect.objectContaining({ code: 'ERR_VECTOR_FILE', label: expect.stringContaining(field) })
    expect(() => run(operation, inputs, { expect: answer })).toThrow(refused)
  })
})

describe('callers that the e-purse refuses', () => {
  test.each([
    ['epurse-mac', { sessionKey: '9B1D924E0559', data: '00' }, 'ERR_KEY'],
    ['epurse-tac', { dtk: '343434', data: '00' }, 'ERR_KEY'],
    ['epurse-secure-messaging', { key: KEY, challenge: 'DEADBE', message: '8416000004' }, 'ERR_LENGTH'],
    ['epurse-pin-command', { command: 'pin-unblock', key: KEY, challenge: 'DEADBEEF', plain: '' }, 'ERR_LENGTH'],
  ])('%s %j', (operation, inputs, error) => {
    expect(run(operation, inputs, { error })).toMatchObject({ passed: 1, failed: 0 })
  })
})

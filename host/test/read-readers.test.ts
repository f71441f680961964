/** `issuerkit read` with readers of the test's own. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromHex, IssuerkitError, parseTranscript } from '@issuerkit/apdu'
import { openDebitCreditCard } from '@issuerkit/card'
import { type CardConnection, connectCard, type ReaderInfo } from '@issuerkit/terminal'
import { describe, expect, test } from 'vitest'
import { type Readers, readCommand } from '../src/cli/read.js'
import { cardLines, readerLines } from '../src/cli/read-text.js'
import type { Ran } from './support/run.js'
import { ATR, cardFiles, cardMemory } from './support/test-card.js'

/** The command with readers of the test's own, each with a virtual card or none. */
async function runWithReaders(args: readonly string[], readers: Partial<Readers>): Promise<Ran & { asked: unknown[] }> {
  const ran = { code: -1, out: '', err: '', asked: [] as unknown[] }
  const add = (name: 'out' | 'err') => (text: string) => {
    ran[name] += text
  }
  const command = readCommand(
    { out: add('out'), err: add('err'), environment: {} },
    (code) => {
      ran.code = code
    },
    {
      listReaders: async () => LISTED,
      connectReader: async (name, options) => {
        ran.asked.push(name, options)
        return connectCard(openDebitCreditCard(cardMemory()), name)
      },
      ...readers,
    },
  )
  await command.parseAsync(args, { from: 'user' })
  return ran
}

const LISTED: readonly ReaderInfo[] = [{ name: 'Empty \u001b[2J' }, { name: 'Full', atr: fromHex(ATR) }]

describe('readers', () => {
  test('are listed', async () => {
    const { code, out, asked } = await runWithReaders(['--list'], {})
    expect([code, asked]).toEqual([0, []])
    expect(out).toBe(`Empty ?[2J: no card\nFull: card, answer to reset ${ATR}\n`)
    expect((await runWithReaders(['--list'], { listReaders: async () => [] })).out).toBe('no readers\n')
  })

  test('are listed as JSON, a line each', () => {
    expect(readerLines(LISTED, true)).toBe(`{"name":"Empty \\u001b[2J"}\n{"name":"Full","atr":"${ATR}"}\n`)
  })

  test('with a card are found', async () => {
    const { options } = cardFiles()
    const { code, out, asked } = await runWithReaders(options, {})
    expect([code, asked]).toEqual([0, ['Full', { share: 'exclusive' }]])
    expect(out).toContain(`Full\nanswer to reset: ${ATR}\n`)
  })

  test('are taken by name, shared where that is asked for', async () => {
    const { options } = cardFiles()
    const { asked } = await runWithReaders(['--reader', 'Mine', '--shared', ...options], {})
    expect(asked).toEqual(['Mine', { share: 'shared' }])
  })

  test('without a card are nothing to read', async () => {
    const none = runWithReaders([], { listReaders: async () => LISTED.slice(0, 1) })
    await expect(none).rejects.toMatchObject({ code: 'ERR_READER' })
  })

  test('let go of a card that does not reset', async () => {
    let disconnected = 0
    const connectReader = async (name: string): Promise<CardConnection> => ({
      ...connectCard(openDebitCreditCard(cardMemory()), name),
      reset: async () => {
        throw new IssuerkitError('ERR_READER', { label: name, expected: 'an answer to reset', got: 'none' })
      },
      disconnect: async () => {
        disconnected += 1
      },
    })
    await expect(runWithReaders([], { connectReader })).rejects.toMatchObject({ code: 'ERR_READER' })
    expect(disconnected).toBeGreaterThan(0)
  })

  test('that lose the card keep what was read, and its transcript', async () => {
    const { folder, options } = cardFiles()
    const saved = join(folder, 'lost.txt')
    const connectReader = async (name: string): Promise<CardConnection> => {
      const connection = connectCard(openDebitCreditCard(cardMemory()), name)
      let left = 12
      const transmit = async (command: Uint8Array): Promise<Uint8Array> => {
        if (left-- > 0) return connection.transmit(command)
        throw new IssuerkitError('ERR_READER', { label: name, expected: 'a card', got: 'none' })
      }
      return { ...connection, atr: fromHex(ATR), transmit }
    }
    const { code, out } = await runWithReaders(['--save', saved, ...options], { connectReader })
    expect([code, out]).toEqual([1, expect.stringContaining('the reading ended: ERR_READER')])
    expect(parseTranscript(readFileSync(saved, 'utf8'))).toHaveLength(12)
  })

  test('that fail for a reason of their own say so, and make no file', async () => {
    const { folder } = cardFiles()
    const saved = join(folder, 'none.txt')
    const connectReader = async (): Promise<CardConnection> => {
      throw new TypeError('a fault')
    }
    await expect(runWithReaders(['--save', saved], { connectReader })).rejects.toThrow(TypeError)
    expect(existsSync(saved)).toBe(false)
  })
})

test('the name of a file does not steer the screen', () => {
  const tree = { searches: [], applications: [], cardBlocked: false }
  expect(cardLines({ name: 'a\u001b[2Jb' }, tree, {})).toBe('a?[2Jb\n')
})

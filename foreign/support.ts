/** What the runs against foreign software share: cards in the virtual readers, and programs beside them. */
import { execFile, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fromHex, toHex } from '../packages/apdu/src/index.js'
import { openDebitCreditCard, parseCardProfile, personaliseCard, type VirtualCard } from '../packages/card/src/index.js'
import { createTestCa, type TestCa } from '../packages/oda/src/index.js'
import { type CardConnection, connectVirtualReader, type VirtualReader } from '../packages/terminal/src/index.js'

/** The two readers that vpcd brings, and where a card dials in. */
export const READERS = [
  { name: 'Virtual PCD 00 00', port: 35963 },
  { name: 'Virtual PCD 00 01', port: 35964 },
] as const

/** A CA for all of the cards: one key takes a second to make. */
export const TEST_CA: TestCa = createTestCa({
  rid: fromHex('A000000333'),
  index: 0xf1,
  bits: 1152,
  exponent: 3,
  expiry: '20391231',
})

/** A profile of the examples, as parsed JSON. */
export function exampleProfile(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(`../examples/cards/${name}.json`, import.meta.url), 'utf8'))
}

/** A card of an example's profile, with some of it changed. */
export function exampleCard(name: string, changes: Record<string, unknown> = {}): VirtualCard {
  return openDebitCreditCard(personaliseCard(parseCardProfile({ ...exampleProfile(name), ...changes }), TEST_CA))
}

/** Puts a card into a reader, and waits until pcscd has found it, which it looks for several times a second. */
export async function insert(card: VirtualCard, reader: 0 | 1 = 0): Promise<VirtualReader> {
  const inserted = await connectVirtualReader(card, { port: READERS[reader].port })
  await untilCard(reader, 'Yes')
  return inserted
}

/** Takes a card out, and waits until pcscd has noticed. */
export async function remove(inserted: VirtualReader, reader: 0 | 1 = 0): Promise<void> {
  await inserted.close()
  await untilCard(reader, 'No')
}

/** Waits until pcscd says whether there is a card in a reader. */
export async function untilCard(reader: 0 | 1, card: 'Yes' | 'No'): Promise<void> {
  for (let waited = 0; waited < 15_000; waited += 50) {
    const { stdout } = await run('opensc-tool', ['--list-readers'])
    if (new RegExp(`^${reader}\\s+${card}\\b`, 'm').test(stdout)) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`pcscd does not say ${card} of the card in reader ${reader}`)
}

/** A program run to its end. */
export function run(
  command: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      command,
      [...args],
      { env: options.env ?? process.env, maxBuffer: 1 << 26, timeout: 30_000 },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    )
    // A program that ends without reading closes the pipe.
    child.stdin?.on('error', () => undefined).end(options.input ?? '')
  })
}

/** The connection of another program to a card: pyscard, with a process of its own. */
export async function pyscard(name: string, share: 'exclusive' | 'shared'): Promise<CardConnection> {
  const script = new URL('pyscard-bridge.py', import.meta.url).pathname
  const child = spawn('/usr/bin/python3', [decodeURIComponent(script), name, share], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next()
    if (done === true) throw new Error('pyscard has ended')
    if (value.startsWith('!')) throw new Error(value)
    return value
  }
  const atr = fromHex(await next())
  return {
    name,
    atr,
    // [EMV-B1] 8.3.3: TD1 names the first protocol.
    protocol: (atr[1] ?? 0) & 0x80 ? 'T=1' : 'T=0',
    transmit: async (command) => {
      child.stdin.write(`${toHex(command)}\n`)
      return fromHex(await next())
    },
    reset: async () => {
      child.stdin.write('reset\n')
      return fromHex(await next())
    },
    disconnect: async () => {
      child.stdin.end()
      await new Promise((resolve) => child.on('close', resolve))
    },
  }
}

/** The lines of a batch of offline data authentication, in groups that are authenticated together, and in their order. */
import type { CaKeyText } from '@issuerkit/oda'
import type { OdaTask } from '../threads/authenticate-lines.js'
import { sameThread, type Threads } from '../threads/threads.js'
import { type LineGroup, lineGroups } from './lines.js'

/** Characters of a line, as packages/oda has it; none takes more than three bytes. */
const MOST_CHARACTERS = 65_536
const LONGEST_LINE = 3 * MOST_CHARACTERS
/** Stands for a line that was too long to keep: it is too long, too. */
const TOO_LONG = 'x'.repeat(MOST_CHARACTERS + 1)
/** Lines that are worth another thread: a few milliseconds of RSA. */
const GROUP = 8

/** What lines are authenticated by. */
export interface OdaLinesOptions {
  readonly threads: Threads | undefined
  /** Keys of the issuer's own. */
  readonly caKeys: readonly CaKeyText[]
  readonly options: OdaTask['options']
}

/** The results, as NDJSON. Nothing is read before the results of what was read have been taken. */
export async function* odaResults(input: AsyncIterable<Uint8Array>, work: OdaLinesOptions): AsyncGenerator<string> {
  for await (const group of lineGroups(input, LONGEST_LINE)) {
    const results = await resultsOf(group, work)
    if (results !== '') yield results
  }
}

async function resultsOf({ bytes, bounds, first }: LineGroup, { threads = sameThread, ...work }: OdaLinesOptions) {
  // A byte order mark is one at the beginning of the batch alone.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: first > 1 })
  const following = new TextDecoder('utf-8', { ignoreBOM: true })
  const lines: string[] = []
  for (let n = 0; n < bounds.length; n += 2) {
    const [begin, end] = [bounds[n] as number, bounds[n + 1] as number]
    const text = () => (n === 0 ? decoder : following).decode(bytes.subarray(begin, end))
    lines.push(begin < 0 ? TOO_LONG : text())
  }
  const groups: Promise<string>[] = []
  for (let from = 0; from < lines.length; from += GROUP) {
    const some = lines.slice(from, from + GROUP)
    const there = some.length < GROUP ? sameThread : threads
    const before = first - 1 + from
    groups.push(there.run('authenticateLines', { text: `${some.join('\n')}\n`, before, ...work }))
  }
  return (await Promise.all(groups)).join('')
}

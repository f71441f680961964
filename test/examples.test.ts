/** Every program in examples/ ends well and prints what its last comment says. */
import { describe, expect, it } from 'vitest'
import { runNode } from './support/run.js'
import { comments } from './support/source.js'
import { projectFiles } from './support/tree.js'

const EXAMPLES = projectFiles(/^examples\/[^/]+\.ts$/)

/** What an example says that it prints: the lines of its last comment, behind "Prints:". */
function promised(source: string): string | undefined {
  const last = comments(source).at(-1)?.text ?? ''
  return /^\/\* Prints:\n([\s\S]*)\n\*\/$/.exec(last)?.[1]
}

describe('examples', () => {
  it('are there', () => expect(EXAMPLES.size).toBeGreaterThan(0))

  it.each([...EXAMPLES])('%s', async (path, source) => {
    const { code, stdout, stderr } = await runNode(path)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.trimEnd()).toBe(promised(source))
  })
})

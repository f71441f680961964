// A host that a test kills: starts the embedded database on the folder given and says so. It fails at the first input.
import { startEmbeddedDatabase } from '../../src/embedded-database.js'

const { folder } = await startEmbeddedDatabase({ folder: process.argv[2] ?? '' })
process.stdout.write(`started ${folder}\n`)
process.stdin.on('data', () => {
  throw new Error('nobody catches this')
})

/** Runs before each test file of the vitest project `portable`: the packages then work without OpenSSL. */
import fc from 'fast-check'
import { nodeBackend } from '../../packages/keys/src/backend-node.js'
import { portableBackend } from '../../packages/keys/src/backend-portable.js'
import { useBackend } from '../../packages/keys/src/index.js'

// Keys come from OpenSSL: no result depends on how a random key was found, and node-forge takes a second for one.
// packages/keys/test/backend-portable.test.ts has the portable generation.
useBackend({ ...portableBackend({ privateKeys: 'not-constant-time' }), generateRsa: nodeBackend.generateRsa })

// The other project tries thousands of cases. Here a property goes on for so long, and for as long as it asks with
// TESTS=all.
if (process.env['TESTS'] !== 'all') fc.configureGlobal({ interruptAfterTimeLimit: 60 })

/** The suite runs twice; this tells that the second time is not the first one again. vitest.config.ts sets BACK_END. */
import { expect, it } from 'vitest'
import { backend } from '../src/index.js'

it('the back end of this run', () => expect(backend().name).toBe(process.env['BACK_END'] ?? 'node'))

/** Which back end is in use from the start. package.json chooses by the condition `browser`. */
import { expect, it } from 'vitest'
import { defaultBackend } from '../src/default-backend.js'
import { defaultBackend as inBrowsers } from '../src/default-backend-browser.js'

it('OpenSSL’s in Node', () => expect(defaultBackend.name).toBe('node'))

it('the portable one in browsers, which refuses private keys', () => {
  expect(inBrowsers.name).toBe('portable')
  expect(() => inBrowsers.generateRsa(512, 3)).toThrow('ERR_BACKEND')
})

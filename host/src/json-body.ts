/**
 * Strict JSON bodies. What JSON.parse forgives is refused: a key twice, a byte order mark, bytes that are not UTF-8,
 * nesting without end; and so is any other declaration of the body than application/json in UTF-8.
 */
import type { FastifyInstance } from 'fastify'
import { HostError } from './errors.js'

/** Nesting that no request of ours comes near. */
const DEPTH = 32

const DECLARED = /^application\/json(?:; ?charset="?utf-8"?)?$/i

/** Makes `app` take JSON bodies only, and strictly. */
export function useStrictJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (!DECLARED.test(`${request.headers['content-type']}`)) return done(new HostError('ERR_CONTENT_TYPE'))
    const text = decode(body as Buffer)
    if (text === undefined)
      return done(new HostError('ERR_BODY', 'The request body is not UTF-8 without a byte order mark.'))
    return parse(request, text, (error: Error | null, value?: unknown) => {
      if (error !== null) return done(new HostError('ERR_BODY', 'The request body is not JSON.'))
      const fault = strictFault(text)
      return fault === undefined ? done(null, value) : done(new HostError('ERR_BODY', fault))
    })
  })
}

function decode(bytes: Buffer): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return text.startsWith('\ufeff') ? undefined : text
  } catch {
    return undefined
  }
}

/**
 * What is wrong with `text`, which must be valid JSON: a key that stands twice in one object (compared as it is meant,
 * so `"a"` and `"\u0061"` are one key), or nesting deeper than 32. Linear in the length of the text.
 */
export function strictFault(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = []
  for (const { 0: token, index } of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]]/g)) {
    if (token === '{' || token === '[') {
      open.push(token === '{' ? new Set() : undefined)
      if (open.length > DEPTH) return `The request body is nested deeper than ${DEPTH}.`
    } else if (token === '}' || token === ']') open.pop()
    else if (isKey(text, index + token.length)) {
      const key: string = token.includes('\\') ? JSON.parse(token) : token.slice(1, -1)
      const keys = open.at(-1)
      if (keys?.has(key)) return 'The request body has a key twice in one object.'
      keys?.add(key)
    }
  }
  return undefined
}

/** In valid JSON a string is a key exactly when a colon follows it. */
function isKey(text: string, end: number): boolean {
  let at = end
  while (' \t\n\r'.includes(text.charAt(at)) && at < text.length) at++
  return text[at] === ':'
}

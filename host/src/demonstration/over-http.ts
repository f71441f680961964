/** Part 4: the same three through HTTP, as anybody can send them with curl. */
import { readFileSync } from 'node:fs'
import type { Part } from './lines.js'

type Answer = Readonly<Record<string, unknown>>

interface Exchange {
  readonly path: string
  /** The body, a file of `examples/requests`. */
  readonly file: string
  /** What of the answer is shown; `undefined` when it is not what it should be. */
  readonly judge: (answer: Answer) => string | undefined
}

const EXCHANGES: readonly Exchange[] = [
  {
    path: '/v1/oda/verify',
    file: 'oda-verify.json',
    judge: ({ ok, method }) => (ok === true ? `"ok":true,"method":"${method}"` : undefined),
  },
  {
    path: '/v1/cryptograms/arpc',
    file: 'cryptograms-arpc.json',
    judge: ({ verdict, answer }) =>
      verdict === 'V' && answer !== null ? `"verdict":"V","tag91":"${(answer as Answer)['tag91']}"` : undefined,
  },
  {
    path: '/v1/scripts',
    file: 'scripts.json',
    judge: ({ template }) => (typeof template === 'string' ? `"template":"${template}"` : undefined),
  },
]

/** The part; every request is really sent to the host at `url`. */
export async function overHttp(url: string, token: string): Promise<Part> {
  const lines: [string, string][] = []
  let ok = true
  for (const { path, file, judge } of EXCHANGES) {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: readFileSync(new URL(`../../../examples/requests/${file}`, import.meta.url)),
    })
    const shown = response.ok ? judge((await response.json()) as Answer) : undefined
    ok &&= shown !== undefined
    lines.push(['', curlLine(`${url}${path}`, file)], ['', `=> ${response.status} ${shown ?? 'NOT OK'}`])
  }
  return { title: 'The same through HTTP, with the token above in TOKEN', lines, ok }
}

function curlLine(url: string, file: string): string {
  const headers = '-H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json"'
  return `curl ${headers} -d @examples/requests/${file} ${url}`
}

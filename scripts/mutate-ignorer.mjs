/**
 * Stryker plugin: which mutants of strings make sense. Codes of errors and reasons are mutated, every other text is not,
 * because a test that repeats a sentence proves nothing. Of an error's details the texts (label, expected, got) are left
 * out, while the tag path and the offset are mutated.
 */
const TEXTS = new Set(['label', 'expected', 'got'])

/** `ERR_TLV`, `ISSUER_CERT_HASH`: a code of an error or the reason of a verdict. */
const isCode = (node) => node?.type === 'StringLiteral' && /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(node.value)

/** `${n} bytes` is words, `${name}_HASH` is a code. */
function isSentence(node) {
  const text = node.type === 'TemplateLiteral' ? node.quasis.map(({ value }) => value.raw).join('') : ''
  return /[a-z]/.test(text) && text.includes(' ')
}

/** The details of errors: the object behind a code. They are noted at the call, before the code in it is mutated. */
const details = new WeakSet()

const isText = (property) => property.type === 'ObjectProperty' && TEXTS.has(property.key.name)

/** The reason for leaving the node, and all in it, as it is; `undefined` to mutate it. */
export function shouldIgnore(path) {
  const { node, parent } = path
  node.arguments?.forEach((argument, i) => {
    if (isCode(node.arguments[i - 1]) && argument.type === 'ObjectExpression') details.add(argument)
  })
  if ((node.type === 'StringLiteral' && !isCode(node)) || isSentence(node)) return 'a text'
  if (details.has(node) && node.properties.every(isText)) return 'the texts of an error'
  if (isText(node) && details.has(parent)) return 'a text of an error'
  return undefined
}

export const strykerPlugins = [{ kind: 'Ignore', name: 'texts', value: { shouldIgnore } }]

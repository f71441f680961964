/** The part of YAML that compose.yaml is written in: block maps and lists, lists in brackets, plain and quoted texts. */
export type Yaml = string | boolean | null | readonly Yaml[] | { readonly [name: string]: Yaml }

interface Line {
  readonly indent: number
  readonly text: string
}

/** Throws for whatever it does not know. */
export function parseYaml(text: string): Yaml {
  const lines = text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.trimStart().startsWith('#'))
    .map((line): Line => ({ indent: line.length - line.trimStart().length, text: line.trim() }))
  const value = block(lines, 0)
  if (lines.length > 0) throw new Error(`not understood: ${lines[0]?.text}`)
  return value
}

function block(lines: Line[], indent: number): Yaml {
  return lines[0]?.text.startsWith('- ') === true ? list(lines, indent) : map(lines, indent)
}

function list(lines: Line[], indent: number): Yaml {
  const items: Yaml[] = []
  while (lines[0]?.indent === indent && lines[0].text.startsWith('- '))
    items.push(scalar(lines.shift()?.text.slice(2) ?? ''))
  return items
}

function map(lines: Line[], indent: number): Yaml {
  const members: Record<string, Yaml> = {}
  while (lines[0]?.indent === indent) {
    const [, name = '', rest = ''] = /^([\w.-]+):(?: (.*))?$/.exec(lines.shift()?.text ?? '') ?? []
    if (name === '' || name in members) throw new Error(`no name, or one twice, at indent ${indent}`)
    const below = lines[0]?.indent ?? 0
    members[name] = rest !== '' ? scalar(rest) : below > indent ? block(lines, below) : null
  }
  return members
}

function scalar(text: string): Yaml {
  if (/^[[{"]/.test(text)) return JSON.parse(text) as Yaml
  if (/^[&*!|>'%@`]/.test(text)) throw new Error(`not understood: ${text}`)
  return text === 'true' || text === 'false' ? text === 'true' : text
}

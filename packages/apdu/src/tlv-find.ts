/** Looking for data objects in a parsed sequence. */
import { IssuerkitError } from './errors.js'
import type { Tlv } from './tlv.js'

/**
 * The first data object that the path of tags leads to, from the outside in, such as `'6F', 'A5', '9F38'`.
 * `undefined` when there is none, or the path is empty.
 */
export function findTlv(list: readonly Tlv[], ...path: string[]): Tlv | undefined {
  let level: readonly Tlv[] | undefined = list
  let found: Tlv | undefined
  for (const tag of path) {
    found = level?.find((tlv) => tlv.tag === tag)
    level = found?.children
  }
  return found
}

/**
 * The one data object that the path of tags leads to, from the outside in.
 * @throws ERR_TAG when a tag of the path is missing, or stands more than once on its level, or the path is empty; `path`
 * holds the tags up to that one
 */
export function requireTlv(list: readonly Tlv[], ...path: string[]): Tlv {
  let level: readonly Tlv[] = list
  let found: Tlv | undefined
  for (const [i, tag] of path.entries()) {
    const same: Tlv[] = level.filter((tlv) => tlv.tag === tag)
    found = same[0]
    if (found === undefined || same.length > 1) throw notOne(path.slice(0, i + 1), `${same.length} times`)
    level = found.children ?? []
  }
  if (found === undefined) throw notOne([], 'an empty path')
  return found
}

function notOne(path: readonly string[], got: string): IssuerkitError {
  return new IssuerkitError('ERR_TAG', { label: `tag ${path.at(-1) ?? ''}`, expected: 'exactly one', got, path })
}

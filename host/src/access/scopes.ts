/** What a token may allow, one scope for each kind of work. */
export const SCOPES = [
  'keys:admin',
  'issue:scripts',
  'verify:cryptograms',
  'verify:oda',
  'channels',
  'audit:read',
] as const

export type Scope = (typeof SCOPES)[number]

/** The scopes that the text of a token's `scope` claim names; names that are not ours are left out. */
export function parseScopes(claim: unknown): ReadonlySet<Scope> {
  const names = typeof claim === 'string' ? claim.split(' ') : []
  return new Set(SCOPES.filter((scope) => names.includes(scope)))
}

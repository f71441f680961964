import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

export const isRoot = process.getuid?.() === 0

/** A fresh folder with a space in its name that the database's user can go through. */
export function keptFolder(mode = 0o711): string {
  const folder = mkdtempSync(join(tmpdir(), 'issuerkit test '))
  chmodSync(folder, mode)
  return folder
}

/** The same, removed after the test. */
export function testFolder(mode?: number): string {
  const folder = keptFolder(mode)
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
